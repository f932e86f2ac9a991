"""A small farm on this computer: a real Redis, daemons and workers as processes of their own, and what counts as proof.

Used by the tests and by `benchmarks/farm.py`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile

from backbeat.farm.ledger import Ledger, LedgerUnreachable
from backbeat.jobs.job import JobState
from backbeat.jobs.store import Store
from backbeat.outputs.read_result import read_result

T = TypeVar("T")
RATE_HZ = 22050


def wait_for(what: str, probe: Callable[[], T], *, within_s: float, every_s: float = 0.05) -> T:
    """The first true answer; AssertionError when none came in time."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := probe():
            return answer
        time.sleep(every_s)
    raise AssertionError(f"{what}: not within {within_s:g} s")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class RedisServer:
    """`redis-server` with an append-only file, in a folder of its own."""

    program = shutil.which("redis-server")

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        assert self.program
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", ""]
        self._process = subprocess.Popen(
            [self.program, *options, "--appendonly", "yes", "--appendfsync", "everysec"], stdout=subprocess.DEVNULL
        )
        wait_for("Redis answers", self._answers, within_s=20)

    def _answers(self) -> bool:
        ledger = Ledger(self.url, claim_s=1)
        with contextlib.closing(ledger), contextlib.suppress(LedgerUnreachable):
            ledger.ping()
            return True
        return False

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(20)
            self._process = None


@dataclass
class Program:
    """A process of Backbeat's, with a group and a log of its own."""

    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Program:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backbeat", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"OMP_NUM_THREADS": "1", "BACKBEAT_JOBS_NICE": "false"},
            )
        return self

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def kill(self) -> None:
        """SIGKILL for the program and every process that it started."""
        assert self.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def end(self) -> None:
        """As a service manager stops it; killed when it takes too long."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def said(self, words: str) -> int:
        """How often it said so."""
        return self.log.read_text("utf-8", errors="replace").count(words) if self.log.exists() else 0


@dataclass
class Farm:
    """Everything that one scenario needs, below `folder`. Workers and daemons share `bounces` and `storage`."""

    folder: Path
    heartbeat_s: float = 0.5
    in_flight: int = 16
    broker: str = ""
    queue: str = ""
    redis: RedisServer = field(init=False)
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bounces = self.folder / "bounces"
        self.bounces.mkdir(parents=True)
        self.redis = RedisServer(self.folder / "redis")
        self.redis.start()
        self.ledger = Ledger(self.redis.url, claim_s=1)

    def config(self, name: str) -> Path:
        path = self.folder / f"{name}.toml"
        path.write_text(
            f"""
