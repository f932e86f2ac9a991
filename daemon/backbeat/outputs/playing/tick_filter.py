"""The steady course of a clock whose ticks come unsteadily.

A delay-locked loop of second order (F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005): each tick
corrects where the clock is and how fast it goes by a share of its error. The shares are those of a growing memory (E. Brookner,
"Tracking and Kalman Filtering Made Easy", 1998, section 1.2.10): they fit a line to all ticks so far, and later to about the
last `MEMORY`. When the errors keep to one side (the tracking signal of D. W. Trigg, Operational Research Quarterly 15, 1964)
the tempo is changing, and the memory is cut short; when three ticks in turn are far off, a new course begins with them.
"""

from __future__ import annotations

from dataclasses import dataclass

MEMORY = 48
"""Ticks, two beats of MIDI clock: jitter of 1 ms (standard deviation) leaves 0.25 ms."""

SHORT_MEMORY = 6
"""When the tempo changes."""

DRIFT_SHARE, DRIFT_FLOOR_S = 0.9, 0.0002
"""How large the mean error may be: this share of the mean absolute error, which it cannot exceed, and a little more."""

DRIFT_GAIN, JITTER_GAIN = 0.15, 0.05
FIRST_JITTER_S = 0.001

FAR_OFF, FAR_OFF_FLOOR_S = 4.0, 0.0005
"""An error beyond so many mean absolute errors, and a little more, is not jitter. It is used up to there only."""

ENOUGH = 4
"""Ticks until which nothing is known well enough for anything to be far off."""

EVEN = 0.35
"""Two intervals that differ by less, as a share of their mean, may be the beginning of a new course."""

SHORTEST_PERIOD_S = 0.003


@dataclass(frozen=True, kw_only=True)
class _Tick:
    number: int
    at_s: float
    error_s: float


class TickFilter:
    """Ticks are numbered; where numbers are left out, ticks are known to have been lost. Not for several threads."""

    def __init__(self, period_s: float) -> None:
        """period_s: a guess; it holds until the second tick."""
        self.period_s = period_s
        self.number = 0
        self.time_s = 0.0
        self._known = 0
        self._jitter_s, self._drift_s = FIRST_JITTER_S, 0.0
        self._far_off: list[_Tick] = []

    def time_of(self, number: float) -> float:
        """When that tick is due, or a place between two."""
        return self.time_s + (number - self.number) * self.period_s

    def restart(self, number: int, at_s: float) -> None:
        """Begin with this tick. The period is kept until there is a second."""
        self.number, self.time_s, self._known = number, at_s, 1
        self._far_off.clear()
        self._drift_s = 0.0

    def fits(self, number: int, at_s: float) -> bool:
        """The tick comes about when it is due."""
        return self._known >= ENOUGH and abs(at_s - self.time_of(number)) <= self._limit_s

    def tick(self, number: int, at_s: float) -> int:
        """Take a tick; numbers rise.

        Returns how many were evidently lost before it: its number, and all that follow, are to be higher by so many.
        """
        if not self._known:
            self.restart(number, at_s)
            return 0
        error_s = at_s - self.time_of(number)
        if self._known >= ENOUGH and abs(error_s) > self._limit_s:
            if lost := self._lost_or_new(_Tick(number=number, at_s=at_s, error_s=error_s)):
                return lost
            if not self._far_off:
                return 0
        else:
            self._far_off.clear()
        self._correct(number, error_s)
        return 0

    @property
    def _limit_s(self) -> float:
        return FAR_OFF * self._jitter_s + FAR_OFF_FLOOR_S

    def _correct(self, number: int, error_s: float) -> None:
        known = self._known
        if known >= ENOUGH:
            error_s = min(max(error_s, -self._limit_s), self._limit_s)
        place_share = 2 * (2 * known + 1) / ((known + 1) * (known + 2))
        speed_share = 6 / ((known + 1) * (known + 2))
        self.time_s = self.time_of(number) + place_share * error_s
        self.period_s = max(self.period_s + speed_share * error_s / (number - self.number), SHORTEST_PERIOD_S)
        self.number = number
        self._known = min(known + 1, MEMORY)
        if known >= ENOUGH:
            self._jitter_s += JITTER_GAIN * (abs(error_s) - self._jitter_s)
            self._drift_s += DRIFT_GAIN * (error_s - self._drift_s)
            if abs(self._drift_s) > DRIFT_SHARE * self._jitter_s + DRIFT_FLOOR_S:
                self._known = min(self._known, SHORT_MEMORY)

    def _lost_or_new(self, tick: _Tick) -> int:
        """What three ticks in turn mean that are far off, on the same side and evenly spaced.

        Later than due by whole periods, and as fast as before, they follow ticks that were lost: how many is returned.
        Otherwise a new course begins with them.
        """
        if self._far_off and (self._far_off[-1].error_s > 0) != (tick.error_s > 0):
            self._far_off.clear()
        self._far_off = [*self._far_off[-2:], tick]
        if len(self._far_off) < 3:
            return 0
        first, second, third = self._far_off
        intervals = (
            (second.at_s - first.at_s) / (second.number - first.number),
            (third.at_s - second.at_s) / (third.number - second.number),
        )
        period_s = (third.at_s - first.at_s) / (third.number - first.number)
        if abs(intervals[1] - intervals[0]) > EVEN * period_s or period_s < SHORTEST_PERIOD_S:
            return 0
        lost = round(tick.error_s / self.period_s)
        steady = abs(period_s - self.period_s) < 0.1 * self.period_s
        self.restart(tick.number, tick.at_s)
        if steady and lost > 0 and abs(tick.error_s - lost * self.period_s) < 0.15 * self.period_s:
            self.number += lost
            self._known = ENOUGH
            return lost
        self.period_s = period_s
        self._known = 3
        return 0
