"""Write notes into a clip in Live so that exactly these are in it: in portions, each looked at afterwards."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from backbeat.live.ableton_osc import AbletonOsc
from backbeat.live.hits_to_clip import ClipNote, ClipNotes
from backbeat.live.live_set import APPEARS_TRIES, ClipSlot, appears

LOG = logging.getLogger(__name__)

MOST_NOTES = 200
"""In one message: 21 bytes a note make 4.2 kB, and macOS sends no datagram above 9216 bytes."""

ALL_PITCHES = (0, 128)
"""Lowest pitch and span. AbletonOSC's own default spans 127 and forgets the highest note."""

CLEAR_FROM_BEATS, CLEAR_SPAN_BEATS = -8192.0, 16384.0
ORANGE_RGB = 0xFF8A2E
"""Live takes the nearest colour of its palette."""

WRITE_TRIES = 4
NEAR_BEATS = 0.002
"""Live answers with 32-bit floats, which are 0.0005 apart at beat 8192."""

FIELDS = 5
"""Of a note in a message: pitch, start, duration, velocity, mute."""


@dataclass(frozen=True, kw_only=True)
class Portion:
    """Notes for one message, and the stretch of the clip in which only they are: from_beats <= start < to_beats."""

    notes: tuple[ClipNote, ...]
    from_beats: float
    to_beats: float


def write_clip(live: AbletonOsc, place: ClipSlot, clip: ClipNotes, *, name: str) -> None:
    """Make the clip, or empty the one that is there, and fill it; it is then as long as `clip`, named and coloured.

    Raises LiveError when Live does not do it, or not all of it.
    """
    if not place.has_clip:
        _create(live, place, clip.length_beats)
    _clear(live, place, clip.length_beats)
    for portion in portions(clip):
        _write(live, place, portion)
    _finish(live, place, clip.length_beats, name)


def fire(live: AbletonOsc, place: ClipSlot) -> None:
    """Have Live play the clip, at its next launch quantisation."""
    live.tell("/live/clip/fire", place.track, place.slot)


def portions(clip: ClipNotes) -> list[Portion]:
    """At most `MOST_NOTES` notes each; together their stretches cover the clip, and begin and end between notes.

    A clip without notes is one portion: it is looked at as well.
    """
    groups: list[tuple[ClipNote, ...]] = []
    rest = clip.notes
    while rest or not groups:
        size = min(MOST_NOTES, len(rest))
        while 1 < size < len(rest) and rest[size].start_beats - rest[size - 1].start_beats < 2 * NEAR_BEATS:
            size -= 1
        groups.append(rest[:size])
        rest = rest[size:]
    edges = [(before[-1].start_beats + after[0].start_beats) / 2 for before, after in pairwise(groups)]
    end_beats = max(clip.length_beats + 1.0, CLEAR_FROM_BEATS + CLEAR_SPAN_BEATS)
    bounds = [CLEAR_FROM_BEATS, *edges, end_beats]
    return [Portion(notes=notes, from_beats=a, to_beats=b) for notes, (a, b) in zip(groups, pairwise(bounds), strict=True)]


def _create(live: AbletonOsc, place: ClipSlot, length_beats: float) -> None:
    """`create_clip` is not answered: ask for the clip until it is there."""
    for _ in range(APPEARS_TRIES):
        live.tell("/live/clip_slot/create_clip", place.track, place.slot, length_beats)
        if appears(live, ("/live/clip_slot/get/has_clip", place.track, place.slot), 1):
            return
    raise live.refused(f"make a clip in slot {place.slot + 1} of track {place.track + 1}")


def _clear(live: AbletonOsc, place: ClipSlot, length_beats: float) -> None:
    """All pitches by number, and what lies beyond the usual range in a clip of more than an hour."""
    start = CLEAR_FROM_BEATS
    while start < length_beats:
        live.tell("/live/clip/remove/notes", place.track, place.slot, *ALL_PITCHES, start, CLEAR_SPAN_BEATS)
        start += CLEAR_SPAN_BEATS


def _write(live: AbletonOsc, place: ClipSlot, portion: Portion) -> None:
    """Add, look, and where it is not as it should be (a packet was lost), empty the stretch and add again."""
    for attempt in range(WRITE_TRIES):
        if attempt:
            LOG.info("Live: notes from beat %.1f on are written again", max(portion.from_beats, 0.0))
            span = portion.to_beats - portion.from_beats
            live.tell("/live/clip/remove/notes", place.track, place.slot, *ALL_PITCHES, portion.from_beats, span)
        fields = [field for note in portion.notes for field in _fields(note)]
        if fields:
            live.tell("/live/clip/add/notes", place.track, place.slot, *fields)
        if _is_there(live, place, portion) or _is_there(live, place, portion):  # a late answer to an earlier look may come first
            return
    raise live.refused(f"take all notes from beat {max(portion.from_beats, 0.0):.1f} on")


def _fields(note: ClipNote) -> tuple[int, float, float, int, int]:
    return note.pitch, note.start_beats, note.duration_beats, note.velocity, 0


def _is_there(live: AbletonOsc, place: ClipSlot, portion: Portion) -> bool:
    span = portion.to_beats - portion.from_beats
    answer = live.ask("/live/clip/get/notes", place.track, place.slot, *ALL_PITCHES, portion.from_beats, span)
    return same_notes(answer, portion)


def same_notes(answer: Sequence[Any], portion: Portion) -> bool:
    """Whether the notes of an answer that lie in the stretch are those of the portion, by pitch and start."""
    if len(answer) % FIELDS:
        return False
    try:
        rows = [(int(answer[n]), float(answer[n + 1])) for n in range(0, len(answer), FIELDS)]
    except (TypeError, ValueError):
        return False
    found = [(pitch, start) for pitch, start in rows if portion.from_beats <= start < portion.to_beats]
    wanted = [(note.pitch, note.start_beats) for note in portion.notes]
    if len(found) != len(wanted):
        return False
    return all(
        one[0] == other[0] and abs(one[1] - other[1]) <= NEAR_BEATS
        for one, other in zip(sorted(found), sorted(wanted), strict=True)
    )


def _finish(live: AbletonOsc, place: ClipSlot, length_beats: float, name: str) -> None:
    """The name comes last and is asked for: when it is there, the rest, which goes before it, nearly always is too."""
    # One that was there may have had another length; its start first, so that no end comes before it.
    fields = {"loop_start": 0.0, "start_marker": 0.0, "loop_end": length_beats, "end_marker": length_beats}
    for _ in range(WRITE_TRIES):
        for field, beats in fields.items():
            live.tell(f"/live/clip/set/{field}", place.track, place.slot, beats)
        live.tell("/live/clip/set/color", place.track, place.slot, ORANGE_RGB)
        live.tell("/live/clip/set/name", place.track, place.slot, name)
        length = float(live.ask("/live/clip/get/length", place.track, place.slot)[0])
        if live.ask("/live/clip/get/name", place.track, place.slot)[0] == name and abs(length - length_beats) < NEAR_BEATS:
            return
    raise live.refused("name the clip and set its length")
