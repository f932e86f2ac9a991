"""Beat and downbeat probabilities to beats counted in bars: the bar pointer model, decoded exactly in little memory.

The model is madmom's (Krebs, Böck, Widmer, "An Efficient State Space Model for Joint Tempo and Meter Tracking",
ISMIR 2015; Böck, Krebs, Widmer, "Joint Beat and Downbeat Tracking with Recurrent Neural Networks", ISMIR 2016), with
its numbers: tempo changes only where a beat begins, by an exponential distribution; the first sixteenth of a beat
emits the beat or downbeat probability, the rest shares what remains.

The decoding is ours. madmom keeps one back-pointer for each state and frame (about 400 MB for a minute of audio), and
its 0.16.1 cannot compare meters under a current NumPy. Inside a beat the path has no choice, so it is enough to keep
the score of *entering* each beat at each tempo: 240 bytes a frame for 4/4. No beat is shorter than the shortest
interval, so that many frames are computed at once. The best path is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from backbeat.records import FloatArray, IntArray, TimeArray

FRAMES_PER_SECOND = 100
"""Rate of the activations, as the networks were trained."""
MIN_BPM, MAX_BPM = 55.0, 215.0
MAX_TEMPI = 60
TRANSITION_LAMBDA = 100.0
OBSERVATION_LAMBDA = 16
"""The beat's share of a beat period is one of so many parts."""
THRESHOLD = 0.05
"""What lies before the first and after the last activation above it holds no beats."""
_FLOOR = 1e-10


@dataclass(frozen=True, kw_only=True)
class BarPath:
    """The most likely beats of one bar length.

    frames: int64, shape (n,), rising; frame of the highest activation in each beat's first sixteenth.
    numbers: int64, shape (n,), 1..beats_per_bar.
    log_likelihood: of the whole path, to compare bar lengths with on the same activations.
    """

    frames: IntArray
    numbers: IntArray
    log_likelihood: float


@lru_cache(maxsize=8)
def beat_intervals(min_bpm: float, max_bpm: float) -> IntArray:
    """The modelled beat lengths in frames, int64, rising: all of them, or about `MAX_TEMPI`, logarithmically spaced."""
    shortest = max(60.0 * FRAMES_PER_SECOND / max_bpm, 2.0)
    longest = max(60.0 * FRAMES_PER_SECOND / min_bpm, shortest)
    intervals: TimeArray = np.arange(round(shortest), round(longest) + 1, dtype=np.float64)
    steps = MAX_TEMPI
    while len(intervals) > MAX_TEMPI:
        spaced = np.unique(np.round(np.geomspace(shortest, longest, steps)))
        steps += 1
        if len(spaced) >= MAX_TEMPI:
            intervals = spaced
            break
    return intervals.astype(np.int64)


def decode_bars(
    activations: FloatArray, beats_per_bar: int, *, min_bpm: float, max_bpm: float, between: Callable[[float], None]
) -> BarPath:
    """Find the most likely beats in `activations`, shape (frames, 2): probability of a beat and of a downbeat.

    `between` is called with the fraction done every few hundred frames; what it raises passes through. Activations
    that never reach `THRESHOLD` give no beats and a likelihood of minus infinity.
    """
    loud = np.flatnonzero((activations >= THRESHOLD).any(axis=1))
    if not len(loud):
        return BarPath(frames=np.zeros(0, np.int64), numbers=np.zeros(0, np.int64), log_likelihood=-np.inf)
    first, last = int(loud[0]), int(loud[-1]) + 1
    inner = np.asarray(activations[first:last], dtype=np.float64)
    lattice = _Lattice(inner, beats_per_bar, beat_intervals(min_bpm, max_bpm))
    lattice.fill(between)
    starts, lengths, numbers, log_likelihood = lattice.best_path()
    frames, numbers = _snap_to_peaks(inner, starts, lengths, numbers)
    return BarPath(frames=frames + first, numbers=numbers, log_likelihood=log_likelihood)


def _snap_to_peaks(inner: TimeArray, starts: IntArray, lengths: IntArray, numbers: IntArray) -> tuple[IntArray, IntArray]:
    """Move each beat to the highest activation in its first sixteenth; a beat outside the activations is dropped."""
    frames, kept = [], []
    for start, length, number in zip(starts, lengths, numbers, strict=True):
        left, right = max(start, 0), min(start + _beat_frames(length), len(inner))
        if left < right:
            frames.append(left + int(inner[left:right].max(axis=1).argmax()))
            kept.append(number)
    return np.array(frames, dtype=np.int64), np.array(kept, dtype=np.int64)


