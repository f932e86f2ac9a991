"""Seconds of the recording and places in its bars, as ticks of a MIDI file: at one tempo, or at that of each bar.

Tick 0 is the recording's first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from backbeat.records import Bar
from backbeat.units import MAX_TEMPO, PPQ, TempoMap, bpm_to_tempo
from backbeat.values import FOUR_FOUR, Meter

_SIXTEENTH = Fraction(1, 4)  # of a quarter note
_FASTEST_QUARTER_S = 0.2  # 300 BPM, the highest that every DAW takes
_WHOLE_BAR_MAX = 8  # quarter notes; in a longer bar a pickup in sixteenths would be more than any meter says


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From `tick` on bars are of this meter."""

    tick: int
    meter: Meter


@dataclass(frozen=True, slots=True)
class BarTicks:
    """Where a bar lies, in ticks that may be broken, and below 0: its start, and how long a quarter note is in it."""

    start: Fraction
    quarter: Fraction


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What a file says about time.

    bars: one for each of the score's. meters: in order, the first at tick 0. end_tick: the bar line at which the last bar ends.
    whole_meter, whole_tempo: of a whole bar at the start, and of one before it.
    """

    tempo_map: TempoMap
    meters: tuple[MeterChange, ...]
    bars: tuple[BarTicks, ...]
    end_tick: int
    whole_meter: Meter
    whole_tempo: int

    def place_tick(self, bar: int, position: Fraction) -> Fraction:
        """The tick, unrounded, of the place `position` quarter notes after the start of bar number `bar`, from 0."""
        return self.bars[bar].start + position * self.bars[bar].quarter

    def end_after(self, tick: int) -> int:
        """The bar line at which a file ends whose last stroke is on `tick`."""
        bar_ticks = ticks_of(length_of(self.meters[-1].meter))
        return self.end_tick + max((tick - self.end_tick) // bar_ticks + 1, 0) * bar_ticks


def length_of(meter: Meter) -> Fraction:
    """Quarter notes in a bar."""
    return Fraction(4 * meter.beats, meter.unit)


def ticks_of(length: Fraction) -> int:
    """Quarter notes to ticks; whole for every length that a meter can have."""
    return int(length * PPQ)


def steady_timeline(bars: Sequence[Bar], tempo_bpm: float, meter: Meter) -> Timeline:
    """One tempo, in quarter notes per minute, and one meter: the recording's bars lie where they were played.

    The end is the bar line of this grid that is nearest to the end of the last bar, so that a clip is whole bars long and loops.
    """
    tempo_map = TempoMap(bpm_to_tempo(tempo_bpm))
    bar_ticks = ticks_of(length_of(meter))
    return Timeline(
        tempo_map=tempo_map,
        meters=(MeterChange(0, meter),),
        bars=tuple(_as_played(bar, tempo_map) for bar in bars),
        end_tick=max(round(tempo_map.time_to_ticks(bars[-1].end_s) / bar_ticks), 1) * bar_ticks,
        whole_meter=meter,
        whole_tempo=tempo_map.changes[0].tempo,
    )


def _as_played(bar: Bar, tempo_map: TempoMap) -> BarTicks:
    start, end = (Fraction(tempo_map.time_to_ticks(time_s)) for time_s in (bar.start_s, bar.end_s))
    return BarTicks(start, (end - start) / bar.length)


def mapped_timeline(bars: Sequence[Bar], *, silent_bars: int) -> Timeline:
    """One tempo for each bar, and every change of meter: bar lines lie where they were played.

    The time before the first downbeat becomes a pickup bar (and whole bars after it, when there is more) at a tempo that ends
    it on the downbeat: of whole sixteenths, or, where nothing sounds in it, of whole quarter notes, because Ardour 7 takes
    tempos to be on quarter notes. Less than half a sixteenth stretches the first quarter note instead: bar 1 stays bar 1.
    Each bar's tempo makes up for the rounding of those before it, so that bar lines never drift.
    silent_bars: the number of bars before the first stroke.
    """
    first, lead = _first_bar(bars)
    if lead and silent_bars >= first:
        lead = _silent_lead(bars[first], lead)
    is_pickup = bars[first].length != length_of(bars[first].meter)
    meters = _early_meters(lead + bars[first].length if is_pickup else lead, bars[first].meter)
    tempo_map = TempoMap(_tempo_over(0.0, bars[first].start_s, lead) if lead else MAX_TEMPO)
    starts = _starts(bars, first, lead)
    for number, bar in enumerate(bars[first:], first):
        tick = ticks_of(starts[number])
        for quarters, at_s in _knots(bar, is_stretched=number == first and not lead and bar.start_s != 0.0):
            tempo_map.add(tick, _tempo_over(tempo_map.tick_to_time(tick), at_s, quarters))
            tick += ticks_of(quarters)
        if not (number == first and is_pickup):
            meters.append(MeterChange(ticks_of(starts[number]), bar.meter))
    return Timeline(
        tempo_map=tempo_map,
        meters=_only_changes(meters),
        bars=tuple(BarTicks(start * PPQ, Fraction(PPQ)) for start in starts),
        end_tick=ticks_of(starts[-1] + bars[-1].length),
        whole_meter=bars[first].meter,
        whole_tempo=bpm_to_tempo(bars[first].tempo_bpm),
    )


def _first_bar(bars: Sequence[Bar]) -> tuple[int, Fraction]:
    """The first bar that starts at the recording's start or after it, and the quarter notes, in sixteenths, before it."""
    for number, bar in enumerate(bars):
        sixteenth_s = 60.0 / bar.tempo_bpm * float(_SIXTEENTH)
        sixteenths = round(bar.start_s / sixteenth_s)
        if sixteenths >= 0:
            return number, sixteenths * _SIXTEENTH
    return len(bars) - 1, Fraction(0)  # the recording ends within its first bar


