"""`backbeat open`: a result in a notation program."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import say, say_json
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.jobs import find_job, open_store
from backbeat.cli.options import json_option
from backbeat.errors import AudioMissing, StoreError
from backbeat.jobs.job import JobState
from backbeat.jobs.store import Store
from backbeat.values import OutputKind

NEWEST = "newest"

DESCRIPTION = """\
Open a result's notation in MuseScore: that of a job, of a file NAME.drums.musicxml or NAME.drums.json, or, without a name,
the newest there is among the daemon's jobs."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `open`."""
    parser = new_command(subparsers, common, "open", "open a result in MuseScore", description=DESCRIPTION, execute=_execute)
    parser.epilog = EXIT_CODE_HELP
    parser.add_argument(
        "what",
        metavar="JOB|FILE",
        nargs="?",
        default=NEWEST,
        help="a job's id, or its beginning, or a file (default: newest)",
    )
    parser.add_argument("--in", dest="program", choices=["musescore"], default="musescore", help="the program")
    json_option(parser)


def _execute(args: argparse.Namespace) -> int:
    from backbeat.outputs.engraving.start import start_musescore  # noqa: PLC0415 - not needed for --help

    file = _notation_file(args)
    program = start_musescore(file)
    if args.json:
        say_json({"file": str(file), "program": program})
    else:
        say(f"{file} is being opened in MuseScore.")
    return ExitCode.OK


def _notation_file(args: argparse.Namespace) -> Path:
    """The MusicXML file, which is there. Raises AudioMissing for a file that is not, and StoreError."""
    musicxml, json = OutputKind.MUSICXML.suffix, OutputKind.JSON.suffix
    if args.what.endswith((musicxml, json)):
        path = Path(args.what.removesuffix(json) + musicxml if args.what.endswith(json) else args.what).expanduser().absolute()
        if not path.is_file():
            raise AudioMissing(f"There is no file {path}.", advice="Was MusicXML among the recording's outputs?")
        return path
    with closing(open_store(args)) as store:
        return _newest(store) if args.what == NEWEST else _of_job(store, args.what)


def _newest(store: Store) -> Path:
    for job in store.jobs([JobState.DONE]):
        file = store.outputs(job.id).get(OutputKind.MUSICXML)
        if file is not None and file.is_there:
            return file.path
    raise StoreError("No job has notation yet.", advice="Transcribe something with MusicXML among the outputs.")


def _of_job(store: Store, prefix: str) -> Path:
    job = find_job(store, prefix)
    file = store.outputs(job.id).get(OutputKind.MUSICXML)
    if job.state is not JobState.DONE or file is None:
        raise StoreError(f"Job {job.id} ({job.path.name}) has no notation: it is {job.state}.")
    if not file.is_there:
        raise StoreError(
            f"The notation of job {job.id}, {file.path}, is gone or was replaced by that of a later job.",
            advice="`backbeat jobs list` shows the later one.",
        )
    return file.path
