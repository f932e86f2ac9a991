"""Strokes that are meant to be together, as one onset: two hands late at once are late once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.pipeline.score.ruler import Ruler
from backbeat.records import Hits, IntArray, TimeArray
from backbeat.values import Instrument

BoolArray = NDArray[np.bool_]

_TOGETHER_S = 0.030  # strokes of different drums that are closer are one onset, and closer than
_TOGETHER_QUARTERS = 0.06  # of a quarter note, half a 32nd


@dataclass(frozen=True, kw_only=True, eq=False)
class Onsets:
    """Onsets in order of time.

    beats: float64, shape (n,), mean place of their strokes on the line of beats.
    quarter_s: float64, shape (n,), how long a quarter note is there, in seconds.
    unit: int64, shape (n,), the meter's unit there.
    of_hit: the number of its onset for each hit; -1 for hits that were left out.
    repeats: bool, shape (n,), whether a drum of the onset before is struck again.
    """

    beats: TimeArray
    quarter_s: TimeArray
    unit: IntArray
    of_hit: IntArray
    repeats: BoolArray

    def __len__(self) -> int:
        return len(self.beats)

    @property
    def beat(self) -> IntArray:
        """The number of the beat that each is in."""
        return np.floor(self.beats).astype(np.int64)


def onsets_of(hits: Hits, written: Sequence[int], ruler: Ruler) -> Onsets:
    """The onsets of those hits that get places of their own (numbers into `hits`, rising)."""
    chosen = np.array(written, np.int64)
    places = ruler.beats_at(hits.time_s[chosen])
    quarter_s = ruler.quarter_s(np.floor(places).astype(np.int64))
    windows_s = np.minimum(_TOGETHER_S, _TOGETHER_QUARTERS * quarter_s)
    of_hit = np.full(len(hits), -1, np.int64)
    of_hit[chosen] = _numbered(hits.time_s[chosen], [hits.instruments[n] for n in chosen], windows_s)
    numbers = of_hit[chosen]
    count = int(numbers[-1]) + 1 if len(numbers) else 0
    weights = np.bincount(numbers, minlength=count)
    beats: TimeArray = np.bincount(numbers, places, count) / np.maximum(weights, 1)
    beat = np.floor(beats).astype(np.int64)
    return Onsets(
        beats=beats,
        quarter_s=ruler.quarter_s(beat),
        unit=ruler.units(beat),
        of_hit=of_hit,
        repeats=_repeats(numbers.tolist(), [hits.instruments[n] for n in chosen], count),
    )


def _numbered(times_s: TimeArray, instruments: Sequence[Instrument], windows_s: TimeArray) -> list[int]:
    """To which onset each stroke belongs: one drum is in an onset once."""
    numbers: list[int] = []
    number, first_s = -1, -np.inf
    together: set[Instrument] = set()
    for time_s, instrument, window_s in zip(times_s.tolist(), instruments, windows_s.tolist(), strict=True):
        if time_s - first_s > window_s or instrument in together:
            number, first_s = number + 1, time_s
            together.clear()
        together.add(instrument)
        numbers.append(number)
    return numbers


def _repeats(numbers: Sequence[int], instruments: Sequence[Instrument], count: int) -> BoolArray:
    """Whether each onset has a drum that the one before it has too."""
    repeats = np.zeros(count, bool)
    last: dict[Instrument, int] = {}
    for number, instrument in zip(numbers, instruments, strict=True):
        if last.get(instrument) == number - 1:
            repeats[number] = True
        last[instrument] = number
    return repeats
