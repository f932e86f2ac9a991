from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from music21.midi import MetaEvents, MidiFile

from backbeat.outputs.midi.notes import MidiNote, score_to_notes
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.timeline import Timeline, mapped_timeline
from backbeat.outputs.midi.tracks import DRUM_TRACK
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.records import Bar, Score, ScoreNote
from backbeat.units import PPQ
from backbeat.values import FOUR_FOUR, Instrument, Meter, MidiLayout

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav")
few = settings(max_examples=50, deadline=None)  # whole files are written and read
METERS = (FOUR_FOUR, Meter(7, 8), Meter(3, 4), Meter(6, 8), Meter(5, 4))
Event = tuple[int, object]


def bar(meter: Meter, start_s: float, length_s: float, number: int = 1) -> Bar:
    length = Fraction(4 * meter.beats, meter.unit)
    return Bar(number=number, meter=meter, start_s=start_s, end_s=start_s + length_s, length=length)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    """A few bars of changing meters that start before, at or after the recording, with strokes anywhere."""
    start_s = draw(st.sampled_from([-1.3, 0.0, 0.37, 5.1]))
    made: list[Bar] = []
    for meter in draw(st.lists(st.sampled_from(METERS), min_size=1, max_size=6)):
        made.append(bar(meter, start_s, meter.beats * 2 / meter.unit * draw(st.floats(0.8, 1.2)), len(made) + 1))
        start_s = made[-1].end_s
    notes = []
    for time_s in sorted(draw(st.lists(st.floats(0, max(start_s, 0.1)), max_size=12))):
        inside = draw(st.integers(0, len(made) - 1))
        at = Fraction(draw(st.integers(0, 11)), 8)
        instrument, velocity = draw(st.sampled_from(Instrument)), draw(st.integers(1, 127))
        notes.append(
            ScoreNote(
                bar=inside, position=at, sounding=at, time_s=time_s, instrument=instrument, velocity=velocity, confidence=1.0
            )
        )
    return Score(title="song", bars=tuple(made), notes=tuple(notes), tempo_bpm=120.0, tempo_unreliable=False)


