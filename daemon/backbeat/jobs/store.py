"""The job store: every job is a row, every change of its state one guarded statement with a line of history.

One thread of the daemon owns a Store; `backbeat jobs` opens another one on the same file. A statement that changes a
state names the state it starts from and runs under SQLite's write lock, so of two processes one wins and the other
sees why not. The states and their order are drawn in `job.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.errors import BackbeatError, StoreError
from backbeat.jobs.database import printable
from backbeat.jobs.job import Job, JobState, Origin, Priority, Submission, new_job_id
from backbeat.jobs.job_reader import JobReader, job_from_row
from backbeat.jobs.output_files import OutputFiles
from backbeat.jobs.retry import LONGEST_DELAY_S
from backbeat.jobs.seen_files import SeenFiles
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind, Stage

_ACTIVE = (JobState.QUEUED, JobState.RUNNING)
_STOP_REASONS = {
    JobState.CANCELLED: "cancelled on request",
    JobState.SUPERSEDED: "a newer bounce took its place",
    JobState.QUEUED: "asked for again while it was being stopped",
}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What went wrong, as it is stored and shown."""

    code: str
    message: str
    advice: str

    @classmethod
    def of(cls, error: BackbeatError) -> Failure:
        return cls(code=error.code, message=printable(error.message), advice=printable(error.advice))


