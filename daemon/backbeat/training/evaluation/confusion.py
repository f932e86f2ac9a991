"""What is taken for what among instruments that are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backbeat.records import Hit, IntArray, TimeArray
from backbeat.training.evaluation.scoring import WINDOW_S, matches
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument

HATS = (Instrument.HIHAT_CLOSED, Instrument.HIHAT_OPEN, Instrument.HIHAT_PEDAL)
CYMBALS = (Instrument.RIDE, Instrument.RIDE_BELL, Instrument.CRASH, Instrument.CHINA, Instrument.SPLASH)
TOMS = (Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)
SNARES = (Instrument.SNARE, Instrument.SIDE_STICK, *TOMS)
GROUPS = {"hi-hats": HATS, "cymbals": CYMBALS, "toms": TOMS, "snare, side stick and toms": SNARES}
"""Instruments that are easily confused, by a title."""


def confusion(played: Sequence[Stroke], hits: Sequence[Hit], group: Sequence[Instrument]) -> IntArray:
    """Strokes by what was played (rows) and what was found (columns), int64, shape (k + 1, k + 1) for k instruments of `group`.

    The last column: missed. The last row: found where nothing of the group was played that is not accounted for. A stroke is
    first looked for under its own name, then under the others, one to one within 50 ms; other instruments are left out.
    """
    group = tuple(group)
    table = np.zeros((len(group) + 1, len(group) + 1), np.int64)
    strokes = sorted((stroke.time_s, group.index(stroke.instrument)) for stroke in played if stroke.instrument in group)
    found = sorted((hit.time_s, group.index(hit.instrument)) for hit in hits if hit.instrument in group)
    for name in range(len(group)):
        strokes, found = _taken(strokes, found, name, table)
    strokes, found = _taken(strokes, found, None, table)
    for _, name in strokes:
        table[name, -1] += 1
    for _, name in found:
        table[-1, name] += 1
    return table


_Named = list[tuple[float, int]]


def _taken(strokes: _Named, found: _Named, name: int | None, table: IntArray) -> tuple[_Named, _Named]:
    """Match those of one name (None: all), count them in `table`; returns what is left of both."""
    here = [k for k, (_, own) in enumerate(strokes) if name in {None, own}]
    there = [k for k, (_, own) in enumerate(found) if name in {None, own}]
    pairs = [(here[i], there[j]) for i, j in matches(_times_s(strokes, here), _times_s(found, there), WINDOW_S)]
    for i, j in pairs:
        table[strokes[i][1], found[j][1]] += 1
    used_strokes, used_found = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        [each for k, each in enumerate(strokes) if k not in used_strokes],
        [each for k, each in enumerate(found) if k not in used_found],
    )


def _times_s(named: _Named, places: Sequence[int]) -> TimeArray:
    return np.array([named[k][0] for k in places], np.float64)
