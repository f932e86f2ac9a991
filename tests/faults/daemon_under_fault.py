"""A real daemon that faults are done to, its bounces, and what has to be true of it afterwards."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

from backbeat.errors import OutputError
from backbeat.jobs.job import JobState
from backbeat.osc import OscMessage, message_to_packet, packet_to_messages
from backbeat.outputs.read_result import read_result

T = TypeVar("T")

HOOKS = Path(__file__).parent / "hooks"
RATE_HZ = 24_000
OUTPUTS = (".mid", ".tempomap.mid", ".musicxml", ".json")
MIDI = (".mid", ".tempomap.mid")
TEMPORARY = re.compile(r"\.[0-9a-f]{8}\.part$")


def wait_until(what: str, probe: Callable[[], T], *, within_s: float = 60.0, every_s: float = 0.02) -> T:
    """The first true answer of `probe`; raises AssertionError with `what` when none came in time."""
    deadline = time.monotonic() + within_s
    while not (answer := probe()):
        assert time.monotonic() < deadline, f"{what}: not within {within_s:g} s"
        time.sleep(every_s)
    return answer


def loop_samples(seed: int) -> np.ndarray:
    """A second of noise bursts, another one for each seed."""
    noise = np.random.default_rng(seed)
    fall = np.exp(-np.arange(RATE_HZ // 4) / 400)
    return np.concatenate([0.5 * fall * noise.uniform(-1, 1, fall.size) for _ in range(4)])


class DaemonUnderFault:
    """`backbeat run` on folders below `folder`: bounces, out (where results go, or beside the bounces), data."""

    def __init__(self, folder: Path, *, watch: str = "", more: str = "", jobs: str = "", beside: bool = False) -> None:
        self.folder = folder
        self.bounces, self.data = folder / "bounces", folder / "data"
        self.out = self.bounces if beside else folder / "out"
        self.aside = folder / "aside"
        for made in (self.bounces, self.data, self.aside):
            made.mkdir(parents=True, exist_ok=True)
        self.log = folder / "daemon.log"
        self.config = folder / "config.toml"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.osc_port = int(probe.getsockname()[1])
        self.config.write_text(
            f"""
inbox = "{folder / "inbox"}"
[transcribe]
pdf = "none"
separation = "none"
[[watch]]
path = "{self.bounces}"
settle_s = 0.1
{"" if beside else f'output = "{self.out}"'}
{watch}
[osc]
port = {self.osc_port}
[midi]
virtual = false
[jobs]
data_folder = "{self.data}"
stop_timeout_s = 5
{jobs}
{more}
""",
            "utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    # The process

    def start(self, *, wait: bool = True, **faults: str) -> None:
        """Start it, with FAULT_TRACE, FAULT_POINT, FAULT_FIRED as given (`hooks/sitecustomize.py`)."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", **faults}
        if faults:
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOOKS), os.environ.get("PYTHONPATH"))))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backbeat", "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self.starts += 1
        if wait:
            wait_until("the daemon answers", self.pongs)
            wait_until("the folder is watched", lambda: self.rows("select 1 from watched"))

    def pongs(self) -> bool:
        """Whether it answers a ping at once; raises AssertionError with its log when it has ended."""
        assert self.is_alive(), self.said()[-4000:]
        with contextlib.suppress(OSError):
            return self.ask("/backbeat/ping", within_s=0.3)[0].address == "/backbeat/pong"
        return False

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ask(self, address: str, *arguments: str, within_s: float = 10.0) -> tuple[OscMessage, ...]:
        """Send a message; what comes back in the first packet."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(within_s)
            message = OscMessage(address=address, arguments=arguments, types="s" * len(arguments))
            client.sendto(message_to_packet(message), ("127.0.0.1", self.osc_port))
            return tuple(packet_to_messages(client.recv(65_535)))

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        assert self.process
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def close(self) -> None:
        """End it and its worker, whatever state they are in."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def worker_pids(self) -> list[int]:
        """The daemon's child processes."""
        assert self.process
        with contextlib.suppress(FileNotFoundError):
            tasks = Path(f"/proc/{self.process.pid}/task")
            return sorted({int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()})
        return []

    def said(self) -> str:
        """Its log so far, of all its starts."""
        return self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""

    # Bounces and what became of them

    def bounce(self, name: str, seed: int) -> Path:
        """A loop that is written elsewhere and moved into the watched folder."""
        return self.write_aside(name, seed).rename(self.bounces / f"{name}.wav")

    def write_aside(self, name: str, seed: int) -> Path:
        path = self.aside / f"{name}.wav"
        soundfile.write(path, loop_samples(seed), RATE_HZ)
        return path

    def result(self, bounce: Path, suffix: str) -> Path:
        return self.out / f"{bounce.stem}.drums{suffix}"

    def states(self) -> list[tuple[str, str]]:
        """Path and state of every job, read from the store without writing to it; none while it cannot be read."""
        return [(str(path), str(state)) for path, state in self.rows("select path, state from jobs order by seq")]

    def rows(self, query: str) -> list[tuple[object, ...]]:
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.data / 'jobs.sqlite'}?mode=ro", uri=True, timeout=10)) as store:
                return store.execute(query).fetchall()
        except sqlite3.Error:
            return []

    def all_done(self, bounces: list[Path]) -> bool:
        done = {path for path, state in self.states() if state == JobState.DONE}
        return done >= {str(path) for path in bounces}

    def wait_until_done(self, bounces: list[Path], *, within_s: float = 60.0) -> None:
        def done() -> bool:
            assert self.is_alive(), self.said()[-4000:]
            return self.all_done(bounces)

        wait_until("every bounce is done", done, within_s=within_s)


def left_behind(daemon: DaemonUnderFault) -> list[Path]:
    """Temporary files in the output folder and among the kept analyses."""
    return [path for place in (daemon.out, daemon.data) for path in place.rglob("*") if TEMPORARY.search(path.name)]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What became of the bounces. lost: not done; doubled: two jobs, or done twice; half_written: files missing or left over."""

    jobs: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    half_written: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.half_written)


def account(daemon: DaemonUnderFault, bounces: list[Path]) -> Account:
    """Look at the store and at the files."""
    states = daemon.states()
    rows = Counter(path for path, _ in states)
    done = {path for path, state in states if state == JobState.DONE}
    again = "select path from jobs join history on job = jobs.seq where history.state = 'done' group by job having count(*) > 1"
    return Account(
        jobs=len(states),
        lost=tuple(bounce.name for bounce in bounces if str(bounce) not in done),
        doubled=tuple(path for path, count in rows.items() if count > 1) + tuple(str(path) for (path,) in daemon.rows(again)),
        half_written=tuple(bounce.name for bounce in bounces if not is_whole(daemon, bounce))
        + tuple(path.name for path in left_behind(daemon)),
    )


def is_whole(daemon: DaemonUnderFault, bounce: Path) -> bool:
    """Whether the bounce's result can be read, is its own, and names files that are all there."""
    try:
        result = read_result(daemon.result(bounce, ".json"))
    except OutputError:
        return False
    named = {path.name.partition(".drums")[2] for path in result.outputs.values() if path.exists() and path.stat().st_size}
    return result.source == bounce and named >= set(OUTPUTS)


def midi_of(daemon: DaemonUnderFault, bounce: Path) -> tuple[bytes, ...]:
    return tuple(daemon.result(bounce, suffix).read_bytes() for suffix in MIDI)
