"""A MIDI file as Ardour imports it with its tempo map: where its bar lines and notes lie on Ardour's timeline.

Ardour imports files only in its editor, so it runs on a screen that nobody sees (Xvfb) with JACK's dummy sound card; a Lua
script of the kind that sets up new sessions does the import, and Ardour's own tempo map turns places into samples.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL

RATE_HZ = 48_000
LIMIT_S = 60.0
TICKS_PER_QUARTER = 1920
"""Ardour's own."""

SCRIPT = Path(__file__).with_suffix(".lua")
PROGRAMS = ("ardour", "xvfb-run", "jackd", "jack_lsp")
"""Debian: ardour, xvfb, jackd2."""

_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour><Config/><Extra><AudioMIDISetup><EngineStates>
<State backend="JACK" driver="" device="" input-device="" output-device="" sample-rate="48000" buffer-size="1024" n-periods="2"
 input-latency="0" output-latency="0" input-channels="0" output-channels="0" active="1" use-buffered-io="0" midi-option=""
 lru="1"><MIDIDevices/></State>
</EngineStates></AudioMIDISetup></Extra></Ardour>
"""


@dataclass(frozen=True, kw_only=True)
class ArdourImport:
    """bars: seconds and meter of bar lines, also after the end. notes: seconds, quarter notes, MIDI note, velocity; sorted."""

    bars: tuple[tuple[float, str], ...]
    notes: tuple[tuple[float, float, int, int], ...]
    tracks: tuple[str, ...]


def imported_by_ardour(midi: Path, folder: Path) -> ArdourImport:
    """Make a new session in `folder` (empty) with the file in it. Takes about ten seconds."""
    shutil.copy(midi, folder / "in.mid")
    environment = _environment(folder)
    out = folder / "out.txt"
    with _running(["jackd", "-r", "-n", folder.name, "-d", "dummy", "-r", str(RATE_HZ)], environment, folder / "jackd.log"):
        _eventually(lambda: not subprocess.call(["jack_lsp"], env=environment, stdout=DEVNULL, stderr=DEVNULL), "start JACK")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", "ardour", "-a", "-n", "-d", "-O"]
        new_session = ["-N", str(folder / "session"), "-T", "Backbeat import"]
        with _running([*command, *new_session], environment, folder / "ardour.log") as ardour:
            _eventually(lambda: out.exists() or ardour.poll() is not None, "import into Ardour")
    if not out.exists():
        raise RuntimeError(f"Ardour ended: {(folder / 'ardour.log').read_text()[-2000:]}")
    return _read(out.read_text())


def _environment(folder: Path) -> dict[str, str]:
    """A home of its own, in which Ardour has been before and knows its sound card and our script."""
    version = next(found[1] for path in sorted(Path("/usr/lib").iterdir()) if (found := re.fullmatch(r"ardour(\d+)", path.name)))
    config = folder / "config" / f"ardour{version}"
    (config / "scripts").mkdir(parents=True)
    (config / f".a{version}").touch()
    (config / "config").write_text(_CONFIG)
    shutil.copy(SCRIPT, config / "scripts")
    return {
        **os.environ,
        "LC_ALL": "C",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "JACK_DEFAULT_SERVER": folder.name,
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        "BACKBEAT_ARDOUR_FOLDER": str(folder),
    }


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program and what it starts, for as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)


def _eventually(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"could not {what} within {LIMIT_S:g} s")
        time.sleep(0.1)


def _read(text: str) -> ArdourImport:
    if text.startswith("error ") or "\nerror " in text:
        raise RuntimeError(f"Ardour's script failed: {text[text.index('error ') :]}")
    rows = [line.split(" ") for line in text.splitlines()]
    bars = tuple((int(row[1]) / RATE_HZ, row[2]) for row in rows if row[0] == "bar")
    notes = tuple(sorted((int(r[1]) / RATE_HZ, _quarters(r[2]), int(r[3]), int(r[4])) for r in rows if r[0] == "note"))
    return ArdourImport(bars=bars, notes=notes, tracks=tuple(" ".join(row[1:]) for row in rows if row[0] == "track"))


def _quarters(beats: str) -> float:
    whole, ticks = beats.split(":")
    return int(whole) + int(ticks) / TICKS_PER_QUARTER
