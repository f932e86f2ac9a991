"""The desks with everything real but the outermost: a worker that does nothing by itself, a socket that keeps what is sent."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from backbeat.jobs.job import Job, Origin, Priority, Submission
from backbeat.jobs.store import Store
from backbeat.osc import Peer, packet_to_messages
from backbeat.outputs.osc_sender import OscSender
from backbeat.pipeline.request import Request
from backbeat.service.announcer import Announcer
from backbeat.service.job_desk import JobDesk
from backbeat.service.loop import Loop
from backbeat.service.worker_messages import Died, Failed, Finished, Message, Stopped, Written
from backbeat.settings import Settings
from backbeat.values import OutputKind

SUBSCRIBER = Peer("127.0.0.1", 7000)
ENDS = ("/backbeat/done", "/backbeat/failed", "/backbeat/cancelled")
Heard = tuple[Any, ...]
T = TypeVar("T")


class FakeSocket:
    """Keeps what is sent, as (address, arguments ...)."""

    def __init__(self) -> None:
        self._sent: list[tuple[Peer, Heard]] = []
        self._arrived = threading.Condition()

    def sendto(self, data: bytes, address: Any, /) -> int:
        with self._arrived:
            for message in packet_to_messages(data):
                self._sent.append((Peer(*address), (message.address, *message.arguments)))
            self._arrived.notify_all()
        return len(data)

    def heard(self, *addresses: str, by: Peer = SUBSCRIBER) -> list[Heard]:
        """What `by` got at these addresses (without any: all), in order."""
        with self._arrived:
            return [message for to, message in self._sent if to == by and (not addresses or message[0] in addresses)]

    def wait_for(self, address: str, *, by: Peer, count: int = 1, within_s: float = 10.0) -> list[Heard]:
        """The same, once there are `count` of them."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.heard(address, by=by)) >= count, within_s), self._sent
        return self.heard(address, by=by)

    def forget(self) -> None:
        with self._arrived:
            self._sent.clear()


class FakeWorker:
    """Notes what it is asked. Like the worker process it refuses a second job."""

    capacity = 1

    def __init__(self) -> None:
        self.job_id: str | None = None
        self.submitted: list[tuple[str, Request]] = []
        self.cancelled: list[str] = []
        self.is_asked_to_stop = False

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        assert self.job_id is None, "the worker is busy"
        self.job_id, self.is_asked_to_stop = job_id, False
        self.submitted.append((job_id, request))

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)
        self.is_asked_to_stop = True


