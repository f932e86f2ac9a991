"""A place of its own for every stroke: two of one drum are never written at one place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backbeat.pipeline.score.divisions import BEAT_TICKS, Places
from backbeat.pipeline.score.onsets import Onsets
from backbeat.records import Hits
from backbeat.values import Instrument

_FINEST_STRAIGHT, _FINEST_TRIPLET = 32, 48  # parts of a quarter note: 128th notes, straight and in triplets
_COARSEST = 16  # a whole note's parts: strokes that share a place are put on sixteenths at least


@dataclass(frozen=True, kw_only=True)
class Written:
    """By numbers into Hits. ticks: in 1/BEAT_TICKS of a beat on the line of beats. swung: those that sound later."""

    ticks: dict[int, int]
    swung: frozenset[int]


def written_places(hits: Hits, written: Sequence[int], onsets: Onsets, places: Places) -> Written:
    """The place of its onset for each hit, and for one whose drum has it already the next of a finer division.

    The places of one drum rise strictly.
    """
    ticks: dict[int, int] = {}
    swung: set[int] = set()
    last: dict[Instrument, int] = {}
    proposed, is_swung = places.ticks.tolist(), places.is_swung.tolist()
    of_hit = onsets.of_hit.tolist()
    for instrument, group in _by_beat(hits, written, onsets):
        taken = last.get(instrument, -(10**12))
        wanted = [proposed[of_hit[hit]] for hit in group]
        if wanted[0] > taken and all(before < after for before, after in pairwise(wanted)):
            swung.update(hit for hit in group if is_swung[of_hit[hit]])
        else:
            wanted = _finer([of_hit[hit] for hit in group], taken, onsets, places)
        ticks.update(zip(group, wanted, strict=True))
        last[instrument] = wanted[-1]
    return Written(ticks=ticks, swung=frozenset(swung))


def _by_beat(hits: Hits, written: Sequence[int], onsets: Onsets) -> Iterator[tuple[Instrument, list[int]]]:
    """The strokes of one drum in one beat, in order of time for each drum."""
    groups: dict[tuple[Instrument, int], list[int]] = {}
    beat = onsets.beat.tolist()
    of_hit = onsets.of_hit.tolist()
    for hit in written:
        groups.setdefault((hits.instruments[hit], beat[of_hit[hit]]), []).append(hit)
    return ((instrument, group) for (instrument, _), group in groups.items())


def _finer(group: Sequence[int], taken: int, onsets: Onsets, places: Places) -> list[int]:
    """Rising places for onsets of one beat, all later than `taken`.

    On the coarsest finer division where none is pushed back by more than one place, else on the finest.
    """
    first = group[0]
    start = math.floor(onsets.beats[first])
    shares = [float(onsets.beats[number]) - start for number in group]
    finest = 4 * (_FINEST_TRIPLET if places.is_triplet[first] else _FINEST_STRAIGHT) // int(onsets.unit[first])
    parts, push_limit = int(places.parts[first]), 0.5
    while 2 * parts <= _COARSEST // int(onsets.unit[first]):
        parts *= 2
    while True:
        at_finest = 2 * parts > finest
        found = _rising(shares, taken - start * BEAT_TICKS, BEAT_TICKS // parts, math.inf if at_finest else push_limit)
        if found is not None:
            return [start * BEAT_TICKS + tick for tick in found]
        parts, push_limit = 2 * parts, 1.0


def _rising(shares: Sequence[float], taken: int, step: int, push_limit: float) -> list[int] | None:
    """Ticks from the beat's start, multiples of `step`; None when one is pushed back by more than `push_limit` steps."""
    ticks: list[int] = []
    for share in shares:
        exact = share * BEAT_TICKS / step
        number = max(round(exact), taken // step + 1)
        if number - exact > push_limit + 1e-9:
            return None
        taken = number * step
        ticks.append(taken)
    return ticks
