"""Hits to what a drum plugin is played: each on its sample, as loud and as long as in the MIDI file."""

from __future__ import annotations

from collections.abc import Mapping

from backbeat.host.tasks import Note
from backbeat.records import Hits
from backbeat.values import Instrument
from backbeat.velocity_curve import VelocityCurve

NOTE_S = 0.1
"""How long a note is held, at most until the same note is struck again: drum samples play to their end."""


def hits_to_performance(
    hits: Hits, notes: Mapping[Instrument, int], curve: VelocityCurve, sample_rate_hz: int
) -> tuple[Note, ...]:
    """Notes sorted by sample. Two instruments that share a note sound once where they fall together, as the louder."""
    loudest: dict[tuple[int, int], int] = {}
    for hit in hits:
        place = round(hit.time_s * sample_rate_hz), notes[hit.instrument]
        loudest[place] = max(loudest.get(place, 0), curve.apply(hit.velocity))
    performance: list[Note] = []
    next_on: dict[int, int] = {}
    for (on, note), velocity in sorted(loudest.items(), reverse=True):
        off = min(on + round(NOTE_S * sample_rate_hz), next_on.get(note, on + sample_rate_hz))
        next_on[note] = on
        performance.append(Note(on=on, off=off, note=note, velocity=velocity))
    return tuple(reversed(performance))