def _beat_frames(length: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """How many frames of a beat of `length` frames lie in its first sixteenth."""
    return np.ceil(np.asarray(length) / OBSERVATION_LAMBDA).astype(np.int64)


class _Lattice:
    """Scores of entering beat b with interval k at frame t.

    A path may begin in the middle of a beat: that beat was entered before frame 0, where nothing was observed. Even a
    path that begins with a beat has one before it, which is over by then. So all times are shifted by the longest interval.
    """

    def __init__(self, activations: TimeArray, beats: int, intervals: IntArray) -> None:
        self.frames, self.beats, self.intervals = len(activations), beats, intervals
        self.longest = int(intervals[-1])
        # Cumulated log densities, 0 before the first frame: (3, longest + frames + longest + 1) for no beat, beat,
        # downbeat. Past the end nothing is observed either, so a last beat may be cut off.
        clipped = np.clip(activations, _FLOOR, 1.0)
        rest = np.maximum(1.0 - activations.sum(axis=1), _FLOOR) / (OBSERVATION_LAMBDA - 1)
        density = np.log(np.stack([rest, clipped[:, 0], clipped[:, 1]]))
        self.cumulated = np.zeros((3, self.frames + 2 * self.longest + 1))
        self.cumulated[:, self.longest + 1 : self.longest + self.frames + 1] = density.cumsum(axis=1)
        self.cumulated[:, self.longest + self.frames + 1 :] = self.cumulated[:, [self.longest + self.frames]]
        ratio = intervals[np.newaxis, :] / intervals[:, np.newaxis]
        chance = np.exp(-TRANSITION_LAMBDA * np.abs(ratio - 1.0))
        with np.errstate(divide="ignore"):
            self.change = np.log(chance / chance.sum(axis=1, keepdims=True))
        self.kind = np.array([2] + [1] * (beats - 1))
        # came_from[t, b, k]: index of the interval of the beat before
        self.came_from = np.zeros((self.frames, beats, len(intervals)), dtype=np.uint8)
        # The last `longest` rows of entry scores, then room for one block; a path begins anywhere with equal chance.
        self.block = int(intervals[0])
        self.start_score = -np.log(beats * intervals.sum())
        self.entry = np.full((self.longest + self.block, beats, len(intervals)), self.start_score)
        for k, length in enumerate(intervals):
            self.entry[: self.longest - length, :, k] = -np.inf  # such a beat would be over before frame 0

    def fill(self, between: Callable[[float], None]) -> None:
        """Compute all scores from the first frame to the last."""
        columns = np.arange(len(self.intervals))
        for n, block_start in enumerate(range(0, self.frames, self.block)):
            if n % 16 == 0:
                between(block_start / self.frames)
            size = min(self.block, self.frames - block_start)
            times = np.arange(block_start, block_start + size)[:, np.newaxis]
            rows = times - block_start + self.longest - self.intervals  # (size, k): row of the entry that ends now
            left = self.entry[rows, :, columns] + self._emission(times - self.intervals)  # (size, k, beats)
            left = np.roll(left, 1, axis=2).transpose(0, 2, 1)  # beat b is entered from beat b - 1
            scores = left[:, :, :, np.newaxis] + self.change  # (size, beats, k from, k to)
            best = scores.argmax(axis=2)
            self.came_from[block_start : block_start + size] = best
            entered = np.take_along_axis(scores, best[:, :, np.newaxis, :], axis=2)[:, :, 0, :]
            self.entry[self.longest : self.longest + size] = entered
            self.entry[: self.longest] = self.entry[size : self.longest + size].copy()

    def _emission(self, entered: IntArray) -> TimeArray:
        """Log density of whole beats entered at frames `entered`, shape (m, k) -> (m, k, beats)."""
        start = entered + self.longest
        edge, end = start + _beat_frames(self.intervals), start + self.intervals
        quiet = self.cumulated[0][end] - self.cumulated[0][edge]
        loud = self.cumulated[self.kind][:, edge] - self.cumulated[self.kind][:, start]
        beats: TimeArray = np.moveaxis(loud + quiet, 0, -1)
        return beats

    def best_path(self) -> tuple[IntArray, IntArray, IntArray, float]:
        """Start frame (the first may be negative), interval and number of each beat, and the log likelihood."""
        # `entry` now holds the last `longest` frames; the last beat is the best that is not over before the end.
        times = np.arange(self.frames - self.longest, self.frames)[:, np.newaxis]
        unfinished = times + self.intervals >= self.frames
        final = np.moveaxis(self.entry[: self.longest], 1, 2) + self._emission(np.broadcast_to(times, unfinished.shape))
        final = np.where(unfinished[:, :, np.newaxis], final, -np.inf)
        row, k, beat = (int(i) for i in np.unravel_index(final.argmax(), final.shape))
        log_likelihood = float(final[row, k, beat])
        time = self.frames - self.longest + row
        path = [(time, int(self.intervals[k]), beat + 1)]
        while time >= 0:
            k = int(self.came_from[time, beat, k])
            beat = (beat - 1) % self.beats
            time -= int(self.intervals[k])
            path.append((time, int(self.intervals[k]), beat + 1))
        starts, lengths, numbers = np.array(path[::-1], dtype=np.int64).T
        return starts, lengths, numbers, log_likelihood
