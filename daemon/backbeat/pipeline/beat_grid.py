"""Making and mending beat grids: from counted beats, from a tempo, and out to the ends of a recording. Pure NumPy.

A grid's beats are those of its meter, 1/unit notes: quarters in 4/4, eighths in 6/8 and 7/8. Every `beat_bpm` here
counts them; `beat_bpm_of` and `quarter_bpm_of` translate to and from what a DAW shows, quarter notes per minute.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from backbeat.records import BeatGrid, IntArray, TimeArray
from backbeat.values import Meter

EDGE_BEATS = 8
"""How many intervals at an end of a grid say how fast it goes on from there."""
INTERVAL_MIN_S, INTERVAL_MAX_S = 0.02, 20.0
"""Beats that are nearer or farther than this are no beats; it keeps a wild grid from growing without end."""
_MACHINE_RMS_S = 0.012  # beats this near to a steady tempo were made by a machine; a drummer's are farther
_MACHINE_BEATS = 8
_UNUSUAL = 0.15  # an interval that differs by more from the median has a beat too many or too few, or is at a ragged end


@dataclass(frozen=True, kw_only=True)
class CountedBeats:
    """times_s: float64 (n,), strictly rising. numbers: int64 (n,), place in the bar, from 1."""

    times_s: TimeArray
    numbers: IntArray


def beat_bpm_of(quarter_bpm: float, meter: Meter) -> float:
    """Beats of `meter` per minute at a DAW's tempo, which counts quarter notes."""
    return quarter_bpm * meter.unit / 4


def quarter_bpm_of(beat_bpm: float, meter: Meter) -> float:
    """A DAW's tempo, quarter notes per minute, at so many beats of `meter` per minute."""
    return beat_bpm * 4 / meter.unit


def tempo_of_beats(times_s: TimeArray) -> float:
    """One tempo for all beats, in beats per minute; 0 for fewer than two.

    The mean of the intervals without those far from the median (a beat left out or put in), which unlike the median
    does not inherit the coarse frames that the times came in. Beats that a machine's steady whole-number tempo explains
    as well get that number: a DAW project at 120 should not come back as 119.98.
    """
    intervals_s = np.diff(times_s)
    if not len(intervals_s):
        return 0.0
    usual = np.abs(intervals_s - np.median(intervals_s)) <= _UNUSUAL * np.median(intervals_s)
    bpm = 60.0 / float(np.mean(intervals_s[usual] if usual.any() else intervals_s))
    return _whole_tempo(times_s, bpm)


def _whole_tempo(times_s: TimeArray, bpm: float) -> float:
    """`bpm` rounded to a whole number where a straight line through the beats says that it can't be told apart."""
    if len(times_s) < _MACHINE_BEATS or round(bpm) < 1:
        return bpm
    counts = np.round((times_s - times_s[0]) * bpm / 60.0)
    slope_s, start_s = np.polyfit(counts, times_s, 1)
    rms_s = float(np.sqrt(np.mean((times_s - start_s - slope_s * counts) ** 2)))
    if rms_s > _MACHINE_RMS_S or slope_s <= 0:
        return bpm
    error_s = max(rms_s, 0.003) / (counts.std() * np.sqrt(len(counts)))  # of the slope; 3 ms is what 10 ms frames leave
    whole = round(60.0 / slope_s)
    return float(whole) if whole and abs(60.0 / whole - slope_s) <= 2.0 * error_s else bpm


def number_beats(count: int, meter: Meter, *, first: int = 1) -> IntArray:
    """`count` numbers that go round in the bar from `first`, int64."""
    return (np.arange(count, dtype=np.int64) + first - 1) % meter.beats + 1


def grid_of_beats(
    beats: CountedBeats, meter: Meter, *, tempo_bpm: float, confidence: float, bpm_unreliable: bool, engine: str
) -> BeatGrid:
    """A grid with one meter throughout."""
    bars = int(np.count_nonzero(beats.numbers == 1)) + int(len(beats.numbers) > 0 and beats.numbers[0] != 1)
    return BeatGrid(
        times_s=beats.times_s,
        numbers=beats.numbers,
        meters=(meter,) * bars,
        tempo_bpm=tempo_bpm,
        confidence=confidence,
        bpm_unreliable=bpm_unreliable,
        engine=engine,
    )


