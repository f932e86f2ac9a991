"""The beats of a grid continued without end on both sides, so that every moment of a recording has its beat."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np

from backbeat.records import BeatGrid, TimeArray

_EDGE_BEATS = 4  # how many intervals at an end say how fast the beats go on
_INTERVAL_MIN_S, _INTERVAL_MAX_S = 0.05, 5.0  # what can be a beat at all; keeps a wild grid from making endless bars


@dataclass(frozen=True, kw_only=True)
class BeatPlace:
    """Beat `index` of the line, and how far towards the next: 0 <= fraction < 1."""

    index: int
    fraction: float


@dataclass(frozen=True, kw_only=True)
class BeatLine:
    """times_s: the grid's beats, at least one, are beats 0 to n - 1; lead_s and tail_s go on from the ends."""

    times_s: tuple[float, ...]
    lead_s: float
    tail_s: float

    def time(self, index: int) -> float:
        """Seconds at which beat `index` is; any whole number."""
        last = len(self.times_s) - 1
        if index < 0:
            return self.times_s[0] + index * self.lead_s
        if index > last:
            return self.times_s[last] + (index - last) * self.tail_s
        return self.times_s[index]

    def place(self, time_s: float) -> BeatPlace:
        """The beat that `time_s` belongs to."""
        last = len(self.times_s) - 1
        if time_s < self.times_s[0]:
            index = int((time_s - self.times_s[0]) // self.lead_s)
        elif time_s >= self.times_s[last]:
            index = last + int((time_s - self.times_s[last]) // self.tail_s)
        else:
            index = bisect_right(self.times_s, time_s) - 1
        start_s, end_s = self.time(index), self.time(index + 1)
        fraction = (time_s - start_s) / (end_s - start_s)
        return BeatPlace(index=index, fraction=min(max(fraction, 0.0), float(np.nextafter(1.0, 0.0))))

    def beats_at(self, times_s: TimeArray) -> TimeArray:
        """Where moments are on the line, in beats: 5.25 is a quarter of a beat after beat 5. float64, as long as `times_s`."""
        known_s = np.array(self.times_s)
        last = len(known_s) - 1
        beats = np.interp(times_s, known_s, np.arange(last + 1.0))
        beats = np.where(times_s < known_s[0], (times_s - known_s[0]) / self.lead_s, beats)
        after: TimeArray = np.where(times_s > known_s[last], last + (times_s - known_s[last]) / self.tail_s, beats)
        return after

    def times_at(self, beats: TimeArray) -> TimeArray:
        """The way back: seconds of places on the line."""
        known_s = np.array(self.times_s)
        last = len(known_s) - 1
        times_s = np.interp(beats, np.arange(last + 1.0), known_s)
        times_s = np.where(beats < 0, known_s[0] + beats * self.lead_s, times_s)
        after: TimeArray = np.where(beats > last, known_s[last] + (beats - last) * self.tail_s, times_s)
        return after


def beat_line(grid: BeatGrid) -> BeatLine:
    """The line through the grid's beats; an empty grid gives beats at `tempo_bpm` from 0 s."""
    interval_s = 60.0 / grid.tempo_bpm
    if len(grid.times_s) == 0:
        return BeatLine(times_s=(0.0,), lead_s=interval_s, tail_s=interval_s)
    intervals_s: TimeArray = np.diff(grid.times_s)
    return BeatLine(
        times_s=tuple(float(time) for time in grid.times_s),
        lead_s=_typical(intervals_s[:_EDGE_BEATS], interval_s),
        tail_s=_typical(intervals_s[-_EDGE_BEATS:], interval_s),
    )


def _typical(intervals_s: TimeArray, fallback_s: float) -> float:
    interval_s = float(np.median(intervals_s)) if len(intervals_s) else fallback_s
    return min(max(interval_s, _INTERVAL_MIN_S), _INTERVAL_MAX_S)
