"""Which result a command means: that of a job of the daemon, of a recording, or a result's JSON."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from pathlib import Path

from backbeat.cli.jobs import find_job, open_store
from backbeat.errors import OutputError, StoreError
from backbeat.jobs.job import JobState
from backbeat.values import OutputKind


def result_file(args: argparse.Namespace, purpose: str) -> Path:
    """The JSON of `args.what`, a result, a recording or a job; whether a file is a result is seen when it is read.

    Raises as `result_of_recording` and `result_of_job`.
    """
    path = Path(os.path.abspath(Path(args.what).expanduser()))  # noqa: PTH100 - without following links
    if args.what.endswith(OutputKind.JSON.suffix):
        return path
    if path.is_file():
        return result_of_recording(path)
    if path.suffix or os.sep in args.what:
        raise OutputError(f"There is no file {path}.", advice="Name a recording, a result (.drums.json) or a job.")
    return result_of_job(args.what, args, purpose)


def result_of_job(prefix: str, args: argparse.Namespace, purpose: str) -> Path:
    """The JSON of the job whose id begins so. purpose: what it is wanted for, as in "no result to play".

    Raises StoreError for no such job, or for one without a result.
    """
    with closing(open_store(args)) as store:
        job = find_job(store, prefix)
        file = store.outputs(job.id).get(OutputKind.JSON)
    if job.state is not JobState.DONE or file is None:
        raise StoreError(f"Job {job.id} ({job.path.name}) has no result {purpose}: it is {job.state}.")
    if file.overwritten:
        raise StoreError(
            f"The result of job {job.id} ({job.path.name}) was replaced by that of a later job.",
            advice="`backbeat jobs list` shows the later one.",
        )
    return file.path


def result_of_recording(path: Path) -> Path:
    """The JSON beside a recording that is its own, whatever else lies there. Raises OutputError."""
    from backbeat.intake.fingerprint import fingerprint  # noqa: PLC0415 - not needed for --help
    from backbeat.monitor import Unwatched  # noqa: PLC0415 - not needed for --help
    from backbeat.outputs.read_result import read_result  # noqa: PLC0415 - brings NumPy
    from backbeat.pipeline.request import free_out_base  # noqa: PLC0415 - brings NumPy

    def result_at(place: Path) -> Path:
        return place.with_name(place.name + OutputKind.JSON.suffix)

    def is_anothers(place: Path) -> bool:
        try:
            there = read_result(result_at(place))
        except OutputError:
            return False  # nothing there, or something broken: what is wrong with it is told when it is drawn
        return there.source != path and there.fingerprint != fingerprint(path, Unwatched())  # both may have been moved

    result = result_at(free_out_base(path, path.parent, is_anothers))
    if not result.exists():
        raise OutputError(
            f"There is no result of {path.name} beside it.",
            advice=f"Make one with `backbeat transcribe {path.name}`, or name the job (`backbeat jobs list`) or the .drums.json.",
        )
    return result


def recording_of(result: Path, source: Path) -> Path:
    """The one beside the result (both may have been moved or copied there), or else where it was when it was heard."""
    beside = result.with_name(source.name or "recording")
    return beside if beside.exists() else source
