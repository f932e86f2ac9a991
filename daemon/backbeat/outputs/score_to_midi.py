"""Score to MIDI files: one with a constant tempo for dragging into a DAW, one with the recording's tempo map.

Both are Standard MIDI Files of type 1: track 0 holds tempo and meter, track 1 the drums on channel 10. Tick 0 is
sample 0, and strokes are at their true times whatever the tempo says, unless they are pulled to the grid.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import mido

import backbeat
from backbeat.outputs.note_map import NoteMap
from backbeat.outputs.plain_text import plain_text
from backbeat.records import Bar, Score, ScoreNote
from backbeat.units import MAX_TEMPO, PPQ, TempoMap, bpm_to_tempo
from backbeat.values import Meter

DRUM_CHANNEL = 9  # channel 10 of General MIDI, counted from 0 as the bytes do
NOTE_TICKS = PPQ // 8  # a 32nd note: drums ring as long as they ring, the length only has to show in an editor

_SIXTEENTH = Fraction(1, 4)  # of a quarter note
_WHOLE_BAR_MAX = 8  # quarter notes; in a longer bar a pickup in sixteenths would be more than any meter says


@dataclass(frozen=True, slots=True)
class _MeterChange:
    tick: int
    meter: Meter


def score_to_midi(score: Score, *, tempo_bpm: float, meter: Meter, note_map: NoteMap, quantize: int, source: str) -> bytes:
    """A file with the one tempo `tempo_bpm` (quarter notes per minute) and one meter.

    quantize: 0..100, how far strokes are pulled from their true time (0) to their grid place in the bar as it was
    played (100). A true time is met within half a tick: 2 ms from 32 BPM up. source: what the text event names.
    Strokes that fall on one note in one tick sound once, with the higher velocity.
    """
    tempo_map = TempoMap(bpm_to_tempo(tempo_bpm))
    conductor = _conductor_track(tempo_map, [_MeterChange(0, meter)], score.title, source)
    return _file(conductor, _drum_track(_notes(score, tempo_map, note_map, quantize), _end_tick(score, tempo_map)))


def score_to_tempomap_midi(score: Score, *, note_map: NoteMap, quantize: int, source: str) -> bytes:
    """A file whose bar lines lie where they were played: one tempo per bar, and every change of meter.

    The time before the first downbeat becomes a pickup bar of whole sixteenths (and whole bars after it, when there is
    more), at a tempo that ends it on the downbeat; less than half a sixteenth stretches the first bar.
    Each bar's tempo makes up for the rounding of those before it. Otherwise like `score_to_midi`.
    """
    score = replace(score, bars=_stretched(score.bars))
    tempo_map, meters = _tempo_map(score.bars)
    conductor = _conductor_track(tempo_map, meters, score.title, source)
    return _file(conductor, _drum_track(_notes(score, tempo_map, note_map, quantize), _end_tick(score, tempo_map)))


def _tempo_map(bars: Sequence[Bar]) -> tuple[TempoMap, list[_MeterChange]]:
    first, lead = _lead(bars)
    is_pickup = first.length != _length(first.meter)
    meters = _early_meters(lead + first.length if is_pickup else lead, first.meter)
    tempo_map = TempoMap(_tempo_over(0.0, first.start_s, lead) if lead else MAX_TEMPO)
    tick = _ticks(lead)
    for bar in bars[bars.index(first) :]:
        tempo_map.add(tick, _tempo_over(tempo_map.tick_to_time(tick), bar.end_s, bar.length))
        if not (bar is first and is_pickup):
            meters.append(_MeterChange(tick, bar.meter))
        tick += _ticks(bar.length)
    return tempo_map, _only_changes(meters)


def _stretched(bars: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """The bars, of which the first that counts starts at 0 when it is less than half a sixteenth away from it."""
    first, lead = _lead(bars)
    return bars if lead else tuple(replace(bar, start_s=0.0) if bar is first else bar for bar in bars)


def _lead(bars: Sequence[Bar]) -> tuple[Bar, Fraction]:
    """The first bar that starts at the recording's start or after it, and the quarter notes, in sixteenths, before it."""
    for bar in bars:
        sixteenth_s = 60.0 / bar.tempo_bpm * float(_SIXTEENTH)
        sixteenths = round(bar.start_s / sixteenth_s)
        if sixteenths >= 0:
            return bar, sixteenths * _SIXTEENTH
    return bars[-1], Fraction(0)  # the recording ends within its first bar


