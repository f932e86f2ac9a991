"""How long a warm daemon takes from a bounce that has settled in its watched folder to the bounce's MIDI file, per stage.

    python tests/benchmarks/bounce_to_midi.py [--recording FILE] [--minutes 4] [--runs 5] [--beats auto]

Starts a real daemon in a temporary folder with the shipped settings but for the PDF, does one bounce to warm it, then drops
others one by one: the drum stems of the shared folder beside the repository, one after another, each time beginning elsewhere,
so that nothing is in the cache. The clock starts when the file has been there for `settle_s` and stops when the MIDI file is
there; where the stages begin is what the daemon says by OSC. Prints each run and the median, the processor time that daemon and
worker spent in the same stretch (on a machine that does other things too, the clock says little), and the worker's peak memory.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Thread

import numpy as np
import soundfile
from long_recording import RATE_HZ, long_recording

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

from backbeat.osc import OscMessage, message_to_packet, packet_to_messages  # noqa: E402
from backbeat.values import BeatChoice, OutputKind, Stage  # noqa: E402

SETTLE_S = 1.0
LONGEST_S = 300.0
BEGINNINGS = (Stage.READ, Stage.SEPARATE, Stage.BEATS, Stage.HITS, Stage.MIDI)


@dataclass
class Heard:
    """When the daemon said what, by this process's monotonic clock."""

    accepted_s: float = 0.0
    stages_s: dict[str, float] = field(default_factory=dict)
    midi_s: float = 0.0
    ended: str = ""


class Listener:
    """Subscribes to the daemon and keeps the times of what it says."""

    def __init__(self, daemon_port: int) -> None:
        self._daemon = ("127.0.0.1", daemon_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.heard = Heard()
        self.answers = 0
        Thread(target=self._listen, daemon=True).start()

    def subscribe(self) -> None:
        port = self._socket.getsockname()[1]
        self._socket.sendto(
            message_to_packet(OscMessage(address="/backbeat/subscribe", arguments=(port,), types="i")), self._daemon
        )

    def _listen(self) -> None:
        while True:
            with contextlib.suppress(OSError):  # refused: the daemon does not listen yet
                packet = self._socket.recv(65_535)
                now_s = time.monotonic()
                for message in packet_to_messages(packet):
                    self._note(message, now_s)

    def _note(self, message: OscMessage, now_s: float) -> None:
        heard, words = self.heard, message.arguments
        match message.address:
            case "/backbeat/subscribed":
                self.answers += 1
            case "/backbeat/accepted":
                heard.accepted_s = now_s
            case "/backbeat/progress":
                heard.stages_s.setdefault(words[1], now_s)
            case "/backbeat/ready" if words[1] == OutputKind.MIDI:
                heard.midi_s = now_s
            case "/backbeat/done" | "/backbeat/failed":
                heard.ended = " ".join(map(str, (message.address, *words)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recording", type=Path, help="at 44.1 kHz; default: the shared drum stems, one after another")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--beats", choices=list(BeatChoice), type=BeatChoice, default=BeatChoice.AUTO)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        samples = long_recording(args.recording, args.minutes)
        load = os.getloadavg()[0]
        with running_daemon(folder, args.beats) as (daemon, listener):
            rows = []
            for number in range(args.runs + 1):
                bounce = folder / "elsewhere.wav"
                soundfile.write(bounce, np.roll(samples, number * RATE_HZ, axis=0), RATE_HZ, subtype="PCM_24")
                rows.append(one_bounce(bounce, folder / "bounces" / f"bounce{number}.wav", listener, daemon.pid))
                print(f"{'again' if number else 'first':8}{in_words(rows[-1])}", flush=True)
            peak_mb = max((peak_memory_mb(pid) for pid in children(daemon.pid)), default=0.0)
    print(f"{'median':8}{in_words({part: median(row[part] for row in rows[1:]) for part in rows[0]})}")
    print(f"{args.minutes:g} minutes of stereo, {os.cpu_count()} cores, load before: {load:.1f}, worker's peak: {peak_mb:.0f} MB")


def in_words(row: dict[str, float]) -> str:
    parts = ", ".join(f"{part} {took_s:.2f}" for part, took_s in row.items() if part not in ("MIDI", "processor"))
    return f"MIDI {row['MIDI']:.2f} s after settling, {row['processor']:.2f} s of processor time ({parts})"


@contextlib.contextmanager
def running_daemon(folder: Path, beats: BeatChoice) -> Iterator[tuple[subprocess.Popen[bytes], Listener]]:
    (folder / "bounces").mkdir()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "config.toml"
    config.write_text(
        f"""
inbox = {str(folder / "inbox")!r}
[transcribe]
beats = "{beats}"
pdf = "none"
[[watch]]
path = {str(folder / "bounces")!r}
settle_s = {SETTLE_S}
[osc]
port = {port}
[jobs]
data_folder = {str(folder / "data")!r}
""",
        "utf-8",
    )
    command = [sys.executable, "-m", "backbeat", "run", "--config", str(config)]
    with (folder / "daemon.log").open("wb") as log:
        daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    listener = Listener(port)
    try:
        deadline_s = time.monotonic() + LONGEST_S
        while not listener.answers:
            if daemon.poll() is not None or time.monotonic() > deadline_s:
                sys.exit((folder / "daemon.log").read_text("utf-8"))
            listener.subscribe()
            time.sleep(0.2)
        yield daemon, listener
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(30)


def one_bounce(bounce: Path, target: Path, listener: Listener, daemon_pid: int) -> dict[str, float]:
    """Drop it, wait for its MIDI and for the end; seconds of each part."""
    listener.heard = heard = Heard()
    midi = target.with_name(f"{target.stem}.drums{OutputKind.MIDI.suffix}")
    pids = [daemon_pid, *children(daemon_pid)]
    spent_s = sum(map(processor_s, pids))
    bounce.rename(target)
    settled_s = time.monotonic() + SETTLE_S
    deadline_s = settled_s + LONGEST_S
    there_s = 0.0
    while not heard.ended and time.monotonic() < deadline_s:
        if not there_s and midi.exists():
            there_s = time.monotonic()
            spent_s = sum(map(processor_s, pids)) - spent_s
        time.sleep(0.005)
    if not heard.ended.startswith("/backbeat/done") or not there_s:
        sys.exit(f"No MIDI for {target.name}: {heard.ended or 'nothing was heard'}")
    ended_s = time.monotonic()
    begun_s = [heard.stages_s[stage] for stage in BEGINNINGS]
    parts = {"taken in": heard.accepted_s - settled_s, "begun": begun_s[0] - heard.accepted_s}
    ends_s = [*begun_s[1:], there_s]
    parts |= {stage.value: end_s - start_s for stage, start_s, end_s in zip(BEGINNINGS, begun_s, ends_s, strict=True)}
    parts |= {"announced": heard.midi_s - there_s, "the rest": ended_s - there_s}
    return {"MIDI": there_s - settled_s, "processor": spent_s, **parts}


def children(pid: int) -> list[int]:
    """Processes that this one started (Linux)."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.glob("*") for child in (task / "children").read_text().split()] if tasks.is_dir() else []


def processor_s(pid: int) -> float:
    """Processor time that the process has spent (Linux; 0 elsewhere)."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb(pid: int) -> float:
    """The most that the process ever had in memory, as the system counts it (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1_000_000 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
