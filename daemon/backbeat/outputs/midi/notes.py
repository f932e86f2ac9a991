"""The strokes of a score as notes of a MIDI file: on which tick, how loud, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.timeline import Timeline
from backbeat.records import Score, ScoreNote
from backbeat.units import PPQ
from backbeat.values import Instrument

NOTE_TICKS = PPQ // 8
"""A 32nd note: drums ring as long as they ring, the length only has to show in an editor."""


@dataclass(frozen=True, slots=True)
class MidiNote:
    """One stroke. tick, end_tick: from the recording's first sample, 0 <= tick < end_tick."""

    tick: int
    end_tick: int
    note: int
    velocity: int
    instrument: Instrument


def score_to_notes(score: Score, timeline: Timeline, style: MidiStyle) -> list[MidiNote]:
    """Every stroke of the score, graces and rolls with it, sorted by tick and note.

    A true time is met within half a tick; nothing comes before tick 0. A stroke that would fall on the tick of another on the
    same instrument comes a tick later. Two instruments that share a note sound once where they fall together, as the louder.
    A note ends before the same note begins again, and before the file does.
    """
    loudest: dict[tuple[int, int], MidiNote] = {}
    taken: dict[Instrument, set[int]] = defaultdict(set)
    for stroke in score.notes:
        tick = max(round(_ticks(stroke, timeline, style.quantize / 100)), 0)
        while tick in taken[stroke.instrument]:
            tick += 1
        taken[stroke.instrument].add(tick)
        note = MidiNote(
            tick=tick,
            end_tick=tick + NOTE_TICKS,
            note=style.notes[stroke.instrument],
            velocity=style.velocity_curve.apply(stroke.velocity),
            instrument=stroke.instrument,
        )
        key = (note.tick, note.note)
        if key not in loudest or note.velocity > loudest[key].velocity:
            loudest[key] = note
    return _ended([note for _, note in sorted(loudest.items())], timeline)


def _ticks(stroke: ScoreNote, timeline: Timeline, share: float) -> float:
    """Where the stroke sounds; with a share of 1 exactly its place, with 0 exactly its time."""
    played = timeline.tempo_map.time_to_ticks(stroke.time_s)
    return (1 - share) * played + share * float(timeline.place_tick(stroke.bar, stroke.sounding))


def _ended(notes: Sequence[MidiNote], timeline: Timeline) -> list[MidiNote]:
    next_tick: dict[int, int] = defaultdict(lambda: timeline.end_after(notes[-1].tick))
    ended = []
    for note in reversed(notes):
        ended.append(replace(note, end_tick=min(note.end_tick, next_tick[note.note])))
        next_tick[note.note] = note.tick
    return ended[::-1]