def _silent_lead(first: Bar, lead: Fraction) -> Fraction:
    """Whole quarter notes, as far as their tempo is one that DAWs know; no stroke is there that they would misplace."""
    if first.start_s < _FASTEST_QUARTER_S:
        return lead
    return Fraction(max(round(first.start_s * first.tempo_bpm / 60), 1))


def _starts(bars: Sequence[Bar], first: int, lead: Fraction) -> list[Fraction]:
    """Where the bars start, in quarter notes from the recording's start; bars that it does not hold are before 0."""
    start = lead - sum((bar.length for bar in bars[:first]), Fraction(0))
    starts = []
    for bar in bars:
        starts.append(start)
        start += bar.length
    return starts


def _knots(bar: Bar, *, is_stretched: bool) -> list[tuple[Fraction, float]]:
    """The parts of a bar that have one tempo: their quarter notes, and when they end."""
    if is_stretched and bar.length > 1:
        return [(Fraction(1), bar.start_s + 60 / bar.tempo_bpm), (bar.length - 1, bar.end_s)]
    return [(bar.length, bar.end_s)]


def _early_meters(length: Fraction, meter: Meter) -> list[MeterChange]:
    """A pickup, then whole bars, so that numbers stay readable after a long silence; together `length` quarter notes."""
    whole = meter if length_of(meter) <= _WHOLE_BAR_MAX else FOUR_FOUR
    pickup = length % length_of(whole)
    changes = [MeterChange(0, _meter_of_length(pickup))] if pickup else []
    return changes + ([MeterChange(ticks_of(pickup), whole)] if length > pickup else [])


def _meter_of_length(length: Fraction) -> Meter:
    """The simplest meter, over 4 or finer, of a bar of `length` quarter notes."""
    unit = 4
    while (length * unit / 4).denominator != 1:
        unit *= 2
    return Meter(int(length * unit / 4), unit)


def _only_changes(meters: Sequence[MeterChange]) -> tuple[MeterChange, ...]:
    return tuple(change for n, change in enumerate(meters) if n == 0 or change.meter != meters[n - 1].meter)


def _tempo_over(start_s: float, end_s: float, length: Fraction) -> int:
    """Microseconds per quarter note that let `length` quarter notes last from `start_s` to `end_s`."""
    return min(max(round((end_s - start_s) * 1_000_000 / float(length)), 1), MAX_TEMPO)
