"""What a beat tracker follows in a meter: quarters in 4/4, dotted quarters in 6/8, eighths in 7/8.

A tracker hears the pulse that one taps to, between about 55 and 215 a minute; a grid's beats are the meter's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backbeat.pipeline.beat_grid import CountedBeats, beat_bpm_of
from backbeat.values import Meter


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """per_bar: pulses in one bar. beats: how many beats of the meter one pulse lasts; below 1 in 2/2 and 3/2."""

    per_bar: int
    beats: Fraction


def pulse_of(meter: Meter) -> Pulse:
    """The pulse of a meter.

    Half notes are tapped in quarters. Shorter notes go in threes where the bar allows (6/8, 9/8, 12/8), else in twos
    down to quarters (4/8, 8/16), else as they are (5/8, 7/8).
    """
    if meter.unit <= 4:
        each = Fraction(meter.unit, 4)
    elif meter.beats % 3 == 0 and meter.beats > 3:
        each = Fraction(3)
    else:
        each = Fraction(1)
        while meter.beats % (2 * each) == 0 and each < meter.unit // 4:
            each *= 2
    return Pulse(per_bar=int(meter.beats / each), beats=each)


def pulse_bpm_of(quarter_bpm: float, meter: Meter) -> float:
    """Pulses per minute at a DAW's tempo, which counts quarter notes."""
    return beat_bpm_of(quarter_bpm, meter) / float(pulse_of(meter).beats)


def pulses_to_beats(pulses: CountedBeats, meter: Meter) -> CountedBeats:
    """Pulses counted 1..per_bar to beats counted 1..meter.beats: divided evenly, or every other one left out.

    The last pulse is not divided, since the next one is not known.
    """
    each = pulse_of(meter).beats
    if each < 1:
        places = [(int(number) - 1) * each for number in pulses.numbers]  # in beats from the start of the bar
        whole = np.array([place.denominator == 1 for place in places], dtype=bool)
        numbers = np.array([int(place) + 1 for place in places if place.denominator == 1], dtype=np.int64)
        return CountedBeats(times_s=pulses.times_s[whole], numbers=numbers)
    parts = int(each)
    if parts == 1 or not len(pulses.times_s):
        return pulses
    steps = np.arange((len(pulses.times_s) - 1) * parts + 1)
    times_s = np.interp(steps / parts, np.arange(len(pulses.times_s)), pulses.times_s)
    firsts = np.repeat(pulses.numbers - 1, parts)[: len(steps)] * parts
    return CountedBeats(times_s=times_s, numbers=firsts + steps % parts + 1)