def _early_meters(length: Fraction, meter: Meter) -> list[_MeterChange]:
    """A pickup, then whole bars, so that numbers stay readable after a long silence; together `length` quarter notes."""
    whole = meter if _length(meter) <= _WHOLE_BAR_MAX else Meter(4, 4)
    pickup = length % _length(whole)
    changes = [_MeterChange(0, _meter_of_length(pickup))] if pickup else []
    return changes + ([_MeterChange(_ticks(pickup), whole)] if length > pickup else [])


def _meter_of_length(length: Fraction) -> Meter:
    """The simplest meter, over 4 or finer, of a bar of `length` quarter notes."""
    unit = 4
    while (length * unit / 4).denominator != 1:
        unit *= 2
    return Meter(int(length * unit / 4), unit)


def _length(meter: Meter) -> Fraction:
    return Fraction(4 * meter.beats, meter.unit)


def _only_changes(meters: Sequence[_MeterChange]) -> list[_MeterChange]:
    return [change for n, change in enumerate(meters) if n == 0 or change.meter != meters[n - 1].meter]


def _tempo_over(start_s: float, end_s: float, length: Fraction) -> int:
    """Microseconds per quarter note that let `length` quarter notes last from `start_s` to `end_s`."""
    return min(max(round((end_s - start_s) * 1_000_000 / float(length)), 1), MAX_TEMPO)


def _ticks(length: Fraction) -> int:
    return int(length * PPQ)


@dataclass(frozen=True, slots=True)
class _Note:
    tick: int
    note: int
    velocity: int


def _file(*tracks: mido.MidiTrack) -> bytes:
    file = mido.MidiFile(type=1, ticks_per_beat=PPQ, charset="utf-8")
    file.tracks.extend(tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def _conductor_track(tempo_map: TempoMap, meters: Sequence[_MeterChange], title: str, source: str) -> mido.MidiTrack:
    events: list[tuple[int, mido.MetaMessage]] = [
        (0, mido.MetaMessage("track_name", name=plain_text(title))),
        (0, mido.MetaMessage("text", text=f"Transcribed from {plain_text(source)} by Backbeat {backbeat.__version__}")),
    ]
    for change in meters:
        meter = mido.MetaMessage("time_signature", numerator=change.meter.beats, denominator=change.meter.unit)
        events.append((change.tick, meter))
    events += [(change.tick, mido.MetaMessage("set_tempo", tempo=change.tempo)) for change in tempo_map.changes]
    return _track(sorted(events, key=lambda event: event[0]))


def _end_tick(score: Score, tempo_map: TempoMap) -> int:
    """The end of the last bar: a clip made of the file is whole bars long, and loops."""
    return tempo_map.time_to_tick(max(score.bars[-1].end_s, 0.0))


def _drum_track(notes: Sequence[_Note], end_tick: int) -> mido.MidiTrack:
    """Notes end before they begin again, so that no note-off cuts the next stroke."""
    events: list[tuple[int, mido.Message | mido.MetaMessage]] = [(0, mido.MetaMessage("track_name", name="Drums"))]
    next_tick: dict[int, int] = {}
    ends: list[tuple[int, mido.Message]] = []
    for note in reversed(notes):
        end = min(note.tick + NOTE_TICKS, next_tick.get(note.note, note.tick + NOTE_TICKS))
        next_tick[note.note] = note.tick
        ends.append((end, mido.Message("note_off", channel=DRUM_CHANNEL, note=note.note, velocity=0)))
    events += reversed(ends)
    events += [
        (note.tick, mido.Message("note_on", channel=DRUM_CHANNEL, note=note.note, velocity=note.velocity)) for note in notes
    ]
    events.sort(key=lambda event: event[0])  # stable: ends go before beginnings of the same tick
    return _track([*events, (max(end_tick, events[-1][0]), mido.MetaMessage("end_of_track"))])


def _track(events: Sequence[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """Absolute ticks, in order, to the differences that a file holds. mido adds an end of the track that is missing."""
    track = mido.MidiTrack()
    now = 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _notes(score: Score, tempo_map: TempoMap, note_map: NoteMap, quantize: int) -> list[_Note]:
    """Sorted by tick and note; one per tick and note, the loudest."""
    loudest: dict[tuple[int, int], int] = {}
    for note in score.notes:
        time_s = max(_pulled_time(note, score.bars[note.bar], quantize), 0.0)
        key = (tempo_map.time_to_tick(time_s), note_map.notes[note.instrument])
        loudest[key] = max(loudest.get(key, 0), note.velocity)
    return [_Note(tick, note, velocity) for (tick, note), velocity in sorted(loudest.items())]


def _pulled_time(note: ScoreNote, bar: Bar, quantize: int) -> float:
    grid_s = bar.start_s + float(note.position / bar.length) * (bar.end_s - bar.start_s)
    return note.time_s + quantize / 100 * (grid_s - note.time_s)
