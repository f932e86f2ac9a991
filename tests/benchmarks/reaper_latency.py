"""How long from pressing the key in REAPER to the notes on the track, by stage, for a one-minute item on a warm daemon.

    python tests/benchmarks/reaper_latency.py [--minutes 1] [--runs 5] [--send command auto]

REAPER itself is a stand-in (tests/lua): the real scripts run in a plain Lua, its "render" copies a file into the inbox, and
inserting notes fills a table. So "render" and "insert" are not what they take in REAPER; everything between them is: the real
scripts, `backbeat send` or LuaSocket, the real daemon with the shipped settings. The recordings are the drum stems of the shared
folder beside the repository, one after another, each run beginning elsewhere, so that nothing is in the cache. The clock of the
Lua side has a resolution of 10 ms, and deferred functions are called every 30 ms, as in REAPER.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
from long_recording import RATE_HZ, long_recording

REPOSITORY = Path(__file__).resolve().parents[2]
LUA_TESTS = REPOSITORY / "tests" / "lua"
PARTS = ("render", "send", "accepted", "work of the daemon", "read the result", "insert")
MARKS = ("rendered", "sent", "accepted", "done", "read", "inserted_at")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--send", nargs="+", default=["command", "auto"], choices=["command", "auto"])
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, running_daemon(Path(name)) as config:
        samples = long_recording(None, args.minutes)
        for n, send in enumerate(args.send):
            recordings = Path(name) / send
            recordings.mkdir()
            for run in range(1, args.runs + 2):
                begins = (n * (args.runs + 1) + run) * RATE_HZ
                soundfile.write(recordings / f"item{run}.wav", np.roll(samples, begins, axis=0), RATE_HZ, subtype="PCM_24")
            runs = press_keys(config, recordings / "item%d.wav", len(samples) / RATE_HZ, args.runs + 1, send)
            print(f"by {'OSC' if runs[0]['jobs'][0]['send'] == 'osc' else 'command'}")
            print(f"  {'first':7}{in_words(parts_of(runs[0]))}")
            rows = [parts_of(run) for run in runs[1:]]
            print(f"  {'median':7}{in_words({part: median(row[part] for row in rows) for part in rows[0]})}")
    print(f"{args.minutes:g} minutes, {args.runs} runs after the first, {os.cpu_count()} cores, load before: {load:.1f}")


def parts_of(run: dict) -> dict[str, float]:
    """Seconds of each part, and of the whole; `key` is how long REAPER stood still at the key press, render included."""
    times = run["jobs"][0]["times"]
    marks = [0.0, *(times[mark] for mark in MARKS)]
    parts = {part: end - start for part, start, end in zip(PARTS, marks, marks[1:], strict=False)}
    return {"whole": marks[-1], "key": run["returned_s"], **parts}


def in_words(row: dict[str, float]) -> str:
    parts = ", ".join(f"{part} {took_s:.2f}" for part, took_s in row.items() if part not in ("whole", "key"))
    return f"{row['whole']:.2f} s from key to notes ({parts}); the key press returned after {row['key']:.2f} s"


def press_keys(config: Path, recordings: Path, length_s: float, runs: int, send: str) -> list[dict]:
    """Press the key `runs` times in one session of REAPER."""
    command = recordings.parent / "backbeat"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m backbeat "$@"\n', "utf-8")
    command.chmod(0o755)
    settings = {
        "LUA_PATH": f"{LUA_TESTS}/?.lua;;",
        "BACKBEAT_CONFIG": str(config),
        "TEST_SCRIPTS": str(REPOSITORY / "integrations" / "reaper" / "Drums"),
        "TEST_SCRATCH": str(recordings.parent),
        "TEST_COMMAND": str(command),
        "TEST_RECORDING": str(recordings),
        "TEST_LENGTH_S": str(length_s),
        "TEST_SEND": send,
        "TEST_RUNS": str(runs),
    }
    lua = shutil.which("lua5.4") or sys.exit("lua5.4 is not installed")
    done = subprocess.run(
        [lua, str(LUA_TESTS / "live.lua")], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout.splitlines()[-1])
    if report["messages"]:
        sys.exit(str(report["messages"]))
    return list(report["runs"])


@contextmanager
def running_daemon(folder: Path) -> Iterator[Path]:
    """A daemon with the shipped settings, in folders of its own; yields its config once it answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = folder / "config.toml"
    config.write_text(f'inbox = "{folder}/inbox"\n[osc]\nport = {port}\n[jobs]\ndata_folder = "{folder}/data"\n', "utf-8")
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([sys.executable, "-m", "backbeat", "run", "--config", str(config)], stdout=log, stderr=log)
    try:
        wait_for_pong(port)
        yield config
    finally:
        daemon.terminate()
        daemon.wait(30)


def wait_for_pong(port: int) -> None:
    """Until the daemon answers; its models are loaded with the first run, which is not counted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect(("127.0.0.1", port))
        for _ in range(120):
            try:
                client.send(b"/backbeat/ping\0\0,\0\0\0")
                client.recv(65_535)
            except OSError:  # nobody listens yet, or no answer came
                time.sleep(0.1)
            else:
                return
    sys.exit("The daemon did not start.")


if __name__ == "__main__":
    main()
