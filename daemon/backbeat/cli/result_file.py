"""Which result a command means: a job of the daemon, or a result's JSON."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path

from backbeat.cli.jobs import find_job, open_store
from backbeat.errors import StoreError
from backbeat.jobs.job import JobState
from backbeat.values import OutputKind


def result_file(args: argparse.Namespace, purpose: str) -> Path:
    """The JSON of `args.what`, a file or a job; whether a file is a result is seen when it is read. Raises as `result_of_job`."""
    if args.what.endswith(OutputKind.JSON.suffix):
        return Path(args.what).expanduser()
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
