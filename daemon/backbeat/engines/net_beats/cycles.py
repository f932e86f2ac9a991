"""Bars as a beat tracker goes through them: pulses that are as long as one another, or half as long again.

What is tapped to in 7/8 is not even: 2+2+3 eighths are two pulses of a quarter and one of a dotted quarter.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from backbeat.pipeline.pulse import pulse_of
from backbeat.values import FOUR_FOUR, Meter

TRIED_METERS = (FOUR_FOUR, Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8))
"""The meters that are told apart without a hint, in the order of the network's second output."""
_MOST_GROUPINGS = 6


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One way to count a bar.

    lengths: of its pulses, in pulses (1 or 1.5). beats: how many beats of the meter each lasts; below 1 in 2/2. pulse_quarters:
    how many quarter notes a pulse of length 1 lasts, to translate tempi.
    """

    meter: Meter
    lengths: tuple[float, ...]
    beats: tuple[Fraction, ...]
    pulse_quarters: float


def cycles_of(meter: Meter) -> tuple[Cycle, ...]:
    """All ways to count a bar of a meter: one, or for 5/8, 7/8 and their like one for each order of twos and threes."""
    pulse = pulse_of(meter)
    if meter.unit > 4 and pulse.beats == 1 and meter.beats > 4:
        return tuple(_grouped(meter, groups) for groups in _groupings(meter.beats))
    even = Cycle(
        meter=meter,
        lengths=(1.0,) * pulse.per_bar,
        beats=(pulse.beats,) * pulse.per_bar,
        pulse_quarters=float(pulse.beats) * 4 / meter.unit,
    )
    return (even,)


def _grouped(meter: Meter, groups: tuple[int, ...]) -> Cycle:
    return Cycle(
        meter=meter,
        lengths=tuple(group / 2 for group in groups),
        beats=tuple(Fraction(group) for group in groups),
        pulse_quarters=8 / meter.unit,
    )


def _groupings(beats: int) -> list[tuple[int, ...]]:
    """So many beats in twos and one three, the three at the end first; at most six orders."""
    groups = (2,) * ((beats - 3) // 2) + (3,)
    return sorted(set(permutations(groups)))[:_MOST_GROUPINGS]
