"""A made-up drummer without a click, ten minutes long if need be: every stroke and every bar line is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.records import BeatGrid, Hit, Hits, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument, Meter

TimeArray = NDArray[np.float64]
LOOSE_S = 0.006
"""How far strokes are from their eighth notes, as a normal distribution's width."""

CHANGING = (*(FOUR_FOUR,) * 4, Meter(7, 8), Meter(7, 8), Meter(3, 4), Meter(6, 8))
"""Bars of a piece with odd meters, again and again."""


@dataclass(frozen=True, kw_only=True)
class Drummer:
    """hits: of kick, snare, hats and a tom. grid: the meters' beats. bars_s: the bar lines, and the end of the last bar."""

    hits: Hits
    grid: BeatGrid
    bars_s: TimeArray
    duration_s: float


def drummer(
    *,
    duration_s: float,
    start_s: float = 0.0,
    bpm: float = 112.0,
    drift: float = 1.0,
    meters: tuple[Meter, ...] = (FOUR_FOUR,),
    seed: int = 1,
) -> Drummer:
    """Somebody whose tempo sways by 6 % within a minute and wanders by about 1 % a bar: the first downbeat is at `start_s`.

    drift: so many times as much; 0 is a drummer with a click.
    """
    random = np.random.default_rng(seed)
    time_s, wander = start_s, 0.0
    beats_s: list[float] = []
    numbers: list[int] = []
    bars_s = [time_s]
    played: list[Meter] = []
    rows: list[Hit] = []
    while time_s < duration_s:
        meter = meters[len(played) % len(meters)]
        wander = 0.9 * wander + random.normal(0, 0.01)
        eighth_s = 30 / bpm * (1 + drift * (0.06 * np.sin(2 * np.pi * time_s / 47) + wander))
        step = 8 // meter.unit
        for eighth in range(meter.beats * step):
            if eighth % step == 0:
                beats_s.append(time_s)
                numbers.append(eighth // step + 1)
            at_s = max(time_s + random.normal(0, LOOSE_S), 0.0)
            rows += [Hit(at_s, drum, int(random.integers(70, 120)), 1.0) for drum in _struck(eighth, len(played))]
            time_s += eighth_s
        played.append(meter)
        bars_s.append(time_s)
    grid = BeatGrid(
        times_s=np.array(beats_s),
        numbers=np.array(numbers),
        meters=tuple(played),
        tempo_bpm=bpm * played[0].unit / 4,
        confidence=1.0,
        bpm_unreliable=False,
        engine="drummer",
    )
    return Drummer(hits=hits_from_rows(rows, engine="drummer"), grid=grid, bars_s=np.array(bars_s), duration_s=time_s)


def _struck(eighth: int, bar: int) -> list[Instrument]:
    """Hats in eighths, kick on one and three, snare on two and four, a tom now and then: all have a sharp beginning."""
    drum = {0: Instrument.KICK, 2: Instrument.SNARE, 4: Instrument.KICK, 6: Instrument.SNARE}.get(eighth % 8)
    if bar % 4 == 3 and eighth == 5:
        return [Instrument.TOM_LOW]
    return [Instrument.HIHAT_CLOSED] + ([drum] if drum else [])
