"""How commands talk: results on stdout, everything else on stderr; tables for people, columns or JSON for scripts."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from backbeat.errors import BackbeatError
from backbeat.visible_text import visible_text


def say(text: str = "") -> None:
    """A line of the result, on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def remark(text: str) -> None:
    """A line about the work, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def say_json(value: Any) -> None:
    """One line of JSON on stdout; where scripts would not get UTF-8 (pipes on Windows), with escapes for all but ASCII."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    say(json.dumps(value, ensure_ascii=not is_utf8, default=str))


def explain(error: BackbeatError, *, verbose: bool = False) -> None:
    """What happened and what to do, on stderr; the traceback only for those who asked."""
    if verbose:
        remark("".join(traceback.format_exception(error)).rstrip())
    remark(_visible_lines(f"backbeat: {error.message}"))
    if error.advice:
        remark(_visible_lines(f"  {error.advice}"))


def _visible_lines(text: str) -> str:
    """A message may have several lines: a config file with several mistakes."""
    return "\n".join(map(visible_text, text.split("\n")))


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: drawn on a terminal, aligned columns with a heading elsewhere."""
    rows = [[visible_text(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _say_rich_table(columns, rows)
        return
    widths = [max(len(cell) for cell in column) for column in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _say_rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it, and it takes its time
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))  # Text: names may contain what rich takes for markup
    Console().print(table)
