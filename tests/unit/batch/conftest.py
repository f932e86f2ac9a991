"""A folder of recordings, its store, and somebody who does its jobs without hearing anything."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backbeat.batch.intake import BatchIntake, Taken
from backbeat.batch.run_batch import Stop
from backbeat.jobs.job import Job
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

DURATION_S = 2.5


def result_of(request: Request, **changes: object) -> dict[str, Any]:
    """A result file as it is read again; the MIDI file that it names is written too."""
    midi = request.output(OutputKind.MIDI)
    midi.parent.mkdir(parents=True, exist_ok=True)
    midi.write_bytes(b"MThd")
    return {
        "schema_version": 1,
        "source": str(request.path),
        "fingerprint": request.fingerprint,
        "identity": request.identity,
        "engine": "net",
        "detected_bpm": 120.0,
        "bpm_unreliable": False,
        "midi_bpm": 120.0,
        "meter": "4/4",
        "duration_seconds": DURATION_S,
        "confidence_score": 0.9,
        "low_confidence": False,
        "hit_summary": {"kick": 2, "snare": 1},
        "outputs": {"midi": str(midi), "pdf": None},
        "timings": {"read": 0.1, "hits": 0.4},
        "warnings": ["quiet", "short"],
        "hits": [],
        **changes,
    }


def write_result(request: Request, **changes: object) -> None:
    request.output(OutputKind.JSON).parent.mkdir(parents=True, exist_ok=True)
    request.output(OutputKind.JSON).write_text(json.dumps(result_of(request, **changes)), "utf-8")


class Library:
    """Recordings in `folder`; `store` is the batch's."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "loops"
        self.folder.mkdir()
        self.store = Store(tmp_path / "jobs.sqlite")
        self.read: list[Path] = []
        self.stop = Stop()

    def add(self, name: str, content: str | None = None) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name if content is None else content, "utf-8")
        return path

    def intake(self, *, settings: Settings | None = None, **options: Any) -> BatchIntake:
        def read(path: Path, _monitor: object) -> str:
            self.read.append(path)
            return path.read_text("utf-8").ljust(64, "0")

        given = {"out": None, "said": (), "retry_failed": False, **options}
        return BatchIntake(self.store, folder=self.folder, settings=settings or Settings(), monitor=self.stop, read=read, **given)

    def do_next(self) -> Job | None:
        """Do the job that is next, as a worker would."""
        job = self.store.claim()
        if job is None:
            return None
        write_result(job.request)
        files = {kind: job.request.output(kind) for kind in (OutputKind.MIDI, OutputKind.JSON)}
        return self.store.finish(job.id, files, {"bpm": 120.0})

    def do_all(self) -> int:
        done = 0
        while self.do_next():
            done += 1
        return done

    def fail_next(self, code: str = "unreadable") -> Job:
        job = self.store.claim()
        assert job
        return self.store.fail(job.id, code, "It is no audio", "Export it again.")

    def take(self, path: Path, **options: Any) -> Taken:
        taken = self.intake(**options).take(path)
        assert taken
        return taken


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = Library(tmp_path)
    yield made
    made.store.close()


def newer(path: Path, content: str) -> None:
    """Another version of a file, with another time."""
    path.write_text(content, "utf-8")
    stamp = path.stat()
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 10**9))


@pytest.fixture
def put_result() -> Any:
    return write_result


@pytest.fixture
def change() -> Any:
    return newer
