"""Beats to where the drums are: the whole grid is moved by one offset, never beat by beat.

A tracker's beats lie a few milliseconds beside the strokes, all in the same direction; a drummer's lie on both sides, and that
is the playing, which stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from backbeat.records import BeatGrid, Hits, TimeArray

OFFSET_MAX_S = 0.040
"""A grid that seems further off than this is moved by so much and no more."""

_WINDOW_S = 0.060  # strokes that may belong to a beat are no further from it, and no further than
_WINDOW_BEATS = 0.12  # of a beat, half a sixteenth
_ONSETS_MIN, _BEATS_SHARE_MIN = 8, 0.25  # how many beats need a stroke, and which share of them, for an offset to be measured
_SPREAD_SHARE_MAX = 0.4  # of the window: strokes all over it (0.5) have nothing to do with the beats
_TOGETHER_S = 0.030  # strokes of several drums that are one onset


@dataclass(frozen=True, kw_only=True)
class MovedGrid:
    """The grid after it was moved by `offset_s` (positive is later)."""

    grid: BeatGrid
    offset_s: float


def grid_to_onsets(grid: BeatGrid, hits: Hits) -> MovedGrid:
    """Move all beats by the median distance of the onsets near beats, at most OFFSET_MAX_S either way.

    A grid with too few strokes near its beats, or with strokes evenly around them, stays where it is.
    """
    if len(grid.times_s) < 2 or not len(hits):
        return MovedGrid(grid=grid, offset_s=0.0)
    onsets_s = _onsets_s(hits.time_s)
    rough_s = _offset_s(grid.times_s, onsets_s, 0.0)
    offset_s = float(np.clip(_offset_s(grid.times_s, onsets_s, rough_s), -OFFSET_MAX_S, OFFSET_MAX_S))
    if offset_s == 0.0:
        return MovedGrid(grid=grid, offset_s=0.0)
    return MovedGrid(grid=replace(grid, times_s=grid.times_s + offset_s), offset_s=offset_s)


def _offset_s(beats_s: TimeArray, onsets_s: TimeArray, around_s: float) -> float:
    """Median of onset minus beat over the beats that have an onset near `beat + around_s`; 0 where that says nothing."""
    after = np.clip(np.searchsorted(onsets_s, beats_s + around_s), 1, max(len(onsets_s) - 1, 1))
    candidates = np.stack([onsets_s[after - 1], onsets_s[np.minimum(after, len(onsets_s) - 1)]])
    apart_s = candidates - (beats_s + around_s)
    nearest_s = apart_s[np.abs(apart_s).argmin(axis=0), np.arange(len(beats_s))]
    window_s = min(_WINDOW_S, _WINDOW_BEATS * float(np.median(np.diff(beats_s))))
    near_s = nearest_s[np.abs(nearest_s) < window_s]
    if len(near_s) < max(_ONSETS_MIN, _BEATS_SHARE_MIN * len(beats_s)):
        return 0.0
    offset_s = float(np.median(near_s))
    if float(np.median(np.abs(near_s - offset_s))) > _SPREAD_SHARE_MAX * window_s:
        return 0.0
    return around_s + offset_s


def _onsets_s(times_s: TimeArray) -> TimeArray:
    """Means of strokes that are together, float64, rising."""
    starts = np.flatnonzero(np.diff(times_s, prepend=-np.inf) > _TOGETHER_S)
    counts = np.diff(np.append(starts, len(times_s)))
    onsets_s: TimeArray = np.add.reduceat(times_s, starts) / counts
    return onsets_s
