"""Hits on the built-in kit: for those who have no drum plugin, or want a quick look by ear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backbeat.built_in_kit import SOUNDS
from backbeat.records import FloatArray, Hits
from backbeat.values import ANALYSIS_RATE_HZ, Instrument
from backbeat.velocity_curve import VELOCITY_MAX, VelocityCurve

NAME = "the built-in kit"
TAKES = 4
"""So many strokes of a drum differ; then they come again."""

_LEVEL = 0.5
_CHOKE_S = 0.02
_CHOKED_BY = (Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN)
_SEED = 14


def play_built_in(hits: Hits, curve: VelocityCurve, length: int) -> FloatArray:
    """The hits as sound, float32 (1, n) at ANALYSIS_RATE_HZ, `length` samples or until the last has died away.

    A stroke on the hats ends an open one. The same hits sound the same every time.
    """
    takes = _takes({hit.instrument for hit in hits})
    strokes = [(round(hit.time_s * ANALYSIS_RATE_HZ), hit) for hit in hits]
    end = max((at + len(takes[hit.instrument][0]) for at, hit in strokes), default=0)
    sound = np.zeros(max(length, end))
    for number, (at, hit) in enumerate(strokes):
        stroke = takes[hit.instrument][number % TAKES] * (_LEVEL * curve.apply(hit.velocity) / VELOCITY_MAX)
        if hit.instrument is Instrument.HIHAT_OPEN:
            closes = (later for later, other in strokes[number + 1 :] if other.instrument in _CHOKED_BY and later > at)
            stroke = _ended(stroke, next(closes, len(sound)) - at)
        sound[at : at + len(stroke)] += stroke
    return sound.astype(np.float32)[None]


def _takes(instruments: set[Instrument]) -> dict[Instrument, list[NDArray[np.float64]]]:
    return {
        instrument: [SOUNDS[instrument](np.random.default_rng([_SEED, number])) for number in range(TAKES)]
        for instrument in instruments
    }


def _ended(stroke: NDArray[np.float64], after: int) -> NDArray[np.float64]:
    """The stroke as far as `after` samples, with a short fade behind."""
    fade = np.linspace(1, 0, round(_CHOKE_S * ANALYSIS_RATE_HZ))
    kept = stroke[: after + len(fade)].copy()
    kept[after:] *= fade[: max(len(kept) - after, 0)]
    return kept
