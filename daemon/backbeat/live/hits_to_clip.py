"""Hits as the notes of a clip in Live, whose time is beats."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from backbeat.records import Hits
from backbeat.values import Instrument, Meter
from backbeat.velocity_curve import VelocityCurve

NOTE_BEATS = 0.125
"""A 32nd note: drums ring as long as they ring, the length only has to show in the editor."""

SAME_BEATS = 0.004
"""Notes of one pad that are closer (2 ms at 120 BPM) sound once, as the louder."""


@dataclass(frozen=True, kw_only=True)
class ClipNote:
    """pitch: 0..127. start, duration: in beats (quarter notes) from the clip's start, >= 0 and > 0. velocity: 1..127."""

    pitch: int
    start_beats: float
    duration_beats: float
    velocity: int


@dataclass(frozen=True, kw_only=True)
class ClipNotes:
    """The notes of a clip, by start and pitch, and its length: whole bars, at least one."""

    notes: tuple[ClipNote, ...]
    length_beats: float


def hits_to_clip(
    hits: Hits,
    *,
    notes: Mapping[Instrument, int],
    velocity_curve: VelocityCurve,
    tempo_bpm: float,
    meter: Meter,
    duration_s: float,
) -> ClipNotes:
    """Every hit where it is in the recording: beats = seconds * tempo / 60, so the clip lies on the audio in a set of that tempo.

    tempo_bpm, meter: of the set. duration_s: of the recording. A note ends before the same pad is struck again.
    """
    beats_per_s = tempo_bpm / 60
    made: list[ClipNote] = []
    last: dict[int, int] = {}
    for hit in hits:
        note = ClipNote(
            pitch=notes[hit.instrument],
            start_beats=max(hit.time_s * beats_per_s, 0.0),
            duration_beats=NOTE_BEATS,
            velocity=velocity_curve.apply(hit.velocity),
        )
        before = last.get(note.pitch)
        if before is not None and note.start_beats - made[before].start_beats < SAME_BEATS:
            made[before] = replace(made[before], velocity=max(note.velocity, made[before].velocity))
            continue
        if before is not None:
            made[before] = replace(made[before], duration_beats=min(NOTE_BEATS, note.start_beats - made[before].start_beats))
        last[note.pitch] = len(made)
        made.append(note)
    made.sort(key=lambda note: (note.start_beats, note.pitch))
    end_beats = max([duration_s * beats_per_s, *(note.start_beats + SAME_BEATS for note in made)])
    bar_beats = float(meter.quarters)
    return ClipNotes(notes=tuple(made), length_beats=max(math.ceil(round(end_beats / bar_beats, 6)), 1) * bar_beats)
