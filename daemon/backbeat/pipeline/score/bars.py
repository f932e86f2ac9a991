"""Bars over a line of beats: those of the grid, and as many before and after it as are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from backbeat.pipeline.beat_line import BeatLine
from backbeat.records import Bar, BeatGrid
from backbeat.values import FOUR_FOUR, Meter

_METER_BEATS_MAX = 32


@dataclass(frozen=True, kw_only=True)
class Span:
    """`beats` beats from beat `first` on make a bar; fewer than the meter's only in a pickup."""

    first: int
    beats: int
    meter: Meter

    @property
    def end(self) -> int:
        return self.first + self.beats

    @property
    def is_pickup(self) -> bool:
        return self.beats < self.meter.beats


def beat_length(meter: Meter) -> Fraction:
    """Quarter notes in one beat of a grid: a grid's beats are the meter's, so an eighth note in 6/8 and 7/8."""
    return Fraction(4, meter.unit)


def spans_of_grid(grid: BeatGrid) -> list[Span]:
    """The grid's bars in order, without gaps; the last is completed. An empty grid gives one bar of 4/4."""
    if not len(grid.times_s):
        return [Span(first=0, beats=FOUR_FOUR.beats, meter=FOUR_FOUR)]
    starts = [int(start) for start in grid.bar_starts]
    ends = [*starts[1:], len(grid.times_s)]
    spans: list[Span] = []
    for number, (first, end, meter) in enumerate(zip(starts, ends, grid.meters, strict=True)):
        wanted = meter.beats - min(int(grid.numbers[first]) - 1, meter.beats - 1)
        beats = max(end - first, wanted) if number == len(starts) - 1 else end - first
        if number == 0 and beats < meter.beats and grid.numbers[first] != 1:
            spans.append(Span(first=first, beats=beats, meter=meter))
        else:
            spans += _whole_spans(first, beats, meter)
    return spans


def covering(spans: list[Span], low: int, high: int) -> list[Span]:
    """Bars over beats `low` to `high`: spans are added at both ends, and left out after `high`; the first always stays.

    Before the grid come whole bars of its first meter, and at the very front no more beats than are needed.
    """
    kept = [span for span in spans if span.first <= high] or spans[:1]
    return _before(kept[0], low) + kept[1:] + _after(kept[-1], high)


def bars_of_spans(spans: list[Span], line: BeatLine) -> tuple[Bar, ...]:
    """The spans with their times; a pickup has number 0, otherwise bars count from 1."""
    first_number = 0 if spans[0].is_pickup else 1
    return tuple(
        Bar(
            number=number,
            meter=span.meter,
            start_s=line.time(span.first),
            end_s=line.time(span.end),
            length=span.beats * beat_length(span.meter),
        )
        for number, span in enumerate(spans, start=first_number)
    )


def _whole_spans(first: int, beats: int, meter: Meter) -> list[Span]:
    """A bar whose number of beats is not the meter's is a bar of its own meter; a very long one is cut into bars."""
    if beats < 2 * meter.beats and beats <= _METER_BEATS_MAX:
        return [Span(first=first, beats=beats, meter=Meter(beats, meter.unit))]
    spans = []
    while beats:
        part = min(meter.beats, beats)
        spans.append(Span(first=first, beats=part, meter=Meter(part, meter.unit)))
        first, beats = first + part, beats - part
    return spans


def _before(first: Span, low: int) -> list[Span]:
    missing = max(first.first - low, 0)
    grown = min(missing, first.meter.beats - first.beats)
    spans = [replace(first, first=first.first - grown, beats=first.beats + grown)]
    missing -= grown
    while missing > 0:
        beats = min(missing, first.meter.beats)
        spans.insert(0, Span(first=spans[0].first - beats, beats=beats, meter=first.meter))
        missing -= beats
    return spans


def _after(last: Span, high: int) -> list[Span]:
    spans: list[Span] = []
    end = last.end
    while end <= high:
        spans.append(Span(first=end, beats=last.meter.beats, meter=last.meter))
        end += last.meter.beats
    return spans
