"""How exactly in time `backbeat play` plays: another program listens over JACK and notes when each note comes.

    python tests/benchmarks/midi_jitter.py RESULT.drums.json [--seconds 60] [--period 64] [--rate 48000] [--realtime]

JACK runs with its dummy driver (no sound card). It hands MIDI on once in each period of its own, 64 frames here, 1.3 ms at
48 kHz (its default of 1024 would be 21 ms): a part of the jitter is that raster, another that of the listener, a Python program
like the player. How late a note came is told against the median of all: a constant delay is not heard as unsteadiness.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.read_result import read_result

GOAL_MS = 3.0
PATIENCE_S = 30.0
NOTE_ON = 0x99

LISTENER = """
import sys, time
import rtmidi
midi = rtmidi.MidiIn(rtapi=rtmidi.API_UNIX_JACK, name="listener")
heard = []
midi.set_callback(lambda event, _: heard.append((time.perf_counter(), *event[0])))
while not (ports := [n for n, name in enumerate(midi.get_ports()) if "Backbeat" in name]):
    time.sleep(0.02)
midi.open_port(ports[0], "in")
print("listening", flush=True)
sys.stdin.read()
midi.close_port()
for row in heard:
    print(*row)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path, help="a file NAME.drums.json")
    parser.add_argument("--seconds", type=float, default=60.0, help="play its last so many seconds")
    parser.add_argument("--period", type=int, default=64, help="of JACK, in frames")
    parser.add_argument("--rate", type=int, default=48_000, help="of JACK, in Hz")
    parser.add_argument("--realtime", action="store_true", help="JACK at real-time priority, as musicians run it")
    args = parser.parse_args()
    result = read_result(args.result)
    from_s = max(result.duration_s - args.seconds, 0.0)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, running_jack(Path(folder), args):
        heard = listen(args.result, from_s, Path(folder))
    notes = load_note_map("general-midi").notes
    hits = [hit for hit in result.hits if hit.time_s >= from_s and hit.instrument in notes]
    planned = [(hit.time_s, notes[hit.instrument], hit.velocity) for hit in hits]
    report(planned, heard, args)
    print(f"load before and after: {load:.1f}, {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


@contextmanager
def running_jack(folder: Path, args: argparse.Namespace) -> Iterator[None]:
    jackd, lsp = shutil.which("jackd"), shutil.which("jack_lsp")
    if jackd is None or lsp is None:
        sys.exit("jackd and jack_lsp (Debian: jackd2) are needed")
    name = f"jitter{os.getpid()}"
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    log = folder / "jackd.log"
    priority = ["-R", "-P", "10"] if args.realtime else ["--no-realtime"]
    command = [jackd, *priority, "-n", name, "-d", "dummy", "-p", str(args.period), "-r", str(args.rate)]
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as server:
        try:
            eventually(lambda: subprocess.run([lsp], capture_output=True, check=False).returncode == 0, "starting JACK")
            yield
        finally:
            server.terminate()
            print(f"JACK was late (XRun) {log.read_text().count('XRun')} times; what is in the air then can be lost")


def listen(result: Path, from_s: float, folder: Path) -> list[tuple[float, int, int]]:
    """Time in seconds of some clock, note and velocity of each note that the listener heard, in order."""
    config = folder / "config.toml"
    config.write_text("", "utf-8")
    command = [
        *(sys.executable, "-m", "backbeat", "play", str(result.resolve()), "--config", str(config)),
        *("--from", str(from_s), "--preset", "general-midi", "--wait"),
    ]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as player,
        subprocess.Popen([sys.executable, "-c", LISTENER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener,
    ):
        assert listener.stdout is not None
        assert listener.stdout.readline() == "listening\n"
        player.communicate("\n")
        told, _ = listener.communicate(timeout=PATIENCE_S)
    if player.returncode:
        sys.exit("playing failed")
    rows = [line.split() for line in told.splitlines()]
    return [(float(row[0]), int(row[2]), int(row[3])) for row in rows if int(row[1]) == NOTE_ON]


def report(planned: list[tuple[float, int, int]], heard: list[tuple[float, int, int]], args: argparse.Namespace) -> None:
    in_order = SequenceMatcher(None, [row[1:] for row in planned], [row[1:] for row in heard], autojunk=False)
    late_s = [
        heard[block.b + n][0] - planned[block.a + n][0] for block in in_order.get_matching_blocks() for n in range(block.size)
    ]
    late_ms = (np.array(late_s) - np.median(late_s)) * 1000
    off_ms = np.abs(late_ms)
    print(f"{len(planned)} notes played in {planned[-1][0] - planned[0][0]:.1f} s, {len(late_s)} heard, {len(heard)} in all")
    server = f"jackd {'-R ' if args.realtime else ''}-d dummy -p {args.period} -r {args.rate}"
    print(f"{server}: a period is {1000 * args.period / args.rate:.2f} ms")
    for share in (50, 95, 99, 100):
        print(f"  {'most' if share == 100 else f'{share} %':>5}  {np.percentile(off_ms, share):6.2f} ms")
    print(
        json.dumps({"goal_ms": GOAL_MS, "p99_ms": round(float(np.percentile(off_ms, 99)), 2), "lost": len(planned) - len(late_s)})
    )


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"{what} took more than {PATIENCE_S:g} s")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
