"""How far a batch is, how fast it goes, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Counts of recordings, at one moment.

    total: in the folder. there: done before this run. done, failed: by this run. failed_before: not tried again.
    files_per_s, times_real_time: of this run, None before the first end.
    left_s: how long the rest will take at this rate.
    """

    total: int
    there: int
    done: int
    failed: int
    failed_before: int
    elapsed_s: float
    files_per_s: float | None
    times_real_time: float | None
    left_s: float | None

    @property
    def ended(self) -> int:
        return self.there + self.done + self.failed + self.failed_before


class Tally:
    """Counts. clock: any that goes on steadily, in seconds."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._there = self._done = self._failed = self._failed_before = 0
        self._audio_s = 0.0
        self._clock = clock
        self._began_s = clock()

    def leave_out(self) -> None:
        """A file that was counted is none of the batch's."""
        self.total -= 1

    def already_done(self) -> None:
        """Its result was there."""
        self._there += 1

    def already_failed(self) -> None:
        """It failed before and is not tried again."""
        self._failed_before += 1

    def done(self, duration_s: float) -> None:
        """A recording of that length is done."""
        self._done += 1
        self._audio_s += duration_s

    def failed(self) -> None:
        """It ended otherwise."""
        self._failed += 1

    @property
    def now(self) -> Progress:
        elapsed_s = max(self._clock() - self._began_s, 1e-9)
        ended = self._done + self._failed
        files_per_s = ended / elapsed_s if ended else None
        left = max(self.total - ended - self._there - self._failed_before, 0)
        return Progress(
            total=self.total,
            there=self._there,
            done=self._done,
            failed=self._failed,
            failed_before=self._failed_before,
            elapsed_s=elapsed_s,
            files_per_s=files_per_s,
            times_real_time=self._audio_s / elapsed_s if self._done else None,
            left_s=left / files_per_s if files_per_s else None,
        )
