"""What `backbeat top` shows, and how: as sections of text or as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backbeat.cli.progress import STAGE_WORDS
from backbeat.jobs.job import JobState

if TYPE_CHECKING:
    from backbeat.jobs.job import Job
    from backbeat.service.workers_view import QueueSeen, WorkerSeen

RATE_OVER_S = 300.0
"""The rate is that of so many last seconds."""

BAR_CELLS = 20


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One look. at: seconds since the epoch.

    daemon_pid: None when no daemon runs, 0 when its process is not known. version: None when it does not answer over OSC.
    waited_s: how long the job that waits longest has waited; None: none does. ended: what ended in the last RATE_OVER_S seconds.
    trouble: why workers cannot be seen.
    """

    at: float
    daemon_pid: int | None
    version: str | None
    counts: Mapping[JobState, int]
    waited_s: float | None
    ended: Mapping[JobState, int]
    running: Sequence[Job]
    failures: Sequence[Job]
    workers: Sequence[WorkerSeen]
    queues: Sequence[QueueSeen]
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and rows of as many cells each."""

    title: str
    rows: Sequence[tuple[str, ...]]


def picture_to_sections(picture: Picture) -> list[Section]:
    """All that there is to show, top to bottom."""
    sections = [
        Section(title=_daemon_in_words(picture), rows=[]),
        Section(title=_queue_in_words(picture), rows=[(queue.name, f"{queue.waiting} waiting") for queue in picture.queues]),
        Section(title="Running" if picture.running else "Nothing is running.", rows=[_running(job) for job in picture.running]),
    ]
    if picture.workers or picture.trouble:
        rows = [(worker.name, worker.doing or "-", _size(worker.memory_bytes)) for worker in picture.workers]
        sections.append(Section(title=f"Workers{f': {picture.trouble}' if picture.trouble else ''}", rows=rows))
    if picture.failures:
        sections.append(Section(title="Failed last", rows=[_failure(job, picture.at) for job in picture.failures]))
    return sections


def picture_as_json(picture: Picture) -> dict[str, Any]:
    """The same for programs; times in seconds, memory in bytes."""
    return {
        "daemon": {"running": picture.daemon_pid is not None, "process": picture.daemon_pid, "version": picture.version},
        "jobs": {str(state): count for state, count in picture.counts.items()},
        "oldest_waiting_s": picture.waited_s,
        "ended": {"over_s": RATE_OVER_S, **{str(state): count for state, count in picture.ended.items()}},
        "running": [
            {"job": job.id, "path": str(job.path), "stage": job.stage and str(job.stage), "fraction": job.fraction}
            for job in picture.running
        ],
        "failures": [
            {"job": job.id, "path": str(job.path), "code": job.error_code, "message": job.error_message}
            for job in picture.failures
        ],
        "workers": [
            {"name": worker.name, "doing": worker.doing, "memory_bytes": worker.memory_bytes} for worker in picture.workers
        ],
        "queues": [{"name": queue.name, "waiting": queue.waiting} for queue in picture.queues],
        "trouble": picture.trouble,
    }


def _daemon_in_words(picture: Picture) -> str:
    if picture.daemon_pid is None:
        return "The daemon is not running; this is what it left. Start it with: backbeat run"
    process = f", process {picture.daemon_pid}" if picture.daemon_pid else ""
    if picture.version is None:
        return f"The daemon is running{process}, and does not answer over OSC"
    return f"Backbeat {picture.version} is running{process}"


def _queue_in_words(picture: Picture) -> str:
    waiting = picture.counts.get(JobState.QUEUED, 0)
    oldest = f", the oldest for {_span(picture.waited_s)}" if picture.waited_s is not None else ""
    done = picture.ended.get(JobState.DONE, 0)
    ended = [f"{picture.counts.get(state, 0)} {state}" for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)]
    rate = f"{60 * done / RATE_OVER_S:.1f} a minute ({RATE_OVER_S / 60:.0f} min)"
    return f"{waiting} waiting{oldest}; {picture.counts.get(JobState.RUNNING, 0)} running; {', '.join(ended)}; {rate}"


def _running(job: Job) -> tuple[str, ...]:
    cells = round(BAR_CELLS * job.fraction)
    doing = STAGE_WORDS.get(job.stage, str(job.stage)) if job.stage else "starting"
    return (job.id, doing, "#" * cells + "." * (BAR_CELLS - cells), f"{100 * job.fraction:3.0f} %", job.path.name)


def _failure(job: Job, now: float) -> tuple[str, ...]:
    return (job.id, f"{_span(max(now - job.updated_at, 0.0))} ago", job.path.name, job.error_message or job.reason)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _size(count_bytes: int | None) -> str:
    return "" if count_bytes is None else f"{count_bytes / 2**20:.0f} MiB"
