"""Where moments are on the beats, and how long beats and quarter notes are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.pipeline.beat_line import BeatLine
from backbeat.pipeline.score.bars import Span
from backbeat.records import IntArray, TimeArray


@dataclass(frozen=True, kw_only=True)
class Ruler:
    """The line of beats together with the bars' meters; everything goes by arrays."""

    line: BeatLine
    spans: Sequence[Span]

    def beats_at(self, times_s: TimeArray) -> TimeArray:
        return self.line.beats_at(times_s)

    def times_at(self, beats: TimeArray) -> TimeArray:
        return self.line.times_at(beats)

    def units(self, beats: IntArray) -> IntArray:
        """The note value of a beat by its number: 4 is a quarter note, 8 an eighth. The edge bars go on outwards."""
        firsts = np.array([span.first for span in self.spans])
        units: IntArray = np.array([span.meter.unit for span in self.spans], np.int64)
        return units[np.clip(np.searchsorted(firsts, beats, side="right") - 1, 0, None)]

    def quarter_s(self, beats: IntArray) -> TimeArray:
        """Seconds that a quarter note lasts in each of these beats."""
        starts = beats.astype(np.float64)
        length_s = self.times_at(starts + 1) - self.times_at(starts)
        quarter_s: TimeArray = length_s * self.units(beats) / 4
        return quarter_s
