from __future__ import annotations

import threading
from pathlib import Path

from backbeat.pipeline.request import Request
from backbeat.service.worker_pool import WorkerPool
from backbeat.settings import Settings


class Worker:
    """Takes one job and keeps it."""

    def __init__(self, stopping: threading.Barrier | None = None) -> None:
        self.job_id: str | None = None
        self.cancelled: list[str] = []
        self.is_started = False
        self._stopping = stopping

    def start(self) -> None:
        self.is_started = True

    def stop(self, timeout_s: float) -> None:
        assert self._stopping
        self._stopping.wait(timeout_s)  # passes when all are being stopped at the same time

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        assert self.job_id is None
        self.job_id = job_id

    def cancel(self, job_id: str) -> None:
        if self.job_id == job_id:
            self.cancelled.append(job_id)


def request(folder: Path, name: str = "kick") -> Request:
    return Request(path=folder / f"{name}.wav", fingerprint="1" * 64, out_base=folder / f"{name}.drums", settings=Settings())


def test_each_job_goes_to_a_worker_that_is_free(tmp_path: Path) -> None:
    workers = [Worker(), Worker()]
    pool = WorkerPool(workers)
    pool.start()
    assert all(worker.is_started for worker in workers)
    assert pool.capacity == 2
    pool.submit("a", request(tmp_path))
    pool.submit("b", request(tmp_path))
    assert [worker.job_id for worker in workers] == ["a", "b"]
    workers[0].job_id = None
    pool.submit("c", request(tmp_path))
    assert [worker.job_id for worker in workers] == ["c", "b"]
    pool.cancel("b")
    assert [worker.cancelled for worker in workers] == [[], ["b"]]


def test_all_are_stopped_at_the_same_time() -> None:
    together = threading.Barrier(3)
    WorkerPool([Worker(together) for _ in range(3)]).stop(10.0)
    assert not together.broken
