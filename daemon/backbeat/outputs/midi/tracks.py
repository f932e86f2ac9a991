"""Notes and timeline to the bytes of a Standard MIDI File, in the tracks that the style asks for."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import mido

import backbeat
from backbeat.outputs.midi.notes import MidiNote
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.timeline import MeterChange, Timeline, length_of, ticks_of
from backbeat.outputs.plain_text import plain_text
from backbeat.units import PPQ
from backbeat.values import Instrument, Meter, MidiLayout

DRUM_CHANNEL = 9
"""Channel 10 of General MIDI, counted from 0 as the bytes do."""

DRUM_TRACK = "Drums"

_CLOCKS_PER_QUARTER = 24
_Event = tuple[int, mido.Message | mido.MetaMessage]


def midi_file(notes: Sequence[MidiNote], timeline: Timeline, style: MidiStyle, *, title: str) -> bytes:
    """A file of type 1 with time in track 0 and notes in the others, or of type 0 with all in one.

    Its tracks end together at a bar line. The lead-in comes before all else.
    """
    lead = style.lead_in * ticks_of(length_of(timeline.whole_meter))
    end_tick = lead + (timeline.end_after(notes[-1].tick) if notes else timeline.end_tick)
    head = _time_events(timeline, style, lead)
    if style.layout is MidiLayout.TYPE_0:
        return _bytes(0, [_track(plain_text(title), [*head, *_note_events(notes, lead)], end_tick)])
    tracks = [_track(plain_text(title), head, end_tick)]
    tracks += [_track(name, _note_events(part, lead), end_tick) for name, part in _parts(notes, style.layout)]
    return _bytes(1, tracks)


def track_name(instrument: Instrument) -> str:
    """The name of an instrument's own track: `Hihat closed`."""
    return instrument.replace("_", " ").capitalize()


def _parts(notes: Sequence[MidiNote], layout: MidiLayout) -> list[tuple[str, list[MidiNote]]]:
    """Track names and notes: one track, or one for every instrument that is played."""
    if layout is MidiLayout.DRUMS or not notes:
        return [(DRUM_TRACK, list(notes))]
    played = {note.instrument for note in notes}
    return [
        (track_name(instrument), [note for note in notes if note.instrument is instrument])
        for instrument in Instrument
        if instrument in played
    ]


def _time_events(timeline: Timeline, style: MidiStyle, lead: int) -> list[_Event]:
    """Where the file is from, its meters and tempos; the marker is where the recording starts."""
    source = plain_text(style.source)
    text = f"Transcribed from {source} by Backbeat {backbeat.__version__}"
    events: list[_Event] = [(0, mido.MetaMessage("text", text=text))]
    events += [(change.tick, _meter(change.meter)) for change in _meters(timeline, lead)]
    if lead:
        events.append((0, mido.MetaMessage("set_tempo", tempo=timeline.whole_tempo)))
    events += [(lead + change.tick, mido.MetaMessage("set_tempo", tempo=change.tempo)) for change in timeline.tempo_map.changes]
    events.append((lead, mido.MetaMessage("marker", text=f"{source} starts here")))
    return events


def _meters(timeline: Timeline, lead: int) -> list[MeterChange]:
    early = [MeterChange(0, timeline.whole_meter)] if lead else []
    meters = early + [MeterChange(lead + change.tick, change.meter) for change in timeline.meters]
    return [change for n, change in enumerate(meters) if n == 0 or change.meter != meters[n - 1].meter]


def _meter(meter: Meter) -> mido.MetaMessage:
    """The metronome clicks on beats: on every dotted one in 6/8, 9/8 and 12/8."""
    beat = 3 if meter.unit >= 8 and meter.beats % 3 == 0 and meter.beats > 3 else 1
    return mido.MetaMessage(
        "time_signature",
        numerator=meter.beats,
        denominator=meter.unit,
        clocks_per_click=beat * 4 * _CLOCKS_PER_QUARTER // meter.unit,
    )


def _note_events(notes: Iterable[MidiNote], lead: int) -> list[_Event]:
    """Ends come before beginnings where they share a tick, so that no note-off cuts the next stroke."""
    ends: list[_Event] = [
        (lead + note.end_tick, mido.Message("note_off", channel=DRUM_CHANNEL, note=note.note, velocity=0))
        for note in sorted(notes, key=lambda note: note.end_tick)
    ]
    return ends + [
        (lead + note.tick, mido.Message("note_on", channel=DRUM_CHANNEL, note=note.note, velocity=note.velocity))
        for note in notes
    ]


def _track(name: str, events: Iterable[_Event], end_tick: int) -> mido.MidiTrack:
    """Absolute ticks to the differences that a file holds; events of one tick stay in their order."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, message in [*sorted(events, key=lambda event: event[0]), (end_tick, mido.MetaMessage("end_of_track"))]:
        message.time = tick - now  # each message is made for this track: copying them all would take as long as making them
        track.append(message)
        now = tick
    return track


def _bytes(kind: int, tracks: Iterable[mido.MidiTrack]) -> bytes:
    file = mido.MidiFile(type=kind, ticks_per_beat=PPQ, charset="utf-8")
    file.tracks.extend(tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()