class Store(JobReader, OutputFiles, SeenFiles):
    """Jobs, what they wrote, and what the watched folders held. Every method may raise StoreError."""

    # Coming in

    def submit(self, request: Request, *, origin: Origin, priority: int, reply_to: str | None = None) -> Submission:
        """Ask for a job. The same request is the same job: it is found again, whatever became of it.

        Waiting or running: that job, now as urgent as the more urgent of the two. Done: that job; whether its files are
        still there is for the caller to see (`outputs`, then `requeue`). Failed, cancelled or superseded: queued again.
        Older jobs that have not ended yet for the same file and place are superseded in every case.
        """
        with self._transaction():
            superseded = self._supersede_older(request)
            rows = self._run("job_by_identity", identity=request.identity)
            if not rows:
                job = self._insert(request, origin=origin, priority=priority, reply_to=reply_to)
                return Submission(job=job, is_new=True, superseded=superseded)
            before = rows[0]
            state = JobState(before["state"])
            wanted = max(priority, before["priority"]) if state in _ACTIVE else priority
            self._run(
                "readdress",
                id=before["id"],
                path=request.path,
                priority=wanted,
                origin=origin.value,
                reply_to=reply_to,
                now=self._clock(),
            )
            if state.ended and state is not JobState.DONE:
                job = self._move(before, JobState.QUEUED, f"asked for again ({origin})", fresh=True)
                return Submission(job=job, is_new=True, superseded=superseded)
            if before["cancel_to"]:
                self._run("mark_cancel", id=before["id"], cancel_to=JobState.QUEUED.value, now=self._clock())
            return Submission(job=self._exactly(before["id"]), is_new=False, superseded=superseded)

    def submit_failed(
        self,
        request: Request,
        error: BackbeatError,
        *,
        origin: Origin,
        priority: int = Priority.FOLDER,
        reply_to: str | None = None,
    ) -> Submission:
        """Record a bounce that failed before it could be queued (`truncated`); its fingerprint may be empty.

        A repeat is recorded with the same job. A job that waits or runs for the same recording is left alone.
        """
        with self._transaction():
            superseded = self._supersede_older(request)
            rows = self._run("job_by_identity", identity=request.identity)
            if not rows:
                job = self._insert(request, origin=origin, priority=priority, reply_to=reply_to, error=error)
            elif rows[0]["state"] in _ACTIVE:
                job = job_from_row(rows[0])
            else:
                job = self._move(rows[0], JobState.FAILED, printable(error.message), failure=Failure.of(error))
            return Submission(job=job, is_new=False, superseded=superseded)

    # The daemon at work

    def claim(self) -> Job | None:
        """Begin the most urgent job that is due (of equals the one that waits longest), or None.

        Never one whose place another running job is writing to.
        """
        now = self._clock()
        with self._transaction():
            rows = self._run("claim", now=now, furthest=now + LONGEST_DELAY_S, reason="begun")
        return job_from_row(rows[0]) if rows else None

    def progress(self, job_id: str, stage: Stage, fraction: float) -> None:
        """How far a running job is; ignored when it runs no more."""
        self._run("progress", id=job_id, stage=stage.value, fraction=fraction, now=self._clock())

    def finish(self, job_id: str, outputs: Mapping[OutputKind, Path], summary: Mapping[str, Any]) -> Job:
        """The running job is done and these are its files. A cancel came too late; a newer bounce makes it superseded."""
        text = json.dumps(dict(summary), sort_keys=True)
        with self._transaction():
            self._replace_outputs(job_id, outputs)
            return self._end_running(job_id, JobState.DONE, "finished", summary=text)

    def fail(self, job_id: str, code: str, message: str, advice: str) -> Job:
        """The running job failed; if it was to be stopped, it ends as that instead (see the state of the answer)."""
        failure = Failure(code=code, message=printable(message), advice=printable(advice))
        with self._transaction():
            return self._end_running(job_id, JobState.FAILED, failure.message, failure=failure)

    def retry_later(self, job_id: str, reason: str, not_before: float) -> Job:
        """The running job goes back to its place in the line, not to be begun before `not_before` (epoch seconds)."""
        with self._transaction():
            return self._end_running(job_id, JobState.QUEUED, printable(reason), not_before=not_before)

    def end_cancelled(self, job_id: str) -> Job:
        """The running job has stopped: cancelled, superseded, or queued again if it was asked for meanwhile."""
        with self._transaction():
            return self._end_running(job_id, JobState.CANCELLED, _STOP_REASONS[JobState.CANCELLED])

    def end_superseded(self, job_id: str) -> Job:
        """The running job's recording is not there any more: a newer bounce, which gets a job of its own, lies in its place."""
        with self._transaction():
            return self._end_running(job_id, JobState.SUPERSEDED, _STOP_REASONS[JobState.SUPERSEDED])

    # People

    def request_cancel(self, job_id: str) -> Job:
        """Stop a job: a waiting one ends at once, a running one is marked, an ended one stays as it is."""
        with self._transaction():
            row = self._find(job_id)
            if row["state"] == JobState.QUEUED:
                return self._move(row, JobState.CANCELLED, _STOP_REASONS[JobState.CANCELLED])
            if row["state"] == JobState.RUNNING and row["cancel_to"] != JobState.SUPERSEDED:
                (row,) = self._run("mark_cancel", id=row["id"], cancel_to=JobState.CANCELLED.value, now=self._clock())
            return job_from_row(row)

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again; raises StoreError for any other."""
        with self._transaction():
            row = self._find(job_id)
            if row["state"] not in (JobState.FAILED, JobState.CANCELLED):
                raise StoreError(f"Job {row['id']} is {row['state']}: only failed and cancelled jobs can be tried again.")
            return self._queue_again(row, "tried again on request")

    def requeue(self, job_id: str, reason: str) -> Job:
        """Queue a job that has ended again, for instance because its files are gone; raises StoreError otherwise."""
        with self._transaction():
            row = self._find(job_id)
            if row["state"] in _ACTIVE:
                raise StoreError(f"Job {row['id']} is {row['state']}: it has not ended yet.")
            return self._queue_again(row, printable(reason))

    # A new store in the place of a damaged one (`rescue.py`)

    def adopt(self, request: Request, outputs: Mapping[OutputKind, Path], summary: Mapping[str, Any]) -> Job:
        """A job that was done before this store was made; the job that is there already if it is known."""
        with self._transaction():
            if rows := self._run("job_by_identity", identity=request.identity):
                return job_from_row(rows[0])
            job = self._insert(request, origin=Origin.FOLDER, priority=Priority.FOLDER, reply_to=None)
            self._replace_outputs(job.id, outputs)
            text = json.dumps(dict(summary), sort_keys=True)
            return self._move(self._exactly_row(job.id), JobState.DONE, "known from its result", summary=text)

    # Housekeeping

    def prune(self, older_than_s: float) -> list[str]:
        """Forget jobs that ended longer ago, with their history; the ids that are gone.

        What they wrote stays known as ours; a forgotten job's recording counts as new if it is bounced again.
        """
        before = self._clock() - older_than_s
        with self._transaction():
            gone = [row["id"] for row in self._run("prune_jobs", before=before)]
            self._run("prune_outputs")
        return gone

    # Inside a transaction

    def _insert(
        self, request: Request, *, origin: Origin, priority: int, reply_to: str | None, error: BackbeatError | None = None
    ) -> Job:
        job_id = new_job_id()
        while self._run("job_by_id", id=job_id):
            job_id = new_job_id()
        (row,) = self._run(
            "insert_job",
            id=job_id,
            identity=request.identity,
            path=request.path,
            fingerprint=request.fingerprint,
            out_base=request.out_base,
            settings=request.settings.to_json(),
            state=(JobState.FAILED if error else JobState.QUEUED).value,
            reason=printable(error.message) if error else f"asked for ({origin})",
            priority=int(priority),
            origin=origin.value,
            reply_to=reply_to,
            now=self._clock(),
            **_failure_columns(Failure.of(error) if error else None),
        )
        return job_from_row(row)

    def _supersede_older(self, request: Request) -> tuple[str, ...]:
        place = {"path": request.path, "out_base": request.out_base, "identity": request.identity}
        older = self._run("replaced_by", **place)
        for row in older:
            if row["state"] == JobState.QUEUED:
                self._move(row, JobState.SUPERSEDED, _STOP_REASONS[JobState.SUPERSEDED])
            else:
                self._run("mark_cancel", id=row["id"], cancel_to=JobState.SUPERSEDED.value, now=self._clock())
        return tuple(row["id"] for row in older)

    def _queue_again(self, row: sqlite3.Row, reason: str) -> Job:
        if not row["fingerprint"]:
            raise StoreError(
                f"Job {row['id']} failed before its file was read whole, so there is nothing to try again.",
                advice="Bounce the track again.",
            )
        return self._move(row, JobState.QUEUED, reason, fresh=True)

    def _end_running(self, job_id: str, wanted: JobState, reason: str, **columns: Any) -> Job:
        row = self._exactly_row(job_id)
        if row["state"] != JobState.RUNNING:
            raise StoreError(f"Job {job_id} is {row['state']}: it is not running.")
        state = _end_state(row["cancel_to"], wanted)
        if state is wanted:
            return self._move(row, state, reason, **columns)
        return self._move(row, state, _STOP_REASONS[state], fresh=state is JobState.QUEUED)

    def _move(
        self,
        row: sqlite3.Row,
        state: JobState,
        reason: str,
        *,
        fresh: bool = False,
        not_before: float = 0.0,
        summary: str = "{}",
        failure: Failure | None = None,
    ) -> Job:
        if state.ended:
            self._settle_plans(row["id"])
        (moved,) = self._run(
            "move",
            id=row["id"],
            was=row["state"],
            state=state.value,
            reason=reason,
            fresh=fresh,
            not_before=not_before,
            now=self._clock(),
            summary=summary,
            **_failure_columns(failure),
        )
        return job_from_row(moved)


def _end_state(cancel_to: str | None, wanted: JobState) -> JobState:
    """Where a job that stops running goes: where it was told to, except that what is done is done."""
    if cancel_to is None:
        return wanted
    told = JobState(cancel_to)
    return wanted if wanted is JobState.DONE and told is not JobState.SUPERSEDED else told


def _failure_columns(failure: Failure | None) -> dict[str, str | None]:
    if failure is None:
        return {"error_code": None, "error_message": None, "error_advice": None}
    return {"error_code": failure.code, "error_message": failure.message, "error_advice": failure.advice}
