"""Hits become notes at the beats that lie on the audio."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.live.hits_to_clip import NOTE_BEATS, SAME_BEATS, ClipNote, ClipNotes, hits_to_clip
from backbeat.live.write_clip import MOST_NOTES, portions, same_notes
from backbeat.outputs.note_map import load_note_map
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument, Meter
from backbeat.velocity_curve import VelocityCurve

NOTES = load_note_map("ableton-drum-rack").notes


def clip(*rows: Hit, tempo_bpm: float = 120.0, meter: str = "4/4", duration_s: float = 4.0, curve: str = "linear") -> ClipNotes:
    return hits_to_clip(
        hits_from_rows(rows, engine="test"),
        notes=NOTES,
        velocity_curve=VelocityCurve.parse(curve),
        tempo_bpm=tempo_bpm,
        meter=Meter.parse(meter),
        duration_s=duration_s,
    )


@pytest.mark.parametrize(("tempo_bpm", "beat"), [(60.0, 1.5), (120.0, 3.0), (97.5, 2.4375)])
def test_a_beat_is_seconds_times_the_tempo_of_the_set(tempo_bpm: float, beat: float) -> None:
    (note,) = clip(Hit(1.5, Instrument.SNARE, 90, 1.0), tempo_bpm=tempo_bpm).notes
    assert note == ClipNote(pitch=38, start_beats=pytest.approx(beat), duration_beats=NOTE_BEATS, velocity=90)


def test_every_drum_gets_its_pad_of_the_drum_rack() -> None:
    made = clip(*(Hit(n / 10, instrument, 80, 1.0) for n, instrument in enumerate(Instrument)))
    assert [note.pitch for note in made.notes] == [NOTES[instrument] for instrument in Instrument]


def test_velocities_follow_the_curve_of_the_job() -> None:
    (note,) = clip(Hit(0.0, Instrument.KICK, 64, 1.0), curve="fixed 100").notes
    assert note.velocity == 100


@pytest.mark.parametrize(
    ("duration_s", "meter", "beats"),
    [(4.0, "4/4", 8.0), (4.01, "4/4", 12.0), (0.0, "4/4", 4.0), (4.0, "3/4", 9.0), (4.0, "7/8", 10.5), (2.0, "6/8", 6.0)],
)
def test_the_clip_is_as_long_as_the_recording_in_whole_bars_of_the_set(duration_s: float, meter: str, beats: float) -> None:
    assert clip(meter=meter, duration_s=duration_s).length_beats == beats


def test_a_note_ends_before_its_pad_is_struck_again_and_two_drums_on_one_pad_sound_once() -> None:
    first, second = clip(
        Hit(1.0, Instrument.RIDE, 60, 1.0), Hit(1.0, Instrument.RIDE_BELL, 90, 1.0), Hit(1.05, Instrument.RIDE, 70, 1.0)
    ).notes
    assert (first.velocity, second.velocity) == (90, 70)
    assert first.start_beats + first.duration_beats == pytest.approx(second.start_beats)


HITS = st.lists(
    st.builds(Hit, st.floats(0, 600).map(lambda x: round(x, 3)), st.sampled_from(Instrument), st.integers(1, 127), st.just(1.0)),
    max_size=600,
)


@given(HITS, st.floats(40, 240))
def test_the_portions_of_any_clip_hold_every_note_once_and_cover_it(rows: list[Hit], tempo_bpm: float) -> None:
    made = clip(*rows, tempo_bpm=tempo_bpm)
    cut = portions(made)
    assert [note for portion in cut for note in portion.notes] == list(made.notes)
    assert all(len(portion.notes) <= MOST_NOTES for portion in cut)
    assert all(p.from_beats < note.start_beats < p.to_beats for p in cut for note in p.notes)
    assert all(before.to_beats == after.from_beats for before, after in pairwise(cut))
    assert cut[0].from_beats < 0
    assert cut[-1].to_beats > made.length_beats
    for pitch in {note.pitch for note in made.notes}:
        of_pad = [note for note in made.notes if note.pitch == pitch]
        assert all(b.start_beats - a.start_beats >= SAME_BEATS * 0.999 for a, b in pairwise(of_pad))
        assert all(a.start_beats + a.duration_beats <= b.start_beats + 1e-9 for a, b in pairwise(of_pad))


def test_what_live_answers_is_compared_by_pitch_and_start() -> None:
    (portion,) = portions(clip(Hit(1.0, Instrument.KICK, 100, 1.0), Hit(1.5, Instrument.SNARE, 90, 1.0)))
    right = (38, 3.0000002, 0.125, 90.0, False, 36, 2.0, 0.125, 100.0, False)
    assert same_notes(right, portion)
    assert not same_notes(right[:5], portion), "a note is missing"
    assert not same_notes((*right, 40, 3.5, 0.1, 1.0, False), portion), "one is too many"
    assert not same_notes((37, *right[1:]), portion), "another pad"
    assert not same_notes((38, 3.01, *right[2:]), portion), "another place"
    assert not same_notes(right[:-1], portion), "cut off"
    assert not same_notes(("loud", *right[1:]), portion), "not a note"
