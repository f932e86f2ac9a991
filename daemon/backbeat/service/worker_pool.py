"""Several worker processes as one `JobRunner`: so many jobs at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from backbeat.pipeline.request import Request
from backbeat.service.worker_process import WorkerProcess


class WorkerPool:
    """Hands each job to a worker that is free. `workers` are made with the same `on_message`."""

    def __init__(self, workers: Sequence[WorkerProcess]) -> None:
        self._workers = workers

    def start(self) -> None:
        """Start them all; returns at once."""
        for worker in self._workers:
            worker.start()

    def stop(self, timeout_s: float) -> None:
        """End them all at the same time, as `WorkerProcess.stop` does with each."""
        with ThreadPoolExecutor(len(self._workers)) as together:
            list(together.map(lambda worker: worker.stop(timeout_s), self._workers))

    @property
    def capacity(self) -> int:
        return len(self._workers)

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        """Begin a job; only when fewer than `capacity` have not ended."""
        free = next(worker for worker in self._workers if worker.job_id is None)
        free.submit(job_id, request, priority=priority)

    def cancel(self, job_id: str) -> None:
        """Stop that job, whoever has it."""
        for worker in self._workers:
            worker.cancel(job_id)
