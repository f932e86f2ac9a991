"""Strokes that are no notes of their own: grace notes of flams and drags, and the strokes of rolls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from backbeat.pipeline.score.rolls import Roll, rolls_of
from backbeat.pipeline.score.ruler import Ruler
from backbeat.records import Hits, TimeArray
from backbeat.values import Instrument

GRACES_MAX = 3
"""Before one stroke: one is a flam, two a drag, three a ruff."""

_DRAG_STRETCH = 1.8  # two soft strokes before a loud one are a drag up to so many flams apart, when they are softer than
_DRAG_SOFT = 0.7  # of the loud one's velocity, and quicker than
_DRAG_SIXTEENTHS = 0.75  # of a sixteenth


@dataclass(frozen=True, kw_only=True)
class Ornaments:
    """By numbers into Hits.

    graces: grace to its stroke. rolls: in order of their first strokes. written: the hits that get places of their own, which
    are all but the graces and the further strokes of rolls; rising.
    """

    graces: Mapping[int, int]
    rolls: tuple[Roll, ...]
    written: tuple[int, ...]


def ornaments_of(hits: Hits, ruler: Ruler, *, flam_s: float) -> Ornaments:
    """Find graces and rolls, drum by drum. `flam_s` 0: no graces."""
    quarter_s = ruler.quarter_s(np.floor(ruler.beats_at(hits.time_s)).astype(np.int64))
    graces: dict[int, int] = {}
    rolls: list[Roll] = []
    for instrument, strokes in _by_instrument(hits).items():
        found = rolls_of(strokes, instrument, hits, ruler, quarter_s)
        rolls += found
        rolled = {stroke for roll in found for stroke in roll.strokes[1:]}
        if flam_s > 0:
            graces |= _graces([stroke for stroke in strokes if stroke not in rolled], hits, quarter_s, flam_s)
    rolls.sort(key=lambda roll: roll.strokes[0])
    # A roll that begins with a flam has it; a grace that begins a roll is a part of it.
    begun = {roll.strokes[0] for roll in rolls}
    graces = {grace: stroke for grace, stroke in graces.items() if grace not in begun}
    hidden = set(graces) | {stroke for roll in rolls for stroke in roll.strokes[1:]}
    return Ornaments(graces=graces, rolls=tuple(rolls), written=tuple(n for n in range(len(hits)) if n not in hidden))


def _by_instrument(hits: Hits) -> dict[Instrument, list[int]]:
    strokes: dict[Instrument, list[int]] = {}
    for number, instrument in enumerate(hits.instruments):
        strokes.setdefault(instrument, []).append(number)
    return strokes


def _graces(strokes: Sequence[int], hits: Hits, quarter_s: TimeArray, flam_s: float) -> dict[int, int]:
    """The graces of one drum: chains of close strokes, whose last is the stroke."""
    chains: list[list[int]] = []
    for stroke in strokes:
        if chains and len(chains[-1]) <= GRACES_MAX and hits.time_s[stroke] - hits.time_s[chains[-1][-1]] < flam_s:
            chains[-1].append(stroke)
        else:
            chains.append([stroke])
    chains = _drags(chains, hits, quarter_s, flam_s)
    return {grace: chain[-1] for chain in chains for grace in chain[:-1]}


def _drags(chains: list[list[int]], hits: Hits, quarter_s: TimeArray, flam_s: float) -> list[list[int]]:
    """Chains with those joined that are two soft strokes before a loud one: a drag is slower than a flam."""
    joined: list[list[int]] = []
    for chain in chains:
        joined.append(chain)
        before = joined[-2][-1] if len(joined) > 1 else None
        if before is None or hits.time_s[chain[0]] - hits.time_s[before] > _DRAG_STRETCH * flam_s:
            continue
        for parts in (joined[-2:], joined[-3:]):
            strokes = [stroke for part in parts for stroke in part]
            if len(strokes) == 3 and _is_drag(strokes, hits, float(quarter_s[strokes[-1]]), flam_s):
                joined[-len(parts) :] = [strokes]
                break
    return joined


def _is_drag(strokes: Sequence[int], hits: Hits, quarter_s: float, flam_s: float) -> bool:
    gap_max_s = min(_DRAG_STRETCH * flam_s, _DRAG_SIXTEENTHS * quarter_s / 4)
    soft = max(hits.velocity[stroke] for stroke in strokes[:-1]) < _DRAG_SOFT * hits.velocity[strokes[-1]]
    return bool(soft) and all(hits.time_s[after] - hits.time_s[before] <= gap_max_s for before, after in pairwise(strokes))
