"""Looking at jobs without changing them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from pathlib import Path

from backbeat.errors import StoreError
from backbeat.jobs.database import Database, printable
from backbeat.jobs.job import HistoryEntry, Job, JobState, Origin
from backbeat.settings import Settings
from backbeat.values import Stage


class JobReader(Database):
    """The part of the store that is read."""

    def job(self, job_id: str) -> Job | None:
        """The job with this id, or the only one whose id begins so; raises StoreError when there are several."""
        row = self._lookup(job_id)
        return job_from_row(row) if row else None

    def jobs(self, states: Collection[JobState] | None = None, limit: int = 100) -> list[Job]:
        """The newest `limit` jobs, newest first; of all states unless told."""
        wanted = json.dumps([state.value for state in (JobState if states is None else states)])
        return [job_from_row(row) for row in self._run("jobs_newest", states=wanted, limit=limit)]

    def running(self) -> list[Job]:
        """Jobs marked as running. After a start these are what the last daemon left behind."""
        return [job_from_row(row) for row in self._run("running")]

    def cancel_requests(self) -> list[str]:
        """Ids of running jobs that shall stop."""
        return [row["id"] for row in self._run("cancel_requests")]

    def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state; every state is there."""
        found = {row["state"]: row["n"] for row in self._run("counts")}
        return {state: found.get(state.value, 0) for state in JobState}

    def history(self, job_id: str) -> list[HistoryEntry]:
        """The job's steps, oldest first; empty for a job that is not there."""
        return [
            HistoryEntry(at=row["at"], state=JobState(row["state"]), attempt=row["attempt"], reason=row["reason"])
            for row in self._run("history", id=job_id)
        ]

    def next_due(self) -> float | None:
        """When the next waiting job is due, in seconds since the epoch (0: at once), or None when none waits."""
        at = self._run("next_due")[0]["at"]
        return None if at is None else float(at)

    def ended_since(self, since: float) -> dict[JobState, int]:
        """How many jobs have ended since that time (seconds since the epoch), by the state they ended in."""
        return {JobState(row["state"]): row["n"] for row in self._run("ended_since", since=since)}

    def waiting_since(self) -> float | None:
        """Since when the job that waits longest has waited, in seconds since the epoch, or None when none waits."""
        at = self._run("waiting_since")[0]["at"]
        return None if at is None else float(at)

    def _exactly(self, job_id: str) -> Job:
        return job_from_row(self._exactly_row(job_id))

    def _exactly_row(self, job_id: str) -> sqlite3.Row:
        rows = self._run("job_by_id", id=job_id)
        if not rows:
            raise StoreError(f"There is no job {job_id!r}.", advice="`backbeat jobs list` shows those there are.")
        return rows[0]

    def _find(self, job_id: str) -> sqlite3.Row:
        return self._lookup(job_id) or self._exactly_row(printable(job_id))

    def _lookup(self, job_id: str) -> sqlite3.Row | None:
        prefix = printable(job_id.strip().lower())
        rows = self._run("jobs_by_prefix", prefix=prefix) if prefix else []
        if len(rows) > 1:
            found = ", ".join(row["id"] for row in rows)
            raise StoreError(f"Several jobs begin with {prefix!r} ({found} ...): write more of the id.")
        return rows[0] if rows else None


def job_from_row(row: sqlite3.Row) -> Job:
    """A row of the table `jobs` as the rest of the program sees it."""
    return Job(
        id=row["id"],
        identity=row["identity"],
        path=Path(row["path"]),
        fingerprint=row["fingerprint"],
        out_base=Path(row["out_base"]),
        settings=Settings.from_json(row["settings"]),
        state=JobState(row["state"]),
        reason=row["reason"],
        stage=Stage(row["stage"]) if row["stage"] else None,
        fraction=row["fraction"],
        priority=row["priority"],
        origin=Origin(row["origin"]),
        reply_to=row["reply_to"],
        attempts=row["attempts"],
        cancel_requested=row["cancel_to"] is not None,
        not_before=row["not_before"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        error_code=row["error_code"],
        error_message=row["error_message"],
        error_advice=row["error_advice"],
        summary=json.loads(row["summary"]),
    )
