"""How far a figure could be off by chance: percentile intervals of the F-measure by resampling.

Strokes of one recording are alike, so single strokes must not be resampled: what is drawn anew are *clusters* of them. Two
questions, two kinds of cluster: with whole recordings as clusters, the interval is about other recordings of the kind; with
stretches of a few seconds drawn within each recording (strata), it is about these recordings only, and narrower. A bootstrap of
few clusters (seven recordings) gives intervals that are somewhat too narrow. Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13 (percentile intervals); Davison and Hinkley, Bootstrap Methods and their Application, 1997, section
3.8 (clusters).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.records import IntArray, TimeArray
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches

ROUNDS = 4000
_COVERAGE_PERCENT = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Interval:
    """95 % of the resampled figures lie between the two; NaN where a figure could not be computed."""

    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.3f} to {self.high:.3f}" if np.isfinite(self.low) else "-"


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """Counts that are resampled together.

    counts: one per cluster. strata: which stratum each cluster belongs to; as many clusters of a stratum are drawn as it has.
    """

    counts: Sequence[Counts]
    strata: Sequence[int]

    @property
    def total(self) -> Counts:
        """All clusters together."""
        return Counts.sum(self.counts)


def whole(counts: Sequence[Counts]) -> Clusters:
    """Each of `counts` is one cluster, and there is one stratum: recordings drawn from all recordings."""
    return Clusters(counts=counts, strata=[0] * len(counts))


def windowed_counts(expected_s: TimeArray, found_s: TimeArray, *, duration_s: float, window_s: float) -> list[Counts]:
    """Counts of one class in one recording, split into stretches of `window_s`; their sum is the recording's.

    Times rising. A matched stroke counts where it was expected, an unmatched one where it is.
    """
    windows = max(int(np.ceil(duration_s / window_s)), 1)
    pairs = np.array(matches(expected_s, found_s, WINDOW_S), np.int64).reshape(-1, 2)
    found_at_s = found_s.copy()
    found_at_s[pairs[:, 1]] = expected_s[pairs[:, 0]]
    columns = (expected_s[pairs[:, 0]], expected_s, found_at_s)
    table = [_in_windows(times_s, windows, window_s) for times_s in columns]
    return [Counts(matched=int(m), expected=int(e), found=int(f)) for m, e, f in zip(*table, strict=True)]


def _in_windows(times_s: TimeArray, windows: int, window_s: float) -> IntArray:
    return np.bincount(np.clip((times_s / window_s).astype(np.int64), 0, windows - 1), minlength=windows)


def f_interval(clusters: Clusters, seed: int = 0) -> Interval:
    """The interval of the F of all clusters together."""
    return _interval(_resampled_f(clusters, _weights(clusters.strata, seed)))


def difference_interval(ours: Clusters, theirs: Clusters, seed: int = 0) -> Interval:
    """The interval of F(ours) - F(theirs), paired: both hear the same drawn clusters. Raises ValueError for other clusters."""
    if list(ours.strata) != list(theirs.strata):
        raise ValueError("two systems can only be compared on the same clusters")
    weights = _weights(ours.strata, seed)
    return _interval(_resampled_f(ours, weights) - _resampled_f(theirs, weights))


def _weights(strata: Sequence[int], seed: int) -> IntArray:
    """How often each cluster is drawn, shape (ROUNDS, clusters)."""
    rng = np.random.default_rng(seed)
    labels = np.asarray(strata)
    weights = np.zeros((ROUNDS, len(labels)), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        weights[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), ROUNDS)
    return weights


def _resampled_f(clusters: Clusters, weights: IntArray) -> TimeArray:
    """F per round; NaN in rounds that drew nothing to find and nothing found."""
    table = np.array([(c.matched, c.expected, c.found) for c in clusters.counts], np.int64).reshape(-1, 3)
    matched, expected, found = (weights @ table).T
    strokes = (expected + found).astype(np.float64)
    return np.where(strokes > 0, 2 * matched / np.maximum(strokes, 1), np.nan)


def _interval(figures: TimeArray) -> Interval:
    figures = figures[np.isfinite(figures)]
    if not len(figures):
        return Interval(low=np.nan, high=np.nan)
    low, high = np.percentile(figures, _COVERAGE_PERCENT)
    return Interval(low=float(low), high=float(high))
