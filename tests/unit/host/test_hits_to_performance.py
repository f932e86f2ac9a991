"""Hits to notes: on their samples, as loud and as long as in the MIDI file."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backbeat.host.hits_to_performance import NOTE_S, hits_to_performance
from backbeat.host.tasks import Note
from backbeat.outputs.note_map import load_note_map
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument
from backbeat.velocity_curve import VelocityCurve

RATE_HZ = 44_100
LINEAR = VelocityCurve()
NOTES = load_note_map("addictive-drums-2").notes


def performance(*hits: Hit, curve: VelocityCurve = LINEAR) -> tuple[Note, ...]:
    return hits_to_performance(hits_from_rows(list(hits), engine="test"), NOTES, curve, RATE_HZ)


def test_each_hit_is_the_note_of_its_drum_on_its_sample() -> None:
    played = performance(Hit(0.5, Instrument.KICK, 100, 1.0), Hit(1.00001, Instrument.HIHAT_CLOSED, 40, 1.0))
    assert played == (
        Note(on=22_050, off=22_050 + 4_410, note=36, velocity=100),
        Note(on=44_100, off=44_100 + 4_410, note=49, velocity=40),
    )


def test_the_velocity_curve_is_that_of_the_midi_file() -> None:
    (note,) = performance(Hit(0, Instrument.KICK, 100, 1.0), curve=VelocityCurve.parse("fixed 90"))
    assert note.velocity == 90


def test_drums_that_share_a_note_sound_once_as_the_louder() -> None:
    (note,) = performance(Hit(0.5, Instrument.CRASH, 60, 1.0), Hit(0.5, Instrument.CHINA, 110, 1.0))
    assert (note.note, note.velocity) == (77, 110)


@given(st.lists(st.tuples(st.floats(0, 3), st.sampled_from(list(Instrument)), st.integers(1, 127)), max_size=40))
def test_notes_are_in_order_and_each_ends_after_it_began_and_before_it_begins_again(rows: list) -> None:
    played = performance(*(Hit(time_s, instrument, velocity, 1.0) for time_s, instrument, velocity in rows))
    assert [note.on for note in played] == sorted(note.on for note in played)
    for number in {note.note for note in played}:
        same = [note for note in played if note.note == number]
        assert all(note.on < note.off <= note.on + NOTE_S * RATE_HZ for note in same)
        assert all(one.off <= other.on for one, other in pairwise(same))
