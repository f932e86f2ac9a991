"""MIDI between programs of this computer, carried by a JACK server without a sound card."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE_S = 20.0

LISTENER = """
import sys, time
import rtmidi
midi = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="listener")
midi.set_callback(lambda event, _: print(time.perf_counter(), *event[0], flush=True))
deadline = time.monotonic() + 20
while not (ports := [n for n, name in enumerate(midi.get_ports()) if "Backbeat" in name]):
    if time.monotonic() > deadline:
        sys.exit("no port called Backbeat came up")
    time.sleep(0.02)
midi.open_port(ports[0], "in")
print("listening", flush=True)
sys.stdin.read()
midi.close_port()
"""
"""Prints time and bytes of each message that comes from Backbeat, until its standard input ends."""

SENDER = """
import json, sys, time
import rtmidi
midi = rtmidi.MidiOut(rtapi=rtmidi.API_UNIX_JACK, name="DAW")
deadline = time.monotonic() + 20
while not (ports := [n for n, name in enumerate(midi.get_ports()) if "Backbeat clock" in name]):
    if time.monotonic() > deadline:
        sys.exit("no input called Backbeat came up")
    time.sleep(0.02)
midi.open_port(ports[0], "out")
script = json.load(sys.stdin)
start = time.perf_counter() + 0.1
for at, message in script:
    while (left := start + at - time.perf_counter()) > 0:
        time.sleep(left)
    midi.send_message(message)
print(start)
time.sleep(0.2)
midi.close_port()
"""
"""Reads a script, times in seconds and messages as JSON, and sends it to Backbeat's clock input; prints when it began."""


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {PATIENCE_S} s"
        time.sleep(0.02)


@contextmanager
def running_jack(need_program: Callable[..., str], folder: Path) -> Iterator[None]:
    """A server of our own, whose clients find it by the environment.

    Its period of 256 frames (5 ms) forgives a busy machine what 64, as in the benchmarks, would lose notes for.
    """
    jackd, lsp = need_program("jackd"), need_program("jack_lsp")
    name = f"backbeat{os.getpid()}"
    log = folder / "jackd.log"

    def is_up() -> bool:
        """Asked of a process of its own: a client that tried too early keeps its failure."""
        return subprocess.run([lsp], capture_output=True, check=False, timeout=10).returncode == 0

    with pytest.MonkeyPatch.context() as patch, log.open("w") as out:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        patch.setenv("JACK_NO_START_SERVER", "1")
        command = [jackd, "--no-realtime", "-n", name, "-d", "dummy", "-p", "256"]
        with subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as server:
            try:
                eventually(lambda: server.poll() is not None or is_up(), "starting JACK")
                assert server.poll() is None, log.read_text()
                yield
            finally:
                server.terminate()


def notes_heard(told: Path, status: int) -> list[tuple[float, int, int]]:
    """Time, note and velocity of the messages of that kind that the listener has told."""
    rows = [line.split() for line in told.read_text().splitlines() if line.count(" ") == 3]
    return [(float(t), int(note), int(velocity)) for t, kind, note, velocity in rows if int(kind) == status]


def result_document(rows: list[tuple[float, str, int]], duration_s: float) -> dict[str, object]:
    """A result of those hits (time, instrument, velocity), whose MIDI file is in 120 BPM."""
    hits = [{"time": t, "instrument": name, "midi_velocity": velocity, "confidence": 1.0} for t, name, velocity in rows]
    return {
        "schema_version": 1, "identity": "x", "fingerprint": "y", "source": "song.wav", "outputs": {}, "engine": "test",
        "detected_bpm": 120.0, "bpm_unreliable": False, "midi_bpm": 120.0, "confidence_score": 0.9, "low_confidence": False,
        "duration_seconds": duration_s, "warnings": [], "hits": hits,
    }  # fmt: skip
