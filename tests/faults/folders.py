"""Faults of watched folders: taken away and brought back, events lost, thousands of files at once."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile
from tests.faults.daemon_under_fault import RATE_HZ, DaemonUnderFault, loop_samples, wait_until
from tests.faults.full_disk import CannotMount

from backbeat.jobs.job import JobState

TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
RESCAN_S = 30.0
"""`folder_to_job.RESCAN_S`: what the system did not report is found after so long at the latest."""

MISSED = "cannot be watched"

EVENTS_KEPT = Path("/proc/sys/fs/inotify/max_queued_events")


@contextmanager
def bound(source: Path, place: Path) -> Iterator[None]:
    """`source` mounted at `place`, as a drive is. Raises CannotMount."""
    if subprocess.run(["mount", "--bind", str(source), str(place)], capture_output=True, check=False).returncode:
        raise CannotMount("a test drive needs the right to mount (root)")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def processor_s(pid: int) -> float:
    """Processor time that the process has had so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def memory_mb(pid: int) -> float:
    """Resident memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_memory_mb(pid: int) -> float:
    """The most resident memory that it ever had."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / 1e6


def handles(pid: int) -> int:
    """Open file descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def taken_away_and_brought_back(daemon: DaemonUnderFault) -> list[Path]:
    """The watched folder is renamed, gets a bounce, and comes back. Returns the bounces that are done."""
    assert daemon.process
    bounces = [daemon.bounce(f"before{n}", 700 + n) for n in range(2)]
    daemon.wait_until_done(bounces)
    began, elsewhere = len(daemon.said()), daemon.folder / "elsewhere"
    daemon.bounces.rename(elsewhere)
    wait_until("it is missed", lambda: MISSED in daemon.said()[began:])
    assert busy_share(daemon.process.pid, over_s=3.0) < 0.2
    late = daemon.write_aside("late", 710).rename(elsewhere / "late.wav")
    elsewhere.rename(daemon.bounces)
    bounces.append(daemon.bounces / late.name)
    daemon.wait_until_done(bounces)
    assert daemon.said()[began:].count(MISSED) == 1, "said once"
    return bounces


def unmounted_and_mounted(daemon: DaemonUnderFault, drive: Path) -> list[Path]:
    """The watched folder is a drive with a file from before, which goes and comes back. For a daemon that is not started."""
    drive.mkdir()
    bounces: list[Path] = []

    def put(name: str, seed: int) -> None:
        (drive / f"{name}.wav").write_bytes(daemon.write_aside(name, seed).read_bytes())
        if name != "old":
            bounces.append(daemon.bounces / f"{name}.wav")

    put("old", 720)
    with bound(drive, daemon.bounces):
        daemon.start()
        put("first", 721)
        daemon.wait_until_done(bounces)
    put("unseen", 722)
    assert daemon.pongs()
    with bound(drive, daemon.bounces):
        daemon.wait_until_done(bounces)
        put("last", 723)
        daemon.wait_until_done(bounces)
        daemon.stop()
    return bounces


def bounced_without_events(daemon: DaemonUnderFault) -> list[Path]:
    """Bounces of which the system tells nothing."""
    with without_events(daemon):
        bounces = [daemon.bounce(f"unreported{n}", 730 + n) for n in range(5)]
    daemon.wait_until_done(bounces, within_s=3 * RESCAN_S)
    return bounces


def busy_share(pid: int, *, over_s: float) -> float:
    """Share of one processor that the process takes."""
    before, began = processor_s(pid), time.monotonic()
    time.sleep(over_s)
    return (processor_s(pid) - before) / (time.monotonic() - began)


@contextmanager
def without_events(daemon: DaemonUnderFault) -> Iterator[None]:
    """The daemon is halted, and the system's queue of events overflows before the block and what it does; then it goes on."""
    assert daemon.process
    kept = int(EVENTS_KEPT.read_text())
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        noise = [daemon.bounces / f"noise{n}.txt" for n in range(2)]
        for n in range(kept // 2 + 100):  # in turns: equal events that follow one another count once
            noise[n % 2].write_bytes(b"x")
        yield
    finally:
        daemon.process.send_signal(signal.SIGCONT)
    for path in noise:
        path.unlink()


@dataclass(frozen=True, kw_only=True)
class CrowdReport:
    """What many files at once cost.

    *_mb: resident memory, at its peak; worker_mb_early: when a tenth was done. busy: share of a processor that the daemon
    takes at the end, which is nothing where all are done.
    """

    files: int
    accepted: int
    done: int
    accepted_after_s: float
    done_after_s: float
    daemon_mb_before: float
    daemon_mb: float
    worker_mb_early: float
    worker_mb: float
    handles_before: int
    handles_after: int
    busy: float


def crowd(daemon: DaemonUnderFault, count: int, *, see_through: int, within_s: float, contents: int = 50) -> CrowdReport:
    """Copy `count` small recordings into the watched folder at once, until all are accepted and `see_through` of them done."""
    assert daemon.process
    pid = daemon.process.pid
    sounds = [_small_wav(daemon.aside / f"{n}.wav", n) for n in range(min(contents, count))]
    memory_before, handles_before = memory_mb(pid), handles(pid)
    began = time.monotonic()
    for n in range(count):
        (daemon.bounces / f"crowd{n:05}.wav").write_bytes(sounds[n % len(sounds)])
    accepted_after_s = worker_early_mb = 0.0
    done = 0

    def enough() -> bool:
        nonlocal accepted_after_s, worker_early_mb, done
        assert daemon.is_alive(), daemon.said()[-4000:]
        states = {str(state): int(str(n)) for state, n in daemon.rows("select state, count(*) from jobs group by state")}
        done = states.get(JobState.DONE, 0)
        if done >= see_through / 10 and not worker_early_mb:
            worker_early_mb = peak_memory_mb(daemon.worker_pids()[0])
        if sum(states.values()) >= count and not accepted_after_s:
            accepted_after_s = time.monotonic() - began
        return done >= see_through and accepted_after_s > 0

    wait_until("they are done", enough, within_s=within_s, every_s=0.5)
    return CrowdReport(
        files=count,
        accepted=len(daemon.states()),
        done=done,
        accepted_after_s=accepted_after_s,
        done_after_s=time.monotonic() - began,
        daemon_mb_before=memory_before,
        daemon_mb=peak_memory_mb(pid),
        worker_mb_early=worker_early_mb,
        worker_mb=peak_memory_mb(daemon.worker_pids()[0]),
        handles_before=handles_before,
        handles_after=handles(pid),
        busy=busy_share(pid, over_s=2.0),
    )


def _small_wav(path: Path, seed: int) -> bytes:
    soundfile.write(path, loop_samples(seed)[: RATE_HZ // 2], RATE_HZ)
    return path.read_bytes()
