"""A stroke: what a drummer does, before there is any sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from backbeat.values import Instrument

SOFTEST_VELOCITY = 6
"""Below this nothing is played or labelled: it would lie 40 dB under a loud stroke."""

_FLAM_FREE_S = 0.012


class Stroke(NamedTuple):
    """time_s: when the attack sounds, from the segment's start (may be negative: before it); velocity 1..127."""

    time_s: float
    instrument: Instrument
    velocity: int


def tidy(strokes: Iterable[Stroke]) -> list[Stroke]:
    """Sorted by time, inaudible ones and double triggers of one pad (within 12 ms) left out, velocities within 1..127."""
    kept: list[Stroke] = []
    last: dict[Instrument, float] = {}
    for stroke in sorted(strokes):
        if stroke.velocity < SOFTEST_VELOCITY or stroke.time_s - last.get(stroke.instrument, -9.0) < _FLAM_FREE_S:
            continue
        last[stroke.instrument] = stroke.time_s
        kept.append(stroke._replace(velocity=min(int(stroke.velocity), 127)))
    return kept
