"""`backbeat jobs`: what the daemon has done, does and will do; works whether it runs or not."""

from __future__ import annotations

import argparse
from contextlib import closing
from datetime import datetime
from typing import Any

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say, say_json, say_table
from backbeat.cli.exit_codes import ExitCode
from backbeat.cli.options import configured, count_option, json_option
from backbeat.errors import StoreError
from backbeat.jobs.job import Job, JobState
from backbeat.jobs.store import Store
from backbeat.settings import Settings, asdict_flat


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `jobs list|show|retry|cancel`."""
    parser = new_command(
        subparsers, common, "jobs", "list, show, retry or cancel the daemon's jobs", description=__doc__ or "", execute=None
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    listing = new_command(actions, common, "list", "the newest jobs", description="The newest jobs, newest first.", execute=_list)
    listing.add_argument(
        "--state", action="append", choices=[str(state) for state in JobState], help="only these; may be repeated"
    )
    listing.add_argument("--limit", type=count_option, default=30, metavar="N", help="how many at most (default: 30)")
    json_option(listing, "print one line of JSON for each job")

    for name, help_text, execute in (
        ("show", "all about one job, with its history", _show),
        ("retry", "queue a failed or cancelled job again", _retry),
        ("cancel", "stop a job that waits or runs", _cancel),
    ):
        action = new_command(actions, common, name, help_text, description=f"{help_text.capitalize()}.", execute=execute)
        action.add_argument("job", metavar="ID", help="the job's id, or the beginning of it")
        json_option(action)


def _list(args: argparse.Namespace) -> int:
    states = [JobState(state) for state in args.state] if args.state else None
    database = configured(args).config.jobs.database
    jobs: list[Job] = []
    if database.exists():
        with closing(Store(database)) as store:
            jobs = store.jobs(states, limit=args.limit)
    if args.json:
        for job in jobs:
            say_json(_as_json(job))
    elif jobs:
        say_table(("job", "state", "when", "recording", "result"), [_row(job) for job in jobs])
    else:
        remark("No jobs yet." if states is None else "No such jobs.")
    return ExitCode.OK


def _show(args: argparse.Namespace) -> int:
    with closing(open_store(args)) as store:
        job = find_job(store, args.job)
        history = store.history(job.id)
        outputs = store.outputs(job.id)
    if args.json:
        say_json(
            _as_json(job)
            | {
                "outputs": {str(kind): str(output.path) for kind, output in outputs.items()},
                "history": [
                    {"at": _stamp(h.at), "state": str(h.state), "attempt": h.attempt, "reason": h.reason} for h in history
                ],
            }
        )
        return ExitCode.OK
    say(f"Job {job.id}: {_outcome(job)}")
    say(f"  recording  {job.path}")
    say(f"  results    {job.out_base}.*")
    changed = {name: value for name, value in asdict_flat(job.settings).items() if value != getattr(Settings, name)}
    say(f"  settings   {', '.join(f'{name}={value}' for name, value in changed.items()) or 'the defaults'}")
    if job.state is JobState.FAILED and job.error_advice:
        say(f"  advice     {job.error_advice}")
    for kind, output in outputs.items():
        say(f"  {kind!s:9}  {output.path}{'' if output.is_there else '  (gone)'}")
    for entry in history:
        say(f"  {_when(entry.at)}  {entry.state!s:10}  {entry.reason}")
    return ExitCode.OK


def _retry(args: argparse.Namespace) -> int:
    with closing(open_store(args)) as store:
        return _say_changed(store.retry(find_job(store, args.job).id), "is queued again; the daemon does it when it runs.", args)


def _cancel(args: argparse.Namespace) -> int:
    with closing(open_store(args)) as store:
        job = store.request_cancel(find_job(store, args.job).id)
    if job.state is JobState.CANCELLED:
        return _say_changed(job, "is cancelled.", args)
    if job.state is JobState.RUNNING:
        return _say_changed(job, "will stop within a moment.", args)
    _say_changed(job, f"has ended already: it is {job.state}.", args)
    return ExitCode.FAILED


def _say_changed(job: Job, words: str, args: argparse.Namespace) -> int:
    if args.json:
        say_json(_as_json(job))
    else:
        say(f"Job {job.id} ({job.path.name}) {words}")
    return ExitCode.OK


def open_store(args: argparse.Namespace) -> Store:
    """The daemon's jobs, whether it runs or not; raises StoreError when there are none yet."""
    database = configured(args).config.jobs.database
    if not database.exists():
        raise StoreError("There are no jobs yet.", advice="The daemon keeps them: backbeat run")
    return Store(database)


def find_job(store: Store, prefix: str) -> Job:
    """The job whose id begins so; raises StoreError when there is none, or more than one."""
    job = store.job(prefix)
    if job is None:
        raise StoreError(f"There is no job {prefix!r}.", advice="`backbeat jobs list` shows those there are.")
    return job


def _row(job: Job) -> tuple[str, ...]:
    return (job.id, str(job.state), _when(job.updated_at), job.path.name, _outcome(job))


def _outcome(job: Job) -> str:
    """What there is to say about a job in a few words."""
    if job.state is JobState.RUNNING:
        doing = f"{job.stage}, {100 * job.fraction:.0f} %" if job.stage else "starting"
        return f"{doing} (being cancelled)" if job.cancel_requested else doing
    if job.state is JobState.DONE and "hits" in job.summary:
        return f"{job.summary['hits']} hits, {job.summary.get('bpm', 0.0):.1f} BPM"
    if job.state is JobState.FAILED:
        return job.error_message or job.reason
    return job.reason


def _as_json(job: Job) -> dict[str, Any]:
    error = {"code": job.error_code, "message": job.error_message, "advice": job.error_advice}
    return {
        "job": job.id,
        "state": str(job.state),
        "reason": job.reason,
        "path": str(job.path),
        "out_base": str(job.out_base),
        "settings": {name: None if value is None else str(value) for name, value in asdict_flat(job.settings).items()},
        "stage": str(job.stage) if job.stage else None,
        "fraction": job.fraction,
        "origin": str(job.origin),
        "attempts": job.attempts,
        "created_at": _stamp(job.created_at),
        "updated_at": _stamp(job.updated_at),
        "error": error if job.error_code else None,
        "summary": dict(job.summary),
    }


def _stamp(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="seconds")


def _when(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")
