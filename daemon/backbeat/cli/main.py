"""The command `backbeat`: reads the command line, calls one command's file, turns errors into words and exit codes."""

from __future__ import annotations

import argparse
import io
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from backbeat import __version__
from backbeat.cli import (
    audition,
    batch,
    config,
    demo,
    doctor,
    farm,
    install,
    jobs,
    models,
    play,
    plot,
    ports,
    presets,
    repick,
    run,
    send,
    service,
    to_live,
    top,
    train,
    transcribe,
    worker,
)
from backbeat.cli import open as open_result
from backbeat.cli.console import explain, remark
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.options import common_options
from backbeat.errors import AlreadyRunning, BackbeatError, ConfigError, DaemonGone, PlayRefused, PresetError

COMMANDS = (
    run,
    transcribe,
    batch,
    send,
    repick,
    plot,
    play,
    audition,
    to_live,
    open_result,
    jobs,
    top,
    install,
    service,
    doctor,
    config,
    models,
    presets,
    ports,
    worker,
    farm,
    demo,
    train,
)
"""Each has `add_command(subparsers, common)`. Importing them is cheap: what is heavy they import when they run."""

DESCRIPTION = "Bounce a track, get its drums back: MIDI, notation, JSON and OSC from a recording."
EPILOG = f"""\
the shortest way:
  backbeat demo                    make a drum loop and transcribe it
  backbeat transcribe song.wav     puts song.drums.mid, .musicxml, .pdf and .json beside it
  backbeat run --watch ~/Bounces   do so for everything that is bounced into a folder

{EXIT_CODE_HELP}"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the return value is the exit code (argparse itself exits with 0 after --help and 2 on wrong usage)."""
    _have_streams()
    _survive_odd_names()
    parser = build_parser()
    if not (sys.argv[1:] if argv is None else argv):
        parser.print_help()
        return ExitCode.USAGE
    args = parser.parse_args(argv)
    verbose = getattr(args, "verbose", False)
    if args.execute not in (run.execute, worker.execute):  # the daemon and the worker have logs of their own
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
        logging.getLogger("backbeat").setLevel(logging.INFO if verbose else logging.WARNING)
    try:
        return int(args.execute(args))
    except BackbeatError as error:
        explain(error, verbose=verbose)
        return _exit_code(error)
    except KeyboardInterrupt:
        remark("Interrupted.")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # `backbeat jobs list | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = common_options()
    parser = argparse.ArgumentParser(
        prog="backbeat",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common_options(overrides="early_overrides")],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"backbeat {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_command(subparsers, common)
    return parser


def _have_streams() -> None:
    """A DAW or a service may start us without a console: what we say then goes nowhere.

    The numbers 0 to 2 are taken, too, or the next file that is opened gets one, and C libraries print into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process lives
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _survive_odd_names() -> None:
    """Names of files need not be Unicode, and consoles need not know all letters: show a code instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _exit_code(error: BackbeatError) -> ExitCode:
    if isinstance(error, ConfigError | PresetError | PlayRefused):
        return ExitCode.USAGE
    if isinstance(error, AlreadyRunning | DaemonGone):
        return ExitCode.NO_DAEMON
    return ExitCode.FAILED
