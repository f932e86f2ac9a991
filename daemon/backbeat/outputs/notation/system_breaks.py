"""How many bars stand on one line: four, as drummers count them, or two where they would be too narrow."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backbeat.outputs.notation.drum_voices import VoicesOfBar
from backbeat.records import Bar

BARS_PER_SYSTEM = 4

_MAX_COLUMNS = 52.0
"""Chords on a line of A4 or Letter, some 3.4 mm each: MuseScore sets 56 and carries a bar of a line with 60 over."""

_GRACE_COLUMNS = 0.6
_GHOST_COLUMNS = 0.3  # what a pair of parentheses takes
_BAR_COLUMNS = 1.0  # what a bar line takes
_METER_COLUMNS = 1.5  # what a new time signature takes


def system_starts(bars: Sequence[Bar], voices: Sequence[VoicesOfBar], repeated: Collection[int]) -> frozenset[int]:
    """Indices of the bars that begin a line; the first bar's is not among them.

    A pickup shares the first line. The four bars of a line that would be too full go on two lines.
    """
    widths = [
        _BAR_COLUMNS if index in repeated else _columns(bar_voices) + _meter_columns(bars, index)
        for index, bar_voices in enumerate(voices)
    ]
    first = next((index for index, bar in enumerate(bars) if not bar.is_pickup), 0)
    starts = set()
    for start in range(first, len(bars), BARS_PER_SYSTEM):
        line = widths[(0 if start == first else start) : start + BARS_PER_SYSTEM]
        starts |= {start} - {first}
        if sum(line) > _MAX_COLUMNS and start + BARS_PER_SYSTEM // 2 < len(bars):
            starts.add(start + BARS_PER_SYSTEM // 2)
    return frozenset(starts)


def _columns(voices: VoicesOfBar) -> float:
    places = {at for chords in voices.values() for at in chords}
    chords_of_bar = [chord for chords in voices.values() for chord in chords.values()]
    graces = sum(len(chord.graces) for chord in chords_of_bar)
    ghosts = sum(any(stroke.note.is_ghost for stroke in chord.strokes) for chord in chords_of_bar)
    return max(len(places), 2) + _GRACE_COLUMNS * graces + _GHOST_COLUMNS * ghosts + _BAR_COLUMNS


def _meter_columns(bars: Sequence[Bar], index: int) -> float:
    return _METER_COLUMNS if index == 0 or bars[index].meter != bars[index - 1].meter else 0.0
