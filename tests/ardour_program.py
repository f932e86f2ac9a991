"""Ardour itself, on a screen that nobody sees (Xvfb), with JACK's dummy sound card, doing what a Lua script says.

Ardour imports files and runs editor actions only in its editor. A script of the kind that sets up new sessions (`SessionInit`,
with the name SCRIPT_NAME) is run in a new session; it writes what came of it to `out.txt` in $ARDOUR_TEST_FOLDER.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL

RATE_HZ = 48_000
LIMIT_S = 240.0
SCRIPT_NAME = "Backbeat test"
PROGRAMS = ("ardour", "xvfb-run", "jackd", "jack_lsp")
"""Debian: ardour, xvfb, jackd2."""

_CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour><Config/><Extra><AudioMIDISetup><EngineStates>
<State backend="JACK" driver="" device="" input-device="" output-device="" sample-rate="48000" buffer-size="1024" n-periods="2"
 input-latency="0" output-latency="0" input-channels="0" output-channels="0" active="1" use-buffered-io="0" midi-option=""
 lru="1"><MIDIDevices/></State>
</EngineStates></AudioMIDISetup></Extra></Ardour>
"""


def run_in_ardour(script: Path, folder: Path, more: Mapping[str, str] | None = None) -> str:
    """What the script wrote, in a new session `session` in `folder`. Takes about five seconds, and what the script takes.

    more: environment variables for it. Raises RuntimeError when it says `error ...` or Ardour ends, TimeoutError.
    """
    environment = _environment(script, folder, more or {})
    out = folder / "out.txt"
    with _running(
        ["jackd", "-r", "-n", environment["JACK_DEFAULT_SERVER"], "-d", "dummy", "-r", str(RATE_HZ)],
        environment,
        folder / "jackd.log",
    ):
        _eventually(lambda: not subprocess.call(["jack_lsp"], env=environment, stdout=DEVNULL, stderr=DEVNULL), "start JACK")
        command = ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24", "ardour", "-a", "-n", "-d", "-O"]
        new_session = ["-N", str(folder / "session"), "-T", SCRIPT_NAME]
        with _running([*command, *new_session], environment, folder / "ardour.log") as ardour:
            _eventually(lambda: out.exists() or ardour.poll() is not None, f"run {script.name} in Ardour")
    if not out.exists():
        raise RuntimeError(f"Ardour ended: {(folder / 'ardour.log').read_text()[-2000:]}")
    text = out.read_text()
    if text.startswith("error ") or "\nerror " in text:
        raise RuntimeError(f"Ardour's script failed: {text[text.index('error ') :]}")
    return text


def config_folder(folder: Path) -> Path:
    """Where an Ardour that `run_in_ardour` starts in `folder` keeps its settings and scripts."""
    version = next(found[1] for path in sorted(Path("/usr/lib").iterdir()) if (found := re.fullmatch(r"ardour(\d+)", path.name)))
    return folder / "config" / f"ardour{version}"


def _environment(script: Path, folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """A home of its own, in which Ardour has been before and knows its sound card and our script."""
    config = config_folder(folder)
    (config / "scripts").mkdir(parents=True, exist_ok=True)
    (config / f".a{config.name.removeprefix('ardour')}").touch()
    (config / "config").write_text(_CONFIG)
    shutil.copy(script, config / "scripts")
    return {
        **os.environ,
        "LC_ALL": "C",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "JACK_DEFAULT_SERVER": f"{folder.name}{os.getpid()}",
        "JACK_NO_AUDIO_RESERVATION": "1",
        "JACK_NO_START_SERVER": "1",
        "ARDOUR_TEST_FOLDER": str(folder),
        **more,
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
