"""Decide when a file that somebody writes is finished. No threads and no clock of its own.

A file is READY when its size and time have been still for a while, its header agrees with its length, and nobody has it
open for writing as far as the system can tell. One that has been still for long although its header disagrees is
TRUNCATED, or NOT_AUDIO. A file that changes after its verdict is noticed again and gets another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Protocol

from backbeat.intake.audio_header import HeaderState
from backbeat.intake.file_stamp import FileStamp

LONGEST_STEP_S = 1.0
"""At most this much stillness is counted between two ticks: while the computer slept, so did the writer."""

LOOKS_PER_TICK = 1000
"""Files looked at in one tick, so that a burst of ten thousand never holds up the thread for long."""

UNKNOWN_PATIENCE = 2.0
"""A format whose header does not tell its length has to be still for this many times as long."""


class Outcome(StrEnum):
    """How the waiting for a file ended."""

    READY = "ready"
    TRUNCATED = "truncated"
    NOT_AUDIO = "not_audio"
    GONE = "gone"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`stamp` is the version of the file that was judged, None when it is GONE."""

    outcome: Outcome
    path: Path
    stamp: FileStamp | None


class FileProbe(Protocol):
    """What the settler asks of the disk. `stamp` is cheap and asked often; the others only of a file that is still."""

    def stamp(self, path: Path) -> FileStamp | None:
        """Its size and time, None when it is not there or is no regular file."""

    def header(self, path: Path) -> HeaderState:
        """Whether its header agrees with its length."""

    def open_for_writing(self, path: Path) -> bool | None:
        """Whether somebody can still write to it, None when the system does not tell."""


@dataclass(slots=True)
class _Pending:
    path: Path
    due_s: float
    still_since_s: float
    stamp: FileStamp | None = None


class Settler:
    """The files that are waited for. Times are seconds of any clock; jumps of it, either way, do no harm."""

    def __init__(self, probe: FileProbe, *, settle_s: float = 2.0, give_up_s: float = 30.0) -> None:
        self._probe = probe
        self._settle_s = settle_s
        self._give_up_s = max(give_up_s, settle_s)
        self._pending: dict[Path, _Pending] = {}
        self._due: list[tuple[float, int, _Pending]] = []
        self._serial = count()
        self._clock_s = 0.0
        self._last_now_s: float | None = None

    def __contains__(self, path: object) -> bool:
        return path in self._pending

    def __len__(self) -> int:
        return len(self._pending)

    def notice(self, path: Path) -> None:
        """Something happened to the file: wait for it, or start the wait again."""
        pending = self._pending.get(path)
        if pending is None:
            pending = _Pending(path=path, due_s=self._clock_s, still_since_s=self._clock_s)
            self._pending[path] = pending
            heappush(self._due, (pending.due_s, next(self._serial), pending))
        else:
            # Counts even with the same stamp: some file systems keep times to two seconds only.
            pending.still_since_s = self._clock_s

    def tick(self, now_s: float) -> list[Verdict]:
        """Look at the files whose turn it is; returns what was decided, each file at most once."""
        elapsed_s = 0.0 if self._last_now_s is None else now_s - self._last_now_s
        self._last_now_s = now_s
        self._clock_s += min(max(elapsed_s, 0.0), LONGEST_STEP_S)
        verdicts: list[Verdict] = []
        for _ in range(LOOKS_PER_TICK):
            if not self._due or self._due[0][0] > self._clock_s:
                break
            _, _, pending = heappop(self._due)
            outcome = self._look(pending)
            if outcome is None:
                heappush(self._due, (pending.due_s, next(self._serial), pending))
            else:
                del self._pending[pending.path]
                verdicts.append(Verdict(outcome=outcome, path=pending.path, stamp=pending.stamp))
        return verdicts

    def _look(self, pending: _Pending) -> Outcome | None:
        """One look at one file; None puts it off to `due_s`."""
        still_s = self._stillness_s(pending)
        if pending.stamp is None:
            return Outcome.GONE
        if still_s < self._settle_s:
            pending.due_s = min(self._clock_s + self._settle_s / 2, pending.still_since_s + self._settle_s)
            return None
        header = self._probe.header(pending.path)
        outcome = self._judge(header, self._probe.open_for_writing(pending.path), still_s)
        pending.due_s = self._clock_s + self._settle_s / 2
        if outcome is None or self._stillness_s(pending) < self._settle_s:
            return None
        return Outcome.GONE if pending.stamp is None else outcome

    def _stillness_s(self, pending: _Pending) -> float:
        """Look at the file's size and time; how long they have been still."""
        stamp = self._probe.stamp(pending.path)
        if stamp != pending.stamp:
            pending.stamp = stamp
            if stamp is not None:
                pending.still_since_s = self._clock_s
        return self._clock_s - pending.still_since_s

    def _judge(self, header: HeaderState, is_open: bool | None, still_s: float) -> Outcome | None:
        gave_up = still_s >= self._give_up_s
        if header is HeaderState.COMPLETE:
            return Outcome.READY if gave_up or not is_open else None
        if header is HeaderState.UNKNOWN:
            patient = not is_open and still_s >= UNKNOWN_PATIENCE * self._settle_s
            return Outcome.READY if gave_up or patient else None
        if not gave_up:
            # Also when it is no audio at all: a file may be laid out empty first and get its header last.
            return None
        return Outcome.TRUNCATED if header is HeaderState.INCOMPLETE else Outcome.NOT_AUDIO
