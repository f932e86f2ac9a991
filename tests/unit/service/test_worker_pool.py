from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from backbeat.pipeline.request import Request
from backbeat.service.worker_messages import Finished, Message
from backbeat.service.worker_pool import WorkerPool
from backbeat.settings import Settings
from backbeat.values import OutputKind


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
    pool = WorkerPool(workers, pytest.fail)
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


def test_a_result_that_is_there_whole_is_not_made_again(tmp_path: Path) -> None:
    heard: list[Message] = []
    worker = Worker()
    pool = WorkerPool([worker], heard.append)
    asked = request(tmp_path)
    document = {
        "schema_version": 1,
        "source": str(asked.path),
        "fingerprint": asked.fingerprint,
        "identity": asked.identity,
        "engine": "net",
        "detected_bpm": 93.0,
        "bpm_unreliable": False,
        "midi_bpm": 93.0,
        "confidence_score": 0.8,
        "low_confidence": False,
        "duration_seconds": 2.0,
        "outputs": {},
        "warnings": [],
        "hits": [],
    }
    asked.output(OutputKind.JSON).write_text(json.dumps(document), "utf-8")
    pool.submit("a", asked)
    (message,) = heard
    assert isinstance(message, Finished)
    assert (message.job_id, message.summary["bpm"], worker.job_id) == ("a", 93.0, None)
    pool.submit("b", request(tmp_path, "snare"))
    assert worker.job_id == "b"


def test_all_are_stopped_at_the_same_time() -> None:
    together = threading.Barrier(3)
    WorkerPool([Worker(together) for _ in range(3)], pytest.fail).stop(10.0)
    assert not together.broken
