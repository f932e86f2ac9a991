"""Bars that are the same as the bar before them, for which drummers write a repeat sign."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backbeat.outputs.notation.drum_voices import DrumChord, VoicesOfBar
from backbeat.records import Bar


def repeated_bars(bars: Sequence[Bar], voices: Sequence[VoicesOfBar], tempo_changes: Collection[int]) -> frozenset[int]:
    """Indices of bars that look like the one before: same meter, strokes and marks, whatever their velocities.

    Empty bars are not repeated, nor are bars that a roll leads into or where the tempo changes.
    """
    return frozenset(
        index
        for index in range(1, len(bars))
        if index not in tempo_changes
        and (bars[index].meter, bars[index].length) == (bars[index - 1].meter, bars[index - 1].length)
        and any(voices[index].values())
        and not any(chord.is_held for chords in voices[index].values() for chord in chords.values())
        and _looks(voices[index]) == _looks(voices[index - 1])
    )


def _looks(voices: VoicesOfBar) -> object:
    return {voice: {at: _chord_looks(chord) for at, chord in chords.items()} for voice, chords in voices.items()}


def _chord_looks(chord: DrumChord) -> object:
    strokes = frozenset((stroke.note.instrument, stroke.note.is_ghost) for stroke in chord.strokes)
    graces = tuple(frozenset(stroke.note.instrument for stroke in grace) for grace in chord.graces)
    return strokes, graces, chord.is_accent, chord.tremolo, chord.lasts, chord.hat_mark
