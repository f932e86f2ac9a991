"""`backbeat run`: the daemon."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.options import configured, job_options

DESCRIPTION = """\
Watch folders and listen for OSC, and transcribe what arrives, until stopped with Ctrl-C or SIGTERM.
Folders are watched as the config file says; --watch adds more. Jobs that were not done when the daemon last
stopped are gone on with."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `run`."""
    parser = new_command(
        subparsers, common, "run", "the daemon: watch folders, listen for OSC", description=DESCRIPTION, execute=execute
    )
    parser.add_argument(
        "--watch", action="append", type=Path, default=[], metavar="DIR", help="also watch this folder; may be repeated"
    )
    job_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the daemon; returns its exit code."""
    config = configured(args, watch=tuple(path.expanduser() for path in args.watch)).config
    from backbeat.service.service import serve  # noqa: PLC0415 - brings the whole daemon

    if hasattr(args, "verbose"):
        config = replace(config, log=replace(config.log, level="debug"))
    return serve(config)
