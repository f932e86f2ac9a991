"""The four tasks of a job, and the queue that each waits in."""

from __future__ import annotations

from enum import StrEnum


class FarmQueue(StrEnum):
    """What a worker program takes tasks from. A job's way goes from one to the other and back."""

    HEAVY = "heavy-compute"
    """One task at a time, under a limit of memory, with a GPU where there is one."""
    DEFAULT = "default"
    """Several light tasks at a time."""


class FarmStage(StrEnum):
    """A task, in the order of a job."""

    INGEST = "ingest"
    SEPARATE = "separate"
    HEAR = "hear"
    EXPORT = "export"

    @property
    def task(self) -> str:
        """Its name in Celery."""
        return f"backbeat.{self.value}"

    @property
    def queue(self) -> FarmQueue:
        """Where it waits."""
        return FarmQueue.HEAVY if self in (FarmStage.SEPARATE, FarmStage.HEAR) else FarmQueue.DEFAULT


CONCURRENCY = {FarmQueue.HEAVY: 1, FarmQueue.DEFAULT: 4}
"""Tasks at a time in one worker program, unless it is told otherwise."""

LEVELS = 4


def level_of(priority: int) -> int:
    """A job's priority (`jobs.job.Priority`) as one of the broker's levels, 0 (last) to 3 (first).

    Somebody who waits at the DAW goes first, then the command line, then watched folders, then what is below all of them.
    """
    return sum(priority >= least for least in (0, 5, 10))
