"""A batch from the first recording to the last: hand some over, wait for their ends, hand over more.

The store is all that lies between this and whoever does the jobs: workers of our own (`engine_room`) or a running daemon.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Protocol

from backbeat.batch.intake import BatchIntake, Taken
from backbeat.batch.row import Row, row_of
from backbeat.batch.tally import Progress, Tally
from backbeat.errors import BackbeatError, Cancelled
from backbeat.jobs.job import Job, JobState
from backbeat.jobs.retry import RULES
from backbeat.jobs.store import Store
from backbeat.values import Stage

FEED_S = 0.5
"""After so long of looking through recordings the ends are looked for in between."""

TOO_MANY_IN_A_ROW = 20
"""So many failures in a row that are not the recordings' own: a full disk, say. The rest would only fail too."""


class BatchStopped(BackbeatError):
    """Raised when one recording after the other fails for a reason that is not theirs."""

    code = "batch_stopped"


class Stop:
    """The monitor of a batch: set by Ctrl-C, and by whoever else asks it to stop."""

    def __init__(self) -> None:
        self._asked = Event()

    def ask(self) -> None:
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, wait_s: float) -> None:
        self._asked.wait(wait_s)

    def progress(self, stage: Stage, fraction: float) -> None:
        """Recordings are counted, not stages."""

    def check(self) -> None:
        if self._asked.is_set():
            raise Cancelled("The batch is being stopped.")


class Doers(Protocol):
    """Who does the jobs that are in the store: `engine_room` or `running_daemon`.

    ahead: how many jobs to hand over before the first of them ends. poll_s: how often to look for the ends.
    """

    @property
    def ahead(self) -> int: ...

    @property
    def poll_s(self) -> float: ...

    def check(self) -> None:
        """Raise BackbeatError when nobody is there any more."""


class Watcher(Protocol):
    """Who shows how it goes."""

    def moved(self, progress: Progress) -> None:
        """It is that far; called all the time."""

    def ended(self, row: Row) -> None:
        """A recording has ended in this run."""


class Batch:
    """One run of it, on the thread that opened `store`. total: how many recordings there are, as far as names tell."""

    def __init__(
        self,
        *,
        store: Store,
        intake: BatchIntake,
        doers: Doers,
        total: int,
        watcher: Watcher,
        stop: Stop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._intake = intake
        self._doers = doers
        self._watcher = watcher
        self._stop = stop
        self._clock = clock
        self._tally = Tally(total, clock)
        self._waiting: dict[str, Path] = {}
        self._failed_in_a_row = 0

    def run(self, recordings: Iterator[Path]) -> Progress:
        """Do them all, or as many as there are until `stop` is asked for. Raises StoreError, BatchStopped, AudioMissing."""
        more = True
        try:
            while (more or self._waiting) and not self._stop.is_asked:
                more = more and self._hand_over(recordings)
                self._look_for_ends()
                self._watcher.moved(self._tally.now)
                self._doers.check()
                if self._waiting and (not more or len(self._waiting) >= self._doers.ahead):
                    self._stop.wait(self._doers.poll_s)
        except Cancelled:
            pass  # it was reading a recording when it was asked to stop
        return self._tally.now

    def _hand_over(self, recordings: Iterator[Path]) -> bool:
        """Fill the queue, for a moment at most; False when there are no more recordings."""
        until_s = self._clock() + FEED_S
        while len(self._waiting) < self._doers.ahead and self._clock() < until_s and not self._stop.is_asked:
            path = next(recordings, None)
            if path is None:
                return False
            self._count_in(self._intake.take(path))
        return True

    def _count_in(self, taken: Taken | None) -> None:
        if taken is None:
            self._tally.leave_out()
        elif taken.job is not None and taken.is_waiting:
            self._waiting[taken.job.id] = taken.path
        elif taken.job is None or taken.job.state is JobState.DONE:
            self._tally.already_done()
        elif taken.failed_now:
            self._end(taken)
        else:
            self._tally.already_failed()

    def _look_for_ends(self) -> None:
        for job_id, path in list(self._waiting.items()):
            job = self._store.job(job_id)
            if job is None or job.state.ended:
                del self._waiting[job_id]
                self._end(Taken(path=path, out_base=job.out_base, job=job) if job else self._intake.look(path))
                self._watch_for_trouble(job)

    def _end(self, taken: Taken | None) -> None:
        row = row_of(taken) if taken else None
        if taken is None or row is None:
            self._tally.leave_out()
            return
        if row["state"] == JobState.DONE:
            self._tally.done(row["duration_s"])
        else:
            self._tally.failed()
        self._watcher.ended(row)

    def _watch_for_trouble(self, job: Job | None) -> None:
        is_trouble = job is not None and job.state is JobState.FAILED and job.error_code in RULES
        self._failed_in_a_row = self._failed_in_a_row + 1 if is_trouble else 0
        if job is not None and self._failed_in_a_row >= TOO_MANY_IN_A_ROW:
            raise BatchStopped(
                f"{TOO_MANY_IN_A_ROW} recordings in a row failed for a reason that is not theirs: {job.error_message}",
                advice=f"{job.error_advice or ''} Then run the same command again.".strip(),
            )
