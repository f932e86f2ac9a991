"""`backbeat top`: what waits, what is being done, by whom, and what went wrong; works whether the daemon runs or not."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, json_option
from backbeat.cli.top_picture import picture_as_json, picture_to_sections
from backbeat.config.schema import Config

if TYPE_CHECKING:
    from backbeat.cli.top_picture import Section

REFRESH_S = 1.0


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `top`."""
    parser = new_command(
        subparsers, common, "top", "what the daemon is doing, refreshed every second", description=__doc__ or "", execute=_execute
    )
    parser.add_argument("--once", action="store_true", help="print it once and end, for scripts (so it is where no terminal is)")
    json_option(parser, "print a line of JSON each time")


def _execute(args: argparse.Namespace) -> int:
    from backbeat.cli.top_look import take_picture  # noqa: PLC0415 - not needed for --help

    config = configured(args).config
    once = args.once or not (args.json or sys.stdout.isatty())
    if args.json:
        while True:
            say_json(picture_as_json(take_picture(config)))
            if once:
                return ExitCode.OK
            time.sleep(REFRESH_S)
    if once:
        for section in picture_to_sections(take_picture(config)):
            _say_section(section)
        return ExitCode.OK
    _refresh(config)
    return ExitCode.OK


def _say_section(section: Section) -> None:
    say(section.title)
    widths = [max(map(len, column)) for column in zip(*section.rows, strict=True)]
    for row in section.rows:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _refresh(config: Config) -> None:
    """Until Ctrl-C, which is how one leaves it."""
    from backbeat.cli.top_look import take_picture  # noqa: PLC0415 - not needed for --help

    with _live() as live:
        try:
            while True:
                live.update(_drawn(picture_to_sections(take_picture(config))), refresh=True)
                time.sleep(REFRESH_S)
        except KeyboardInterrupt:
            return


@contextmanager
def _live() -> Iterator[Any]:
    from rich.live import Live  # noqa: PLC0415 - only a terminal needs it, and it takes its time

    with Live(screen=True, auto_refresh=False) as live:
        yield live


def _drawn(sections: list[Section]) -> Any:
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    drawn: list[Any] = []
    for section in sections:
        drawn.append(Text(section.title, style="bold"))
        table = Table(box=None, show_header=False, pad_edge=True, padding=(0, 2))
        for _ in section.rows[0] if section.rows else ():
            table.add_column(overflow="ellipsis", no_wrap=True)
        for row in section.rows:
            table.add_row(*map(Text, row))  # Text: names may contain what rich takes for markup
        drawn += [table, Text("")]
    return Group(*drawn)
