"""The job store with whatever paths, words and numbers; that its states follow one another is the state machine's test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzzing.byte_source import ByteSource
from tests.fuzzing.target import Run, Target

from backbeat.errors import JobError
from backbeat.intake.file_stamp import FileStamp
from backbeat.jobs.job import Origin
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

NUMBERS = (0, 1, 2**31, 2**63 - 1, -1, -(2**63), 2**64 - 1, 10**15)
TIMES = (0.0, 1e-300, 1e15, 1e300, float("inf"), -1.0)


def _open(folder: Path) -> Run:
    store = Store(folder / "jobs.sqlite")

    def run(data: bytes) -> None:
        source = ByteSource(data)
        while not source.is_empty:
            source.choice(_STEPS)(store, source)
        for job in store.jobs(limit=5):
            assert store.job(job.id) == job
            assert store.history(job.id)[-1].state == job.state

    return run


def _path(source: ByteSource) -> Path:
    return Path("/bounces") / (source.text() * source.choice((1, 1, 1, 300)) or "x")


def _request(source: ByteSource) -> Request:
    path, settings = _path(source), Settings(preset=source.text().strip() or "x")
    return Request(path=path, fingerprint=source.bytes(4).hex(), out_base=Path("/results/x.drums"), settings=settings)


def _submit(store: Store, source: ByteSource) -> None:
    request = _request(source)
    submission = store.submit(request, origin=source.choice(tuple(Origin)), priority=source.whole(100))
    job = store.job(submission.job.id)
    assert job is not None
    assert (job.out_base, job.settings) == (request.out_base, request.settings)
    assert job.path == request.path or not submission.is_new


def _submit_failed(store: Store, source: ByteSource) -> None:
    store.submit_failed(_request(source), JobError(source.text(), advice=source.text()), origin=Origin.FOLDER)


def _work(store: Store, source: ByteSource) -> None:
    job = store.claim()
    if job is None:
        return
    store.progress(job.id, source.choice(tuple(Stage)), source.whole(256) / 255)
    path = _path(source)
    store.plan_output(job.id, OutputKind.MIDI, path)
    ending = source.whole(4)
    if ending == 0:
        store.finish(job.id, {OutputKind.MIDI: path}, {"words": source.text()})
    elif ending == 1:
        store.fail(job.id, "failed", source.text(), source.text())
    elif ending == 2:
        store.retry_later(job.id, source.text(), source.choice(TIMES))
    else:
        store.end_cancelled(job.id)


def _remember(store: Store, source: ByteSource) -> None:
    path = _path(source)
    stamp = FileStamp(size=source.choice(NUMBERS[:4]), mtime_ns=source.choice(NUMBERS[:6]), inode=source.choice(NUMBERS))
    store.remember(path, stamp)
    seen = store.seen(path)
    assert seen is not None
    assert (seen.stamp.size, seen.stamp.mtime_ns, seen.stamp.inode) == (stamp.size, stamp.mtime_ns, stamp.inode % 2**64)
    store.is_own_output(path, stamp)
    store.forget_below(path)
    assert store.seen(path) is None


def _find(store: Store, source: ByteSource) -> None:
    words = source.text()
    store.job(words)
    store.history(words)
    store.request_cancel(words)


_STEPS: tuple[Callable[[Store, ByteSource], None], ...] = (_submit, _submit_failed, _work, _remember, _find)


def _seeds() -> list[bytes]:
    random = Random(1)
    return [random.randbytes(count) for count in (8, 40, 100, 300)] + [b"\0" + bytes([8]) + b"song.wav" + bytes(20)]


TARGET = Target(
    name="store",
    open=_open,
    seeds=_seeds,
    longest_bytes=2000,
    tokens=(b"\0", b"\xff\xfe", b"'; drop table jobs; --", b"%_", b"../", "ö\u202e".encode(), b"\xed\xa0\x80", b"\n\x1b[2J"),
)
