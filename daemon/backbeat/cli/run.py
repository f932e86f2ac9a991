"""`backbeat run`: the daemon."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import explain
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, job_options
from backbeat.errors import AlreadyRunning, ConfigError

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
    parser.add_argument(
        "--service",
        action="store_true",
        help="for launchd and the Task Scheduler: log to backbeat.log in jobs.data_folder unless log.file is set, and end with 0 "
        "where starting again would be of no use",
    )
    job_options(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the daemon; returns its exit code. Raises BackbeatError."""
    try:
        return _run(args)
    except (ConfigError, AlreadyRunning) as error:
        if not args.service:
            raise
        explain(error)
        return ExitCode.OK  # for these, systemd has a list of exit codes; the others start again whatever is not 0


def _run(args: argparse.Namespace) -> int:
    config = configured(args, watch=tuple(path.expanduser() for path in args.watch)).config
    from backbeat.service.service import serve  # noqa: PLC0415 - brings the whole daemon

    if hasattr(args, "verbose"):
        config = replace(config, log=replace(config.log, level="debug"))
    if args.service and config.log.file is None:
        config = replace(config, log=replace(config.log, file=config.jobs.data_folder / "backbeat.log"))
    return serve(config)
