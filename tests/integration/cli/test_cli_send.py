"""`backbeat send` over real UDP, against a daemon's answers told by the test."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.osc import OscMessage, message_to_packet, packet_to_messages
from backbeat.outputs import hits_to_osc as say
from backbeat.values import OutputKind, Stage

Answers = Callable[[OscMessage], list[OscMessage]]
Capture = pytest.CaptureFixture[str]
JOB = "k3v9x2ab"


class Daemon:
    """Answers each message by a function, and keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[OscMessage] = []
        self.answers: Answers = lambda _message: []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._socket.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        while (received := self._socket.recvfrom(65536))[0] != b"stop":
            packet, sender = received
            (message,) = packet_to_messages(packet)
            self.heard.append(message)
            answers = [say.pong("9.9.9")] if message.address == "/backbeat/ping" else self.answers(message)
            for answer in answers:
                self._socket.sendto(message_to_packet(answer), sender)


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    running = Daemon()
    (home / "config.toml").write_text(f"[osc]\nport = {running.port}\n", "utf-8")
    yield running
    running.stop()


def whole_job(path: str) -> list[OscMessage]:
    midi, result = Path(path).with_suffix(".drums.mid"), Path(path).with_suffix(".drums.json")
    return [
        say.accepted(JOB, path),
        say.progress(JOB, Stage.READ, 0.0),
        say.progress(JOB, Stage.READ, 1.0),
        say.progress("another", Stage.SEPARATE, 0.3),
        say.progress(JOB, Stage.HITS, 0.5),
        say.ready(JOB, OutputKind.MIDI, midi),
        say.done(JOB, {OutputKind.MIDI: midi, OutputKind.JSON: result}, tempo_bpm=120.04, confidence=0.87, hits=312),
    ]


def test_the_whole_path_and_the_given_settings_are_sent(daemon: Daemon, home: Path, capsys: Capture) -> None:
    daemon.answers = lambda message: [say.accepted(JOB, message.arguments[0])]
    assert main(["send", "song.wav", "--host-bpm", "128", "--keep-stem"]) == 0
    assert daemon.heard[-1].address == "/backbeat/transcribe"
    assert daemon.heard[-1].arguments == (str(home / "here" / "song.wav"), "host_bpm", "128", "keep_stem", "True")
    assert capsys.readouterr().out == f"Job {JOB}\n"


def test_an_address_is_sent_as_it_is(daemon: Daemon) -> None:
    daemon.answers = lambda message: [say.accepted(JOB, message.arguments[0])]
    assert main(["send", "https://example.org/song.wav"]) == 0
    assert daemon.heard[-1].arguments == ("https://example.org/song.wav",)


def test_waiting_tells_stages_files_and_result_of_this_job_only(daemon: Daemon, home: Path, capsys: Capture) -> None:
    daemon.answers = lambda message: whole_job(message.arguments[0])
    assert main(["send", "song.wav", "--wait"]) == 0
    told = capsys.readouterr()
    midi = home / "here" / "song.drums.mid"
    assert told.out.splitlines() == [f"Job {JOB}", f"  {midi}", "Done: 312 hits, 120.0 BPM, confidence 0.87"]
    assert told.err.splitlines() == ["reading", "hearing the hits"]


