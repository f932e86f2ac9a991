"""Matching of strokes and the F-measure, as mir_eval has them: one to one within 50 ms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from backbeat.records import TimeArray

WINDOW_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Matched, expected and found strokes of one class."""

    matched: int = 0
    expected: int = 0
    found: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            matched=self.matched + other.matched, expected=self.expected + other.expected, found=self.found + other.found
        )

    @classmethod
    def sum(cls, counts: Iterable[Counts]) -> Counts:
        """All of them together."""
        total = cls()
        for each in counts:
            total += each
        return total

    @property
    def f_measure(self) -> float:
        """F, 0..1; 0 when there was nothing."""
        return 2 * self.matched / max(self.expected + self.found, 1)


def matches(expected_s: TimeArray, found_s: TimeArray, window_s: float) -> list[tuple[int, int]]:
    """Pairs of indices of strokes within `window_s` of each other, one to one, as many as there can be.

    Both inputs rising. Taking the earliest free partner for each in turn is optimal for intervals of equal length.
    """
    pairs = []
    first = 0
    for index, time_s in enumerate(expected_s):
        first += int(np.searchsorted(found_s[first:], time_s - window_s))
        if first < len(found_s) and found_s[first] <= time_s + window_s:
            pairs.append((index, first))
            first += 1
    return pairs