class Bench:
    """A JobDesk at work. `SUBSCRIBER` hears everything."""

    subscriber = SUBSCRIBER

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = 1_000_000.0
        self.done: list[tuple[str, list[OutputKind]]] = []
        self.socket = FakeSocket()
        self.sender = OscSender(self.socket)
        self.sender.subscribe(SUBSCRIBER)
        self._open()

    def _open(self) -> None:
        self.store = self.open_store()
        self.worker = FakeWorker()
        self.announcer = Announcer(self.sender)
        self.desk = JobDesk(
            self.store,
            self.worker,
            self.announcer,
            clock=lambda: self.now_s,
            on_done=lambda job, outputs: self.done.append((job.id, sorted(outputs))),
        )

    def open_store(self) -> Store:
        """As `backbeat jobs` does in another process."""
        return Store(self.folder / "jobs.sqlite", clock=lambda: self.now_s)

    def restart(self) -> None:
        """The daemon is gone without a word, and a new one starts."""
        self.store.close()
        self._open()
        self.desk.recover()

    def close(self) -> None:
        self.sender.stop()
        self.store.close()

    # Asking

    def request(self, name: str = "song.wav", content: str = "1", **options: object) -> Request:
        path = self.folder / name
        settings = Settings().changed(options)
        return Request(path=path, fingerprint=content, out_base=path.with_suffix(".drums"), settings=settings)

    def submit(self, request: Request, *, over_osc: bool = False, reply_to: Peer | None = None) -> Submission:
        origin, priority = (Origin.OSC, Priority.OSC) if over_osc else (Origin.FOLDER, Priority.FOLDER)
        return self.desk.submit(request, origin=origin, priority=priority, reply_to=reply_to)

    def job(self, job_id: str) -> Job:
        job = self.store.job(job_id)
        assert job is not None
        return job

    def ends(self, by: Peer = SUBSCRIBER) -> list[tuple[str, str]]:
        """(what, job) of every end that was announced."""
        return [(message[0].rpartition("/")[2], message[1]) for message in self.socket.heard(*ENDS, by=by)]

    # What the worker does

    def write_result(self, request: Request) -> dict[OutputKind, Path]:
        """Files as `run_request` leaves them."""
        midi, result = request.output(OutputKind.MIDI), request.output(OutputKind.JSON)
        midi.write_bytes(b"MThd" + request.identity.encode())
        result.write_text(json.dumps(result_document(request, midi)), "utf-8")
        return {OutputKind.MIDI: midi, OutputKind.JSON: result}

    def finish(self) -> str:
        """The worker does its job well; returns the job's id."""
        job_id, request = self.worker.submitted[-1]
        outputs = self.write_result(request)
        for kind, path in outputs.items():
            self.desk.receive(Written(job_id=job_id, kind=kind, path=path))
        return self.say(Finished(job_id=job_id, outputs=outputs, summary={"bpm": 120.0, "confidence": 0.75, "hits": 1}))

    def fail(self, *, code: str = "engine_failed", retry: bool = False) -> str:
        return self.say(Failed(job_id=self.current, code=code, message="it broke", advice="mend it", retry=retry))

    def die(self) -> str:
        return self.say(Died(job_id=self.current, returncode=-9, reason="The worker was killed."))

    def stopped(self) -> str:
        return self.say(Stopped(job_id=self.current))

    @property
    def current(self) -> str:
        assert self.worker.job_id is not None, "the worker has nothing to do"
        return self.worker.job_id

    def say(self, end: Message) -> str:
        """The worker's last word about its job."""
        job_id, self.worker.job_id = self.current, None
        self.desk.receive(end)
        return job_id

    @contextmanager
    def broken_store(self, event: str) -> Iterator[None]:
        """For a while the store refuses statements of one kind, such as `update of summary on jobs`."""
        self._from_outside(f"create trigger broken before {event} begin select no_such_function(); end")
        try:
            yield
        finally:
            self._from_outside("drop trigger broken")

    def _from_outside(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "jobs.sqlite")) as other:
            other.execute(statement)
            other.commit()


def result_document(request: Request, midi: Path) -> dict[str, Any]:
    hits = [
        {"time": 0.0, "instrument": "kick", "midi_velocity": 100, "confidence": 0.75},
        {"time": 0.05, "instrument": "snare", "midi_velocity": 90, "confidence": 0.75},
    ]
    return {
        "schema_version": 1,
        "identity": request.identity,
        "fingerprint": request.fingerprint,
        "source": str(request.path),
        "outputs": {"midi": str(midi), "pdf": None},
        "detected_bpm": 120.0,
        "bpm_unreliable": False,
        "midi_bpm": 120.0,
        "confidence_score": 0.75,
        "low_confidence": False,
        "duration_seconds": 8.0,
        "hits": hits,
        "engine": "test",
        "warnings": [],
    }


class Office:
    """A bench on a loop's thread, as in the daemon, and a pool for what reads files."""

    def __init__(self, folder: Path) -> None:
        self.loop = Loop(tick_s=0.01)
        self.pool = ThreadPoolExecutor(2)
        self._thread = threading.Thread(target=self._work, args=(folder,))
        self._thread.start()
        self.ask(lambda: None)  # answered once the bench stands

    def _work(self, folder: Path) -> None:
        self.bench = Bench(folder)  # here, because SQLite holds a connection to its thread
        self.loop.run(self.bench.desk.tick)
        self.bench.close()

    def ask(self, question: Callable[[], T]) -> T:
        """Do it, or find it out, on the loop's thread."""
        return self.loop.ask(question)

    def until(self, question: Callable[[], T], *, within_s: float = 10.0) -> T:
        """The first true answer."""
        deadline_s = time.monotonic() + within_s
        while not (answer := self.ask(question)):
            assert time.monotonic() < deadline_s, "not in time"
        return answer

    def jobs(self) -> list[Job]:
        return self.ask(self.bench.store.jobs)

    def close(self) -> None:
        self.pool.shutdown()
        self.loop.stop()
        self._thread.join()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def make_bench() -> Callable[[Path], Bench]:
    """For tests that need several, or one on a thread of its own."""
    return Bench
