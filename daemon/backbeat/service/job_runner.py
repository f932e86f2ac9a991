"""What does jobs for the desk: the worker process of this computer, or a farm of others."""

from __future__ import annotations

from typing import Protocol

from backbeat.pipeline.request import Request


class JobRunner(Protocol):
    """What the desk sees of it. It answers with the messages of `worker_messages`, from a thread of its own.

    For each job submitted come Progress and Written, from a runner that tells hits on the way Heard, then exactly one of
    Finished, Failed, Stopped, Died; besides them what is about no job. Every method returns at once. The composition root
    starts and stops it.
    """

    @property
    def capacity(self) -> int:
        """How many jobs it takes at a time; 0 while it can take none, and then jobs wait in the store."""

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        """Begin a job. priority: as in `jobs.job.Priority`."""

    def cancel(self, job_id: str) -> None:
        """Stop that job: Stopped follows unless it ends otherwise just before. One that it does not have is passed over."""
