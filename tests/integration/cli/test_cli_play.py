"""`backbeat play` without a MIDI system: what is told, and OSC to others, heard by liblo's oscdump."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.outputs.midi_port import midi_port_names

Capture = pytest.CaptureFixture[str]
PATIENCE_S = 20.0
HITS = [(0.0, "kick", 127), (0.1, "snare", 64), (0.2, "hihat_closed", 32)]


@pytest.fixture(autouse=True)
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    if midi_port_names() or Path("/dev/snd/seq").exists() or sys.platform != "linux":
        pytest.skip("there is a MIDI system here, which would sound")


@pytest.fixture
def result(home: Path) -> Path:
    path = home / "here" / "song.drums.json"
    rows = [
        {"time": time_s, "instrument": instrument, "midi_velocity": velocity, "confidence": 0.5}
        for time_s, instrument, velocity in HITS
    ]
    document = {
        "schema_version": 1, "identity": "x", "fingerprint": "y", "source": "song.wav", "outputs": {}, "engine": "test",
        "detected_bpm": 120.0, "bpm_unreliable": False, "midi_bpm": 120.0, "confidence_score": 0.9, "low_confidence": False,
        "duration_seconds": 0.5, "warnings": [], "hits": rows,
    }  # fmt: skip
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def oscdump(tmp_path: Path) -> Iterator[tuple[int, Callable[[], list[str]]]]:
    """The port that it listens at, and what it has heard: a line for each message, without the time."""
    program = shutil.which("oscdump")
    if program is None:
        reason = "oscdump (Debian: liblo-tools) is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = tmp_path / "oscdump"

    def heard() -> list[str]:
        return [line.split(" ", 1)[1] for line in told.read_text().splitlines() if " /" in line]

    with told.open("w") as out, subprocess.Popen([program, "-L", str(port)], stdout=out) as dump:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
                deadline = time.monotonic() + PATIENCE_S
                while "/knock" not in told.read_text():
                    assert time.monotonic() < deadline, "oscdump does not listen"
                    knock.sendto(b"/knock\0\0,\0\0\0", ("127.0.0.1", port))
                    time.sleep(0.05)
            yield port, lambda: [line for line in heard() if not line.startswith("/knock")]
        finally:
            dump.terminate()


def configure(home: Path, rows: str) -> None:
    with (home / "config.toml").open("a", encoding="utf-8") as config:
        config.write(rows)


def test_others_hear_the_hits_in_their_own_words(home: Path, result: Path, oscdump, capsys: Capture) -> None:
    port, heard = oscdump
    configure(
        home,
        f"""
[[osc.send]]
to = "127.0.0.1:{port}"
instrument = "kick"
address = "/lights/strobe"
arguments = ["level"]

[[osc.send]]
to = "localhost:{port}"
instrument = ["snare", "hihat_closed"]
address = "/drum/{{instrument}}/{{note}}"
arguments = ["velocity", 1.0, "instrument"]
""",
    )
    assert main(["play", str(result)]) == 0
    assert "The hits are sent over OSC only." in capsys.readouterr().err
    deadline = time.monotonic() + PATIENCE_S
    while len(heard()) < 3:
        assert time.monotonic() < deadline, heard()
        time.sleep(0.02)
    assert heard() == [
        "/lights/strobe f 1.000000",
        '/drum/snare/38 ifs 64 1.000000 "snare"',
        '/drum/hihat_closed/42 ifs 32 1.000000 "hihat_closed"',
    ]


def test_without_a_port_and_without_others_it_says_what_to_start(result: Path, capsys: Capture) -> None:
    assert main(["play", str(result)]) == 1
    told = capsys.readouterr().err
    assert "There is no MIDI output port to play on" in told
    assert "Start JACK" in told


@pytest.mark.usefixtures("home")
def test_a_result_or_a_job_that_is_not_there_is_told(capsys: Capture) -> None:
    assert main(["play", "nothing.drums.json"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["play", "3f2a"]) == 1
    assert "There are no jobs yet." in capsys.readouterr().err


def test_an_unknown_note_map_and_a_place_before_the_start_are_refused(result: Path, capsys: Capture) -> None:
    assert main(["play", str(result), "--preset", "no-such-kit"]) == 2
    assert "no-such-kit" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["play", str(result), "--from", "-1"])
    assert ended.value.code == 2


def test_a_clock_to_follow_without_a_midi_system_says_what_to_start(result: Path, capsys: Capture) -> None:
    for clock in ("midi", "mtc"):
        assert main(["play", str(result), "--clock", clock]) == 1
        told = capsys.readouterr().err
        assert "There can be no MIDI input port to hear a clock at" in told
        assert "Start JACK" in told
    assert main(["play", str(result), "--clock", "midi", "--clock-port", "IAC"]) == 1
    assert "There is no MIDI input port called 'IAC'" in capsys.readouterr().err


def test_a_loop_or_a_place_of_its_own_does_not_go_with_the_clock_of_a_daw(home: Path, result: Path, capsys: Capture) -> None:
    configure(home, '[midi]\nclock = "midi"\n')
    assert main(["play", str(result), "--loop"]) == 2
    assert "leaves no room for a loop of its own" in capsys.readouterr().err
    assert main(["play", str(result), "--from", "0.1"]) == 2
    assert "Set it in the DAW's transport" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["play", str(result), "--clock", "sundial"])
    assert ended.value.code == 2


def test_a_place_after_the_last_hit_is_told(result: Path, capsys: Capture) -> None:
    assert main(["play", str(result), "--from", "0.4", "--loop"]) == 0
    assert "There is nothing to play from there on." in capsys.readouterr().err
