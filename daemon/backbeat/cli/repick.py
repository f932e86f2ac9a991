"""`backbeat repick`: a finished job again with another sensitivity, from what was heard then."""

from __future__ import annotations

import argparse

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.exit_codes import EXIT_CODE_HELP
from backbeat.cli.options import job_options, json_option
from backbeat.cli.send import ask_daemon
from backbeat.settings import HEARING_SETTINGS

DESCRIPTION = """\
Ask the running daemon to do a finished job again from what it heard then, with another sensitivity, other instruments or
another note map: the files are written anew within a moment, nothing is heard again. `backbeat jobs list` shows the jobs.
Without the daemon, repeat `backbeat transcribe` with the other setting: it remembers, too."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `repick`."""
    parser = new_command(
        subparsers, common, "repick", "change the sensitivity of a finished job", description=DESCRIPTION, execute=_execute
    )
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument("job", metavar="ID", help="the job's id, or the beginning of it")
    parser.add_argument("--wait", action="store_true", help="stay until the job is done")
    json_option(parser, "print each answer as a line of JSON")
    job_options(parser, title="what is changed (what you leave out stays as it was)", without=HEARING_SETTINGS)


def _execute(args: argparse.Namespace) -> int:
    return ask_daemon(args, "/backbeat/repick", args.job)
