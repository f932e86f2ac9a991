"""A drum loop out of nothing but arithmetic: decaying sines and shaped noise, with every stroke known.

Eight bars of rock at 108 BPM: a crash at the head, closed hats with an open one before the fourth bar ends, and a
fill over the toms in the eighth. It shows a new user the whole path without a recording of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.built_in_kit import SOUNDS
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

TEMPO_BPM = 108.0
BARS = 8
BEATS_PER_BAR = 4
LEAD_IN_S = 0.05
"""Silence before the first stroke, as a bounce has it when it does not start on the sample."""

PEAK = 0.89
"""About -1 dBFS."""

_SEED = 108


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One known hit of the loop. velocity: 0..1."""

    time_s: float
    instrument: Instrument
    velocity: float


def demo_strokes() -> tuple[Stroke, ...]:
    """Every stroke of the loop, sorted by time."""
    beat_s = 60.0 / TEMPO_BPM
    strokes = (
        Stroke(time_s=LEAD_IN_S + (bar * BEATS_PER_BAR + beat) * beat_s, instrument=instrument, velocity=velocity)
        for bar in range(BARS)
        for beat, instrument, velocity in _bar(bar)
    )
    return tuple(sorted(strokes, key=lambda stroke: stroke.time_s))


def demo_audio() -> tuple[NDArray[np.float32], int]:
    """The loop as mono float32 (n,), peak 0.89, and its sample rate; the same at every call."""
    noise = np.random.default_rng(_SEED)
    length_s = LEAD_IN_S + BARS * BEATS_PER_BAR * 60.0 / TEMPO_BPM
    loop = np.zeros(round((length_s + 1.0) * ANALYSIS_RATE_HZ))
    for stroke in demo_strokes():
        sound = SOUNDS[stroke.instrument](noise) * stroke.velocity
        start = round(stroke.time_s * ANALYSIS_RATE_HZ)
        end = min(start + len(sound), len(loop))
        loop[start:end] += sound[: end - start]
    loop *= PEAK / np.abs(loop).max()
    return loop.astype(np.float32), ANALYSIS_RATE_HZ


def _bar(bar: int) -> Iterator[tuple[float, Instrument, float]]:
    """(beat from 0, instrument, velocity) of one bar."""
    is_last = bar == BARS - 1
    if bar in (0, 4):
        yield 0.0, Instrument.CRASH, 0.9
    for beat, velocity in ((0.0, 1.0), (2.0, 0.95), (2.5, 0.8)):
        if not (is_last and beat > 2.0):
            yield beat, Instrument.KICK, velocity
    yield 1.0, Instrument.SNARE, 0.9
    if not is_last:
        yield 3.0, Instrument.SNARE, 0.95
    for eighth in range(4 if is_last else 8):
        beat = eighth / 2
        if beat == 0.0 and bar in (0, 4):
            continue  # that hand is on the crash
        if bar == 3 and eighth == 7:
            yield beat, Instrument.HIHAT_OPEN, 0.8
        else:
            yield beat, Instrument.HIHAT_CLOSED, 0.75 if eighth % 2 == 0 else 0.55
    if is_last:
        drums = (Instrument.SNARE, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)
        yield from ((2.0 + n / 4, drums[n // 2], 0.7 + 0.03 * n) for n in range(8))