inbox = "{self.folder / name / "inbox"}"
[transcribe]
pdf = "none"
bpm = 120
meter = "4/4"
separation = "none"
[[watch]]
path = "{self.bounces}"
settle_s = 0.2
take_existing = true
[osc]
port = {free_port(socket.SOCK_DGRAM)}
[midi]
virtual = false
[jobs]
data_folder = "{self.folder / name}"
preload = true
[queue]
backend = "celery"
broker = "{self.broker or self.redis.url}"
state = "{self.redis.url}"
storage = "{self.folder / "storage"}"
name = "{name}"
heartbeat_s = {self.heartbeat_s}
in_flight = {self.in_flight}
{self.queue}
""",
            "utf-8",
        )
        return path

    def daemon(self, name: str = "one") -> Program:
        return self._start("run", name)

    def worker(self, name: str, *options: str) -> Program:
        return self._start("worker", name, *options)

    def _start(self, command: str, name: str, *options: str) -> Program:
        config = self.folder / f"{name}.toml"
        config = config if config.exists() else self.config(name)
        program = Program([command, "--config", str(config), *options], self.folder / f"{name}.log")
        self.programs.append(program.start())
        return program

    def bounce(self, count: int, *, first: int = 0, seconds: float = 2.0) -> list[Path]:
        """So many different short recordings of clicks in the watched folder."""
        paths = [self.bounces / f"loop{number:04d}.wav" for number in range(first, first + count)]
        for number, path in enumerate(paths, start=first):
            rng = np.random.default_rng(number)
            samples = rng.normal(0, 1e-4, int(seconds * RATE_HZ))
            burst = rng.normal(0, 0.5, 2000) * np.exp(-np.arange(2000) / 300)
            for start in range(0, len(samples) - len(burst), RATE_HZ // 2):
                samples[start : start + len(burst)] += burst
            part = path.with_suffix(".part")
            soundfile.write(part, samples, RATE_HZ, format="WAV", subtype="PCM_16")
            part.rename(path)
        return paths

    def states(self, name: str = "one") -> Counter[JobState]:
        database = self.folder / name / "jobs.sqlite"
        if not database.exists():
            return Counter()
        with Store(database) as store:
            return Counter({state: count for state, count in store.counts().items() if count})

    def wait_until_done(self, count: int, *, within_s: float, names: tuple[str, ...] = ("one",)) -> None:
        wait_for(
            f"{count} jobs are done",
            lambda: all(self.states(name)[JobState.DONE] >= count for name in names),
            within_s=within_s,
            every_s=0.1,
        )

    def close(self) -> None:
        for program in reversed(self.programs):
            program.end()
        self.ledger.close()
        self.redis.stop()

    # Proof

    def proof(self, count: int, names: tuple[str, ...] = ("one",)) -> Proof:
        """What the stores, the files and Redis say of `count` recordings."""
        done, doubled = [], 0
        for name in names:
            with Store(self.folder / name / "jobs.sqlite") as store:
                jobs = store.jobs(limit=100_000)
                done.append(sum(job.state is JobState.DONE for job in jobs))
                for job in jobs:
                    doubled += max(sum(entry.state is JobState.DONE for entry in store.history(job.id)) - 1, 0)
        results = sorted(self.bounces.glob("*.drums.json"))
        sources = {read_result(path).source.name for path in results}
        exports = Counter(row["run"] for row in self.ledger.history() if row["stage"] == "export" and row["ending"] == "finished")
        records = [path for path in (self.folder / "storage").glob("*/*/*") if path.parent.parent.name != "analyses"]
        return Proof(
            wanted=count,
            done=tuple(done),
            results=len(sources),
            exports=len(exports),
            doubled=doubled + sum(n - 1 for n in exports.values()),
            temps=len(list(self.bounces.glob(".*.part"))),
            records=len(records),
            runs=len(self.ledger.runs()),
        )


@dataclass(frozen=True, kw_only=True)
class Proof:
    """done: per daemon, jobs that its store has as done. results: recordings with a result file. exports: runs whose files were
    written. doubled: jobs that ended twice and files that were written twice. temps, records, runs: what was left behind."""

    wanted: int
    done: tuple[int, ...]
    results: int
    exports: int
    doubled: int
    temps: int
    records: int
    runs: int

    @property
    def holds(self) -> bool:
        """Every job exactly once, and nothing left."""
        return (
            all(done == self.wanted for done in self.done)
            and self.results == self.exports == self.wanted
            and not (self.doubled or self.temps or self.records or self.runs)
        )


@contextlib.contextmanager
def farm(folder: Path, **options: object) -> Iterator[Farm]:
    """A farm that is gone afterwards, whatever happens."""
    field = Farm(folder, **options)  # type: ignore[arg-type]
    try:
        yield field
    finally:
        field.close()


def kill_in_stage(field: Farm, stage: str, workers: dict[str, Program], *, within_s: float = 60) -> str:
    """SIGKILL the worker (with all its processes) that has a task of that stage right now; returns its name."""
    orphans = {run["token"] for run in field.ledger.runs()}  # tasks of those who died before

    def caught() -> str:
        for run in field.ledger.runs():
            name = run["worker"].partition(":")[0]
            if run["stage"] == stage and run["token"] and run["token"] not in orphans and name in workers:
                workers[name].kill()
                after = {row["id"]: row for row in field.ledger.runs()}.get(run["id"])
                if after and after["token"] == run["token"]:
                    return name  # it held the task when it died
                workers[name].start()
        return ""

    return wait_for(f"a worker in {stage}", caught, within_s=within_s, every_s=0.0)
