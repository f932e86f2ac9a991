"""What a job is: one row of the store, as the rest of the program sees it.

    (new) -> queued -> running -> done | failed | cancelled | superseded
               ^          |                       |
               |          v                       |
               `-- (tried again) <----------------'

`superseded`: a newer bounce lies where the recording was. Rows are never deleted on the way, only pruned when old.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import Stage

_LETTERS = "abcdefghjkmnpqrstvwxyz"
_ALPHABET = "0123456789" + _LETTERS
"""Crockford's base32: no i, l, o, u, so that an id can be read out and typed."""

ID_LENGTH = 8


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens unless somebody asks again."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Origin(StrEnum):
    """Who asked."""

    FOLDER = "folder"
    OSC = "osc"
    CLI = "cli"


class Priority(IntEnum):
    """Who goes first: somebody who waits at the DAW goes before a folder's backlog, and everybody before a whole library."""

    BATCH = -10
    FOLDER = 0
    CLI = 5
    OSC = 10


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job as it was when it was read from the store.

    fingerprint: empty for a bounce that failed before it was read whole.
    reason: why it is in its state, in words. stage, fraction (0..1): how far it got.
    reply_to: `host:port` of who asked over OSC. attempts: how often it was begun since it was last asked for.
    cancel_requested: it is running and shall end. not_before, created_at, updated_at: seconds since the epoch.
    summary: what a finished job found (bpm, confidence, hits, warnings ...); empty otherwise.
    """

    id: str
    identity: str
    path: Path
    fingerprint: str
    out_base: Path
    settings: Settings
    state: JobState
    reason: str
    stage: Stage | None
    fraction: float
    priority: int
    origin: Origin
    reply_to: str | None
    attempts: int
    cancel_requested: bool
    not_before: float
    created_at: float
    updated_at: float
    error_code: str | None
    error_message: str | None
    error_advice: str | None
    summary: Mapping[str, Any]

    @property
    def request(self) -> Request:
        """What the worker is asked to do."""
        return Request(path=self.path, fingerprint=self.fingerprint, out_base=self.out_base, settings=self.settings)


@dataclass(frozen=True, kw_only=True)
class Submission:
    """The answer to a request.

    is_new: work was queued by this request; otherwise an identical job is waiting, running or done already.
    superseded: ids of older jobs for the same place that this one replaces; those still running have to be cancelled.
    """

    job: Job
    is_new: bool
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One step of a job's life; `at` in seconds since the epoch."""

    at: float
    state: JobState
    attempt: int
    reason: str


def new_job_id() -> str:
    """A random id that can be said over the phone; starts with a letter, so that nothing takes it for a number."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_ALPHABET) for _ in range(ID_LENGTH - 1))
