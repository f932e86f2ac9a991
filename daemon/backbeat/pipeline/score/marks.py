"""Which strokes are marked as soft or loud: ghost notes in parentheses, accents with a wedge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.records import Hits, IntArray
from backbeat.values import Instrument

GHOSTED = frozenset({Instrument.SNARE})
ACCENTED = frozenset(Instrument) - {Instrument.KICK, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH}

_GHOST_SHARE = 0.45  # of the backbeats' velocity: less is a ghost note
_BACKBEAT_PERCENTILE = 80  # of a drum's velocities: what its full strokes have
_STROKES_MIN = 4  # to know what is usual
_ACCENT_SHARE, _ACCENT_MORE = 1.35, 25  # times, and more than, what is usual: an accent
_ACCENTS_SHARE_MAX = 0.15  # of the strokes: what is marked more often is the rule and not marked at all
_TOGETHER_S = 0.030  # strokes of other drums that are at the same time
_AROUND = 8  # strokes on each side that say what is usual there


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Numbers into Hits."""

    ghosts: frozenset[int]
    accents: frozenset[int]


def marks_of(hits: Hits, strokes: Sequence[int]) -> Marks:
    """Ghost notes and accents among `strokes`, which are the hits that are notes of their own."""
    ghosts: set[int] = set()
    accents: set[int] = set()
    by_instrument: dict[Instrument, list[int]] = {}
    for stroke in strokes:
        by_instrument.setdefault(hits.instruments[stroke], []).append(stroke)
    for instrument, numbers in by_instrument.items():
        if len(numbers) < _STROKES_MIN:
            continue
        if instrument in GHOSTED:
            velocity = hits.velocity[numbers]
            limit = _GHOST_SHARE * float(np.percentile(velocity, _BACKBEAT_PERCENTILE))
            ghosts.update(np.array(numbers)[velocity < limit].tolist())
        if instrument in ACCENTED:
            loud = _accents([number for number in numbers if number not in ghosts], hits.velocity)
            accents.update(number for number in loud if _is_loudest(number, hits))
    return Marks(ghosts=frozenset(ghosts), accents=frozenset(accents))


def _accents(numbers: Sequence[int], velocity: IntArray) -> list[int]:
    """Strokes louder than is usual for their drum in the piece and around them."""
    if len(numbers) < _STROKES_MIN:
        return []
    own = velocity[list(numbers)].astype(np.float64)
    padded = np.pad(own, _AROUND, mode="reflect" if len(own) > _AROUND else "edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    usual = np.maximum(np.median(around, axis=1), float(np.median(own)))
    loud = (own >= _ACCENT_SHARE * usual) & (own >= usual + _ACCENT_MORE)
    if loud.mean() > _ACCENTS_SHARE_MAX:
        return []
    return [number for number, is_loud in zip(numbers, loud.tolist(), strict=True) if is_loud]


def _is_loudest(number: int, hits: Hits) -> bool:
    """A hat under a loud snare sounds louder than it was played, and nobody hears its accent."""
    first, end = np.searchsorted(hits.time_s, hits.time_s[number] + np.array([-_TOGETHER_S, _TOGETHER_S]))
    return bool(hits.velocity[number] >= hits.velocity[first:end].max())
