"""The real time, and waiting in it exactly."""

from __future__ import annotations

import math
import threading
import time
from typing import Protocol

NEVER_LATE_S = 0.002
"""Waiting by event wakes some milliseconds late on Windows: the last bit is slept, which is exact there."""


class Clock(Protocol):
    """Where playing gets its time from."""

    def now(self) -> float:
        """Seconds, of a clock that never jumps."""

    def wait_until(self, time_s: float, woken: threading.Event) -> bool:
        """Wait, for ever if `time_s` is infinite; False, at once, when `woken` is set."""


class SystemClock:
    """The real time."""

    def now(self) -> float:
        return time.perf_counter()

    def wait_until(self, time_s: float, woken: threading.Event) -> bool:
        while (left_s := time_s - self.now()) > 0:
            if left_s > 10 * NEVER_LATE_S:
                if woken.wait(None if math.isinf(left_s) else left_s - 10 * NEVER_LATE_S):
                    return False
            else:
                time.sleep(min(left_s, NEVER_LATE_S))
                if woken.is_set():
                    return False
        return not woken.is_set()
