"""A DAW's clock through the real rtmidi: one program plays the DAW, `backbeat play` follows it, a third listens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.jack_midi import LISTENER, PATIENCE_S, SENDER, eventually, notes_heard, result_document, running_jack
from tests.midi_host import CONTINUE, START, STOP, Host

from backbeat.errors import MidiPortError
from backbeat.outputs.midi_port import Direction, midi_port_names, open_midi_input

NOTE_ON, CONTROL = 0x99, 0xB9
LOOSELY_S = 0.1
MOST = 0.7
"""A busy machine is late, and JACK loses what is in the air when it is: tests/benchmarks/midi_clock.py measures."""


@pytest.fixture(autouse=True)
def jack(need_program: Callable[..., str], tmp_path: Path) -> Iterator[None]:
    with running_jack(need_program, tmp_path):
        yield


@contextmanager
def playing(command: tuple[str, ...], tmp_path: Path, times_s: list[float], *options: str) -> Iterator[Callable[..., float]]:
    """`backbeat play` of a kick at each of those times, velocities 1, 2, 3 and so on; yields what sends it a host's script."""
    result, config, told = tmp_path / "song.drums.json", tmp_path / "config.toml", tmp_path / "heard"
    rows = [(time_s, "kick", 1 + n) for n, time_s in enumerate(times_s)]
    result.write_text(json.dumps(result_document(rows, duration_s=10.0)), "utf-8")
    config.touch()
    whole = [*command, "play", str(result), "--preset", "general-midi", "--config", str(config), *options]

    def send(host: Host) -> float:
        """Returns when it began."""
        script = json.dumps(host.script)
        done = subprocess.run(
            [sys.executable, "-c", SENDER], input=script, capture_output=True, text=True, timeout=60, check=True
        )
        return float(done.stdout)

    with told.open("w") as out:
        player = subprocess.Popen(whole)
        listener = subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=out)
        try:
            eventually(lambda: "listening" in told.read_text(), "the other program's listening")
            yield send
            player.send_signal(signal.SIGINT)
            assert player.wait(timeout=PATIENCE_S) == 130
        finally:
            player.kill()
            player.wait()
            listener.communicate(timeout=10)


def compare(told: Path, began_s: float, ideal_s: Mapping[int, float]) -> None:
    """Most of these kicks, by velocity, sounded, most of them in time, and no others."""
    late_s = {velocity: at_s - began_s - ideal_s[velocity] for at_s, _, velocity in notes_heard(told, NOTE_ON)}
    in_time = [velocity for velocity, late in late_s.items() if abs(late) < LOOSELY_S]
    assert len(in_time) >= MOST * len(ideal_s), late_s


def test_the_hits_follow_start_stop_tempo_and_jumps_of_midi_clock(tmp_path: Path, as_in_a_terminal: tuple[str, ...]) -> None:
    times_s = [n * 0.15 for n in range(60)]
    host = Host()
    host.clock(24, 80)
    host.say(START)
    host.clock(24 * 4, 80, from_quarter=0)
    host.say(STOP)
    host.clock(12, 80)
    host.song_position(32)
    host.say(CONTINUE)
    host.clock(24 * 2, 80, from_quarter=8)
    host.say(STOP)
    told = tmp_path / "heard"
    with playing(as_in_a_terminal, tmp_path, times_s, "--clock", "midi") as send:
        began_s = send(host)
        eventually(lambda: notes_heard(told, CONTROL), "hearing all notes off")
    played = [n for n, time_s in enumerate(times_s) if not 2 <= time_s < 4 and time_s < 5]
    compare(told, began_s, {1 + n: host.time_of(times_s[n] * 2) for n in played})


def test_the_hits_follow_time_code(tmp_path: Path, as_in_a_terminal: tuple[str, ...]) -> None:
    times_s = [n * 0.15 for n in range(30)]
    host = Host()
    host.full_frame(90_000, 1)
    host.now_s += 0.1
    host.timecode(90_000, 150, 1)
    told = tmp_path / "heard"
    with playing(as_in_a_terminal, tmp_path, times_s, "--clock", "mtc", "--offset", "3600") as send:
        began_s = send(host)
    compare(told, began_s, {1 + n: host.time_of(3600 + time_s) for n, time_s in enumerate(times_s) if time_s < 1.6})


def test_a_clock_port_that_does_not_exist_is_told_with_those_that_do() -> None:
    own = open_midi_input(None, lambda _: None)
    try:
        assert any("Backbeat" in name for name in midi_port_names()), "the DAW can send to it"
        assert midi_port_names(Direction.INPUT) == []
        with pytest.raises(MidiPortError, match="no MIDI input port called 'Keystation'"):
            open_midi_input("Keystation", lambda _: None)
    finally:
        own.close()