def grid_from_tempo(
    beat_bpm: float,
    meter: Meter,
    *,
    first_beat_s: float,
    duration_s: float,
    confidence: float,
    bpm_unreliable: bool,
    engine: str,
) -> BeatGrid:
    """Steady beats over a recording of `duration_s`, a downbeat at `first_beat_s`, which is at or after 0."""
    one = CountedBeats(times_s=np.array([first_beat_s], dtype=np.float64), numbers=np.ones(1, dtype=np.int64))
    grid = grid_of_beats(one, meter, tempo_bpm=beat_bpm, confidence=confidence, bpm_unreliable=bpm_unreliable, engine=engine)
    return extend_grid(grid, duration_s)


def extend_grid(grid: BeatGrid, duration_s: float) -> BeatGrid:
    """The grid continued at the tempo of its ends: back to within one beat after 0 and on to the end or just past it.

    Numbers go on counting both ways, so that the first bar may be incomplete; new bars have the meter of the bar at that
    end. An empty grid gets beats from 0 at its tempo, in 4/4.
    """
    if not len(grid.times_s):
        return replace(
            grid_from_tempo(
                grid.tempo_bpm,
                Meter(4, 4),
                first_beat_s=0.0,
                duration_s=duration_s,
                confidence=grid.confidence,
                bpm_unreliable=grid.bpm_unreliable,
                engine=grid.engine,
            ),
            warnings=grid.warnings,
        )
    before_s, after_s = _times_before(grid), _times_after(grid, duration_s)
    first, last = grid.meters[0], grid.meters[-1]
    numbers = np.concatenate(
        [
            _numbers_before(len(before_s), int(grid.numbers[0]), first),
            grid.numbers,
            number_beats(len(after_s), last, first=int(grid.numbers[-1]) + 1) if len(after_s) else np.zeros(0, np.int64),
        ]
    )
    starts = np.flatnonzero(numbers == 1)
    if not len(starts) or starts[0] != 0:
        starts = np.concatenate([[0], starts])
    bar_of = np.searchsorted(grid.bar_starts, starts - len(before_s), side="right") - 1
    return replace(
        grid,
        times_s=np.concatenate([before_s, grid.times_s, after_s]),
        numbers=numbers,
        meters=tuple(grid.meters[max(bar, 0)] for bar in bar_of),
    )


def _edge_interval_s(grid: BeatGrid, intervals_s: TimeArray) -> float:
    typical_s = float(np.median(intervals_s)) if len(intervals_s) else 60.0 / grid.tempo_bpm
    return min(max(typical_s, INTERVAL_MIN_S), INTERVAL_MAX_S)


def _times_before(grid: BeatGrid) -> TimeArray:
    interval_s = _edge_interval_s(grid, np.diff(grid.times_s[: EDGE_BEATS + 1]))
    count = int(grid.times_s[0] / interval_s + 1e-9)  # a beat at 0 that rounding would put before it still counts
    times_s: TimeArray = np.maximum(grid.times_s[0] - np.arange(count, 0, -1) * interval_s, 0.0)
    return times_s


def _times_after(grid: BeatGrid, duration_s: float) -> TimeArray:
    interval_s = _edge_interval_s(grid, np.diff(grid.times_s[-EDGE_BEATS - 1 :]))
    count = max(int(np.ceil((duration_s - grid.times_s[-1]) / interval_s)), 0)
    times_s: TimeArray = grid.times_s[-1] + np.arange(1, count + 1) * interval_s
    return times_s


def _numbers_before(count: int, first: int, meter: Meter) -> IntArray:
    """The `count` numbers that lead up to `first`: down to 1 first, whatever the meter, then whole bars of it."""
    steps = np.arange(count, 0, -1, dtype=np.int64)
    return np.where(steps < first, first - steps, (first - 1 - steps) % meter.beats + 1)