def read(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def both(score: Score, style: MidiStyle) -> list[mido.MidiFile]:
    steady = score_to_midi(score, style, tempo_bpm=97.3, meter=score.bars[0].meter)
    return [read(steady), read(score_to_tempomap_midi(score, style))]


def events(track: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    now, found = 0, []
    for message in track:
        now += message.time
        found.append((now, message.copy(time=0)))
    return found


def played(file: mido.MidiFile) -> Counter[tuple[int, str]]:
    """All notes, on and off, of all tracks."""
    return Counter((tick, str(message)) for track in file.tracks for tick, message in events(track) if not message.is_meta)


def mapped(score: Score) -> Timeline:
    return mapped_timeline(score.bars, silent_bars=min((note.bar for note in score.notes), default=len(score.bars)))


def metas(
    file: mido.MidiFile, *, of: frozenset[str] = frozenset({"set_tempo", "time_signature", "text", "marker"})
) -> list[Event]:
    return [(tick, str(message)) for track in file.tracks for tick, message in events(track) if message.type in of]


def length(file: mido.MidiFile) -> int:
    return max(sum(message.time for message in track) for track in file.tracks)


@few
@given(scores())
def test_all_layouts_hold_the_same_events(score: Score) -> None:
    layouts = [both(score, replace(STYLE, layout=layout)) for layout in MidiLayout]
    for files in zip(*layouts, strict=True):
        first, *others = files
        for other in others:
            assert played(other) == played(first)
            assert metas(other) == metas(first)
            assert length(other) == length(first)


def test_type_0_is_one_track_and_type_1_has_time_in_the_first() -> None:
    notes = tuple(
        ScoreNote(
            bar=0,
            position=Fraction(0),
            sounding=Fraction(0),
            time_s=time_s,
            instrument=instrument,
            velocity=90,
            confidence=1.0,
        )
        for time_s, instrument in ((0.0, Instrument.HIHAT_OPEN), (0.0, Instrument.KICK), (0.5, Instrument.SNARE))
    )
    score = Score(title="Song", bars=(bar(FOUR_FOUR, 0.0, 2.0),), notes=notes, tempo_bpm=120.0, tempo_unreliable=False)
    zero, drums, each = (
        read(score_to_tempomap_midi(score, replace(STYLE, layout=MidiLayout(name))))
        for name in ("type-0", "drums", "instruments")
    )  # fmt: skip - one line each
    assert (zero.type, [track.name for track in zero.tracks]) == (0, ["Song"])
    assert (drums.type, [track.name for track in drums.tracks]) == (1, ["Song", DRUM_TRACK])
    assert (each.type, [track.name for track in each.tracks]) == (1, ["Song", "Kick", "Snare", "Hihat open"])


@few
@given(scores())
def test_instrument_tracks_partition_the_drum_track(score: Score) -> None:
    for drums, each in zip(both(score, STYLE), both(score, replace(STYLE, layout=MidiLayout.INSTRUMENTS)), strict=True):
        parts = [Counter((t, str(m)) for t, m in events(track) if not m.is_meta) for track in each.tracks[1:]]
        assert sum(parts, Counter()) == played(drums)
        notes = [{m.note for _, m in events(track) if not m.is_meta} for track in each.tracks[1:]]
        assert all(len(used) == 1 for used in notes) or not score.notes
        assert len({track.name for track in each.tracks[1:]}) == len(parts)


@few
@given(scores(), st.integers(1, 8), st.sampled_from(MidiLayout), st.sampled_from([0, 60, 100]))
def test_a_lead_in_shifts_everything_by_whole_bars(score: Score, lead_in: int, layout: MidiLayout, quantize: int) -> None:
    style = replace(STYLE, layout=layout, quantize=quantize)
    first_meters = [score.bars[0].meter, mapped(score).whole_meter]
    for plain, led, meter in zip(both(score, style), both(score, replace(style, lead_in=lead_in)), first_meters, strict=True):
        shift = lead_in * 4 * PPQ * meter.beats // meter.unit
        assert played(led) == Counter({(tick + shift, message): n for (tick, message), n in played(plain).items()})
        assert length(led) == length(plain) + shift
        shifted = [(tick + shift, text) for tick, text in metas(plain, of=frozenset({"set_tempo", "marker"}))]
        assert metas(led, of=frozenset({"set_tempo", "marker"}))[-len(shifted) :] == shifted
        (tick, text), *_ = metas(led, of=frozenset({"time_signature"}))
        assert tick == 0
        assert f"numerator={meter.beats}, denominator={meter.unit}, " in str(text)


def test_the_marker_names_the_source_where_it_starts() -> None:
    score = Score(title="x", bars=(bar(FOUR_FOUR, 0.0, 2.0),), notes=(), tempo_bpm=120.0, tempo_unreliable=False)
    for lead_in in (0, 2):
        for file in both(score, replace(STYLE, source="Lied für\tdich.wav", lead_in=lead_in)):
            ((tick, marker),) = [(tick, m) for tick, m in events(file.tracks[0]) if m.type == "marker"]
            assert (tick, marker.text) == (lead_in * 4 * PPQ, "Lied für dich.wav starts here")


@pytest.mark.parametrize(("text", "clocks"), [("4/4", 24), ("6/8", 36), ("12/8", 36), ("7/8", 12), ("3/8", 12), ("2/2", 48)])
def test_the_metronome_clicks_on_beats(text: str, clocks: int) -> None:
    score = Score(title="x", bars=(bar(Meter.parse(text), 0.0, 2.0),), notes=(), tempo_bpm=120.0, tempo_unreliable=False)
    for file in both(score, STYLE):
        assert [message.clocks_per_click for message in file.tracks[0] if message.type == "time_signature"] == [clocks]


def notes_of(file: mido.MidiFile) -> list[tuple[int, int, int]]:
    return sorted(
        (tick, message.note, message.velocity)
        for track in file.tracks
        for tick, message in events(track)
        if message.type == "note_on"
    )


@few
@given(scores(), st.sampled_from(MidiLayout))
def test_what_mido_reads_back_is_what_was_written(score: Score, layout: MidiLayout) -> None:
    style = replace(STYLE, layout=layout)
    written: list[MidiNote] = score_to_notes(score, mapped(score), style)
    file = both(score, style)[1]
    assert notes_of(file) == [(note.tick, note.note, note.velocity) for note in written]
    ends = sorted((t, m.note) for track in file.tracks for t, m in events(track) if m.type == "note_off")
    assert ends == sorted((note.end_tick, note.note) for note in written)


def read_by_music21(data: bytes) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]], list[tuple[int, int, int]]]:
    """Notes (tick, note, velocity), tempos (tick, microseconds) and meters (tick, beats, unit), by music21's own parser."""
    file = MidiFile()
    file.readstr(data)
    assert file.ticksPerQuarterNote == PPQ
    notes, tempos, meters = [], [], []
    for track in file.tracks:
        now = 0
        for event in track.events:
            if event.type == "DeltaTime":
                now += event.time
            elif event.isNoteOn() and event.velocity:
                assert event.channel == 10
                notes.append((now, event.pitch, event.velocity))
            elif event.type is MetaEvents.SET_TEMPO:
                tempos.append((now, int.from_bytes(event.data, "big")))
            elif event.type is MetaEvents.TIME_SIGNATURE:
                meters.append((now, event.data[0], 2 ** event.data[1]))
    return sorted(notes), tempos, meters


@few
@given(scores(), st.sampled_from(MidiLayout))
def test_an_independent_reader_reads_the_same(score: Score, layout: MidiLayout) -> None:
    data = score_to_tempomap_midi(score, replace(STYLE, layout=layout, lead_in=1))
    notes, tempos, meters = read_by_music21(data)
    file = read(data)
    found = events(file.tracks[0])
    assert notes == notes_of(file)
    assert tempos == [(tick, message.tempo) for tick, message in found if message.type == "set_tempo"]
    assert meters == [(tick, m.numerator, m.denominator) for tick, m in found if m.type == "time_signature"]
