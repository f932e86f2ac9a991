"""`backbeat play` of a job that still runs: over real UDP, against a daemon's answers told by the test, and no MIDI system."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.jobs.job import Job, Origin
from backbeat.jobs.store import Store
from backbeat.osc import OscMessage, message_to_packet, packet_to_messages
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.midi_port import midi_port_names
from backbeat.pipeline.request import Request
from backbeat.records import Hit
from backbeat.settings import Settings
from backbeat.values import Instrument, OutputKind

Capture = pytest.CaptureFixture[str]
HITS = [Hit(0.1 * n, (Instrument.KICK, Instrument.SNARE)[n % 2], 90 + n, 0.5) for n in range(6)]
NOTES = {Instrument.KICK: 36, Instrument.SNARE: 38}


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    if midi_port_names() or Path("/dev/snd/seq").exists() or sys.platform != "linux":
        pytest.skip("there is a MIDI system here, which would sound")


class Daemon:
    """Answers each message by a function; `others` is where `[[osc.send]]` sends to."""

    def __init__(self) -> None:
        self.answers: Callable[[OscMessage], list[OscMessage]] = lambda _message: []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.others = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.others.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._socket.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()
        self.others.close()

    def played(self) -> list[tuple[str, int]]:
        """What others got until now."""
        self.others.setblocking(False)
        found = []
        while True:
            try:
                (message,) = packet_to_messages(self.others.recv(65536))
            except BlockingIOError:
                return found
            found.append((message.address, message.arguments[0]))

    def _run(self) -> None:
        while (received := self._socket.recvfrom(65536))[0] != b"stop":
            packet, sender = received
            (message,) = packet_to_messages(packet)
            for answer in [say.pong("9.9.9")] if message.address == "/backbeat/ping" else self.answers(message):
                self._socket.sendto(message_to_packet(answer), sender)


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    running = Daemon()
    (home / "config.toml").write_text(
        f"""
[jobs]
data_folder = "data"
[osc]
port = {running.port}
[[osc.send]]
to = "127.0.0.1:{running.others.getsockname()[1]}"
address = "/{{instrument}}"
""",
        "utf-8",
    )
    yield running
    running.stop()


@pytest.fixture
def job(home: Path) -> Job:
    (home / "data").mkdir()
    with closing(Store(home / "data" / "jobs.sqlite")) as store:
        request = Request(path=home / "song.wav", fingerprint="f", out_base=home / "song.drums", settings=Settings())
        store.submit(request, origin=Origin.OSC, priority=10, reply_to=None)
        begun = store.claim()
        assert begun
        return begun


def finish(job: Job, home: Path) -> None:
    rows = [
        {"time": hit.time_s, "instrument": str(hit.instrument), "midi_velocity": hit.velocity, "confidence": 0.5} for hit in HITS
    ]
    document = {
        "schema_version": 1, "identity": job.identity, "fingerprint": "f", "source": "song.wav", "outputs": {}, "engine": "test",
        "detected_bpm": 120.0, "bpm_unreliable": False, "midi_bpm": 120.0, "confidence_score": 0.9, "low_confidence": False,
        "duration_seconds": 0.7, "warnings": [], "hits": rows,
    }  # fmt: skip
    path = job.request.output(OutputKind.JSON)
    path.write_text(json.dumps(document), "utf-8")
    with closing(Store(home / "data" / "jobs.sqlite")) as store:
        store.finish(job.id, {OutputKind.JSON: path}, {"bpm": 120.0, "confidence": 0.9, "hits": len(HITS)})


def hits(job: Job, first: int, last: int) -> list[OscMessage]:
    return [say.hit(job.id, hit, NOTES[hit.instrument]) for hit in HITS[first:last]]


EVERYTHING = [(f"/{hit.instrument}", hit.velocity) for hit in HITS]


@pytest.mark.parametrize("told", [range(6), range(3), range(0)], ids=["all told", "half told", "none told"])
def test_it_is_played_as_it_is_heard_and_the_result_gives_what_was_not_told(
    daemon: Daemon, job: Job, home: Path, capsys: Capture, told: range
) -> None:
    def answers(message: OscMessage) -> list[OscMessage]:
        if message.address != "/backbeat/hits":
            return []
        finish(job, home)
        outputs = {OutputKind.JSON: job.request.output(OutputKind.JSON)}
        return [*hits(job, 0, len(told)), say.done(job.id, outputs, tempo_bpm=120.0, confidence=0.9, hits=6)]

    daemon.answers = answers
    assert main(["play", job.id]) == 0
    assert daemon.played() == EVERYTHING
    assert f"Job {job.id} (song.wav) is running: it is played as it is heard." in capsys.readouterr().err


def test_a_last_word_that_was_lost_is_asked_for(daemon: Daemon, job: Job, home: Path) -> None:
    questions: list[str] = []

    def answers(message: OscMessage) -> list[OscMessage]:
        if message.address == "/backbeat/hits":
            return hits(job, 0, 6)
        questions.append(message.address)
        if len(questions) == 1:
            return [say.job_state(job.id, "running", 0.5, job.path)]
        finish(job, home)
        return [say.job_state(job.id, "done", 1.0, job.path)]

    daemon.answers = answers
    assert main(["play", job.id]) == 0
    assert daemon.played() == EVERYTHING
    assert questions == ["/backbeat/status"] * 2


def test_a_job_that_fails_while_it_is_played_is_silent_and_says_why(daemon: Daemon, job: Job, capsys: Capture) -> None:
    far = [say.hit(job.id, Hit(60.0, Instrument.KICK, 1, 0.5), 36)]
    failed = [say.failed(job.id, "engine_failed", "The recogniser failed.")]
    daemon.answers = lambda message: [*hits(job, 0, 2), *far, *failed] if message.address == "/backbeat/hits" else []
    assert main(["play", job.id]) == 1
    assert "failed while it was played: The recogniser failed." in capsys.readouterr().err
    assert len(daemon.played()) <= 2


def test_a_cancelled_job_is_silent_and_says_so(daemon: Daemon, job: Job, capsys: Capture) -> None:
    daemon.answers = lambda message: [say.cancelled(job.id)] if message.address == "/backbeat/hits" else []
    assert main(["play", job.id]) == 1
    assert "came to nothing while it was played" in capsys.readouterr().err


def test_a_running_job_is_not_looped(daemon: Daemon, job: Job, capsys: Capture) -> None:
    assert main(["play", job.id, "--loop"]) == 2
    assert "Play it without the loop" in capsys.readouterr().err


def test_without_a_daemon_it_says_what_to_start(job: Job, home: Path, capsys: Capture) -> None:
    (home / "config.toml").write_text("[jobs]\ndata_folder = 'data'\n[osc]\nport = 39753\n", "utf-8")
    assert main(["play", job.id]) == 1
    told = capsys.readouterr().err
    assert "no daemon answers" in told
    assert "backbeat run" in told