def test_scripts_get_each_answer_as_a_line_of_json(daemon: Daemon, home: Path, capsys: Capture) -> None:
    daemon.answers = lambda message: whole_job(message.arguments[0])
    assert main(["send", "song.wav", "--wait", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["accepted", "progress", "progress", "progress", "ready", "done"]
    assert events[-1]["json"] == str(home / "here" / "song.drums.json")
    assert (events[-1]["hits"], events[-1]["pdf"]) == (312, "")


def test_a_repick_names_the_job_and_what_is_changed(daemon: Daemon, capsys: Capture) -> None:
    daemon.answers = lambda _message: whole_job("/bounces/song.wav")
    assert main(["repick", JOB, "--sensitivity", "60, hihat=70", "--instruments", "common", "--wait"]) == 0
    assert daemon.heard[-1].address == "/backbeat/repick"
    assert daemon.heard[-1].arguments == (JOB, "sensitivity", "60, hihat=70", "instruments", "common")
    assert capsys.readouterr().out.splitlines()[-1] == "Done: 312 hits, 120.0 BPM, confidence 0.87"


def test_a_repick_that_is_refused_is_told_and_ends_with_1(daemon: Daemon, capsys: Capture) -> None:
    daemon.answers = lambda _message: [say.error("/backbeat/repick", "There is no job 'zzz'.")]
    assert main(["repick", "zzz", "--sensitivity", "60"]) == 1
    assert capsys.readouterr().out == "Refused: There is no job 'zzz'.\n"


def test_a_refusal_is_told_and_ends_with_1(daemon: Daemon, capsys: Capture) -> None:
    daemon.answers = lambda _message: [say.error("/backbeat/transcribe", "song.wav is outside the configured folders")]
    assert main(["send", "song.wav"]) == 1
    assert capsys.readouterr().out == "Refused: song.wav is outside the configured folders\n"


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (say.failed(JOB, "truncated", "song.wav ends too early."), "Failed: song.wav ends too early."),
        (say.cancelled(JOB), "Cancelled."),
        (say.job_state(JOB, "superseded", 0.0, "/song.wav"), "Superseded."),
    ],
    ids=["failed", "cancelled", "superseded"],
)
def test_a_job_that_ends_badly_ends_with_1(daemon: Daemon, capsys: Capture, last: OscMessage, words: str) -> None:
    daemon.answers = lambda message: [say.accepted(JOB, message.arguments[0]), last]
    assert main(["send", "song.wav", "--wait"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == words


def test_when_the_last_word_was_lost_the_job_is_asked_about(daemon: Daemon, capsys: Capture) -> None:
    def answers(message: OscMessage) -> list[OscMessage]:
        if message.address == "/backbeat/status":
            assert message.arguments == (JOB,)
            return [say.job_state(JOB, "done", 1.0, "/song.wav")]
        return [say.accepted(JOB, message.arguments[0])]

    daemon.answers = answers
    assert main(["send", "song.wav", "--wait"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"Job {JOB}", "Done."]


def test_nobody_at_the_port_ends_with_3_and_says_how_to_start(home: Path, capsys: Capture) -> None:
    assert main(["send", "song.wav"]) == 3
    assert capsys.readouterr().err == ("backbeat: No daemon answers at 127.0.0.1, port 39753.\n  Start it with: backbeat run\n")


def test_a_program_that_does_not_answer_ends_with_3(home: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert main(["send", "song.wav", "--set", f"osc.port={silent.getsockname()[1]}"]) == 3


def test_what_is_not_about_this_request_is_passed_over(daemon: Daemon, capsys: Capture) -> None:
    daemon.answers = lambda message: [
        say.subscribed(1),
        say.error("/backbeat/play", "there is no such job"),
        say.cancelled("another"),
        say.accepted(JOB, message.arguments[0]),
    ]
    assert main(["send", "song.wav"]) == 0
    assert capsys.readouterr().out == f"Job {JOB}\n"


def answers_in(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_answers_are_written_to_a_file_too_from_the_first_moment_to_the_exit_code(daemon: Daemon, home: Path) -> None:
    daemon.answers = lambda message: whole_job(message.arguments[0])
    assert main(["send", "song.wav", "--wait", "--answers", str(home / "answers")]) == 0
    told = answers_in(home / "answers")
    names = ["asked", "accepted", "progress", "progress", "progress", "ready", "done", "ended"]
    assert [answer["event"] for answer in told] == names
    assert told[1]["job"] == JOB
    assert told[-2]["json"] == str(home / "here" / "song.drums.json")
    assert told[-1] == {"event": "ended", "code": 0}


def test_a_refusal_is_in_the_file_of_answers(daemon: Daemon, home: Path) -> None:
    daemon.answers = lambda _message: [say.error("/backbeat/transcribe", "song.wav is outside")]
    assert main(["send", "song.wav", "--wait", "--answers", str(home / "answers")]) == 1
    refusal = {"event": "error", "message": "song.wav is outside"}
    assert answers_in(home / "answers") == [{"event": "asked"}, refusal, {"event": "ended", "code": 1}]


def test_that_no_daemon_answers_is_in_the_file_of_answers(daemon: Daemon, home: Path) -> None:
    (home / "config.toml").write_text("[osc]\nport = 9\n", "utf-8")
    assert main(["send", "song.wav", "--answers", str(home / "answers")]) == 3
    assert [answer["event"] for answer in answers_in(home / "answers")] == ["asked", "no_daemon", "ended"]


def test_answers_that_cannot_be_written_are_a_mistake_that_is_told(daemon: Daemon, home: Path, capsys: Capture) -> None:
    assert main(["send", "song.wav", "--answers", str(home / "nowhere" / "answers")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert daemon.heard == []
