"""SIGKILL: at named moments of a job's life, and at moments that nobody chose."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from tests.faults.daemon_under_fault import RATE_HZ, Account, DaemonUnderFault, account, midi_of, wait_until

from backbeat.jobs.job import JobState


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The number-th time that a role is about to do something: `hooks/sitecustomize.py`."""

    role: str
    what: str
    number: int

    @property
    def fuse(self) -> str:
        return f"{self.role} {self.what}|{self.number}"


def moments_of_a_job(folder: Path) -> list[Moment]:
    """Every moment of a daemon's start, one job, and a stop, as an undisturbed run has them; each repeat counts on its own."""
    daemon = DaemonUnderFault(folder)
    trace = folder / "trace.txt"
    try:
        daemon.start(FAULT_TRACE=str(trace))
        daemon.wait_until_done([daemon.bounce("loop", 1)])
        daemon.stop()
    finally:
        daemon.close()
    seen: Counter[str] = Counter()
    moments = []
    for line in trace.read_text("utf-8").splitlines():
        seen[line] += 1
        role, _, what = line.partition(" ")
        moments.append(Moment(role=role, what=what, number=seen[line]))
    return moments


def killed_at(daemon: DaemonUnderFault, moment: Moment, bounces: list[Path], name: str, seed: int) -> bool:
    """One round: start with a fuse, bounce, die, start again, done. Whether the moment came at all (progress may be sparser)."""
    fired = daemon.folder / f"fired-{name}"
    daemon.start(wait=False, FAULT_POINT=moment.fuse, FAULT_FIRED=str(fired))
    wait_until("it watches or has died", lambda: not daemon.is_alive() or daemon.rows("select 1 from watched"))
    bounces.append(daemon.bounce(name, seed))
    wait_until(
        f"it has died at {moment.fuse} or is done",
        lambda: not daemon.is_alive() or daemon.all_done(bounces),
        within_s=90,
    )
    if daemon.is_alive():
        daemon.stop()
    daemon.start()
    daemon.wait_until_done(bounces)
    daemon.stop()
    return fired.exists()


def killed_at_other_ends(folder: Path, states: Sequence[str]) -> Iterator[tuple[str, DaemonUnderFault, list[Path]]]:
    """SIGKILL just before a job fails, makes way for a newer bounce, is cancelled, or is put back to be tried again.

    Yields for each of the `states` (of `OTHER_ENDS`) the daemon after its restart, when everything has ended as it should, and
    the bounces that are done then.
    """
    for state in states:
        daemon = DaemonUnderFault(folder / state, more="[limits]\nmax_minutes = 0.1")
        fired = daemon.folder / "fired"
        try:
            daemon.start(FAULT_POINT=f"daemon sql update jobs to {state}|1", FAULT_FIRED=str(fired))
            done, others = OTHER_ENDS[state](daemon)
            wait_until("it has died", lambda d=daemon: not d.is_alive())
            assert fired.exists()
            if daemon.out.is_file():
                daemon.out.unlink()
            daemon.start()
            daemon.wait_until_done(done)
            expected = Counter(others) + Counter({str(JobState.DONE): len(done)})
            wait_until("the others have ended", lambda d=daemon, e=expected: Counter(state for _, state in d.states()) == e)
            daemon.stop()
            yield state, daemon, done
        finally:
            daemon.close()


def _fails(daemon: DaemonUnderFault) -> tuple[list[Path], list[str]]:
    soundfile.write(daemon.aside / "long.wav", np.zeros(7 * RATE_HZ), RATE_HZ)
    (daemon.aside / "long.wav").rename(daemon.bounces / "long.wav")
    return [], ["failed"]


def _is_replaced(daemon: DaemonUnderFault) -> tuple[list[Path], list[str]]:
    first, second = daemon.bounce("first", 1), daemon.bounce("second", 2)
    wait_until("both are taken", lambda: len(daemon.states()) == 2)
    waiting = next(Path(path) for path, state in daemon.states() if state == JobState.QUEUED)
    daemon.bounce(waiting.stem, 3)
    return [first, second], ["superseded"]


def _is_cancelled(daemon: DaemonUnderFault) -> tuple[list[Path], list[str]]:
    bounces = [daemon.bounce("first", 1), daemon.bounce("second", 2)]
    wait_until("both are taken", lambda: len(daemon.states()) == 2)
    ((waiting,),) = daemon.rows("select id from jobs where state = 'queued'")
    with contextlib.suppress(OSError):  # it dies before it answers, so whoever asked knows that it has to be asked again
        daemon.ask("/backbeat/cancel", str(waiting), within_s=2)
    return bounces, []


def _is_put_back(daemon: DaemonUnderFault) -> tuple[list[Path], list[str]]:
    daemon.out.write_text("a file in the place of the folder", "utf-8")
    return [daemon.bounce("blocked", 1)], []


OTHER_ENDS = {"failed": _fails, "superseded": _is_replaced, "cancelled": _is_cancelled, "queued": _is_put_back}
"""State to what leads there; that gives the bounces that have to be done in the end, and the states of the other jobs."""


def random_rounds(
    daemon: DaemonUnderFault, rounds: int, seed: int, bounces: list[Path]
) -> Iterator[tuple[Counter[str], Account]]:
    """Rounds of bouncing and killing, at once or while a restart is still going on; yields who was killed, and the account."""
    chance = random.Random(seed)
    daemon.start()
    for number in range(rounds):
        bounces += [daemon.bounce(f"loop{number}-{n}", 1000 + 10 * number + n) for n in range(chance.randint(1, 3))]
        _wait(chance.uniform(0, 0.4) if chance.random() < 0.5 else chance.uniform(0, 4), daemon)
        killed = Counter({kill_somebody(daemon, chance): 1})
        if not daemon.is_alive():
            daemon.start(wait=False)
        if chance.random() < 0.25:
            _wait(chance.uniform(0, 2), daemon)
            daemon.kill()
            killed["daemon"] += 1
            daemon.start(wait=False)
        wait_until("it answers again", daemon.pongs)
        daemon.wait_until_done(bounces)
        yield killed, account(daemon, bounces)
    daemon.stop()


def _wait(seconds: float, daemon: DaemonUnderFault) -> None:
    """Let the moment be anywhere: the one place where waiting is the point."""
    assert daemon.process
    with contextlib.suppress(Exception):
        daemon.process.wait(seconds)


def kill_somebody(daemon: DaemonUnderFault, chance: random.Random) -> str:
    """SIGKILL to the daemon, or one time in three to its worker; who it was."""
    workers = daemon.worker_pids()
    if workers and chance.random() < 1 / 3:
        with contextlib.suppress(ProcessLookupError):
            os.kill(workers[0], signal.SIGKILL)
        return "worker"
    daemon.kill()
    return "daemon"


def different_from_undisturbed(daemon: DaemonUnderFault, bounces: list[Path], folder: Path) -> list[str]:
    """The bounces whose MIDI files are not byte for byte those of a daemon to which nothing happened."""
    calm = DaemonUnderFault(folder)
    try:
        calm.start()
        again = [calm.bounces / bounce.name for bounce in bounces]
        for bounce, copy in zip(bounces, again, strict=True):
            aside = calm.aside / bounce.name
            aside.write_bytes(bounce.read_bytes())
            aside.rename(copy)
        calm.wait_until_done(again, within_s=60 + 3 * len(again))
        return [b.name for b, c in zip(bounces, again, strict=True) if midi_of(daemon, b) != midi_of(calm, c)]
    finally:
        calm.close()
