from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.drum_scores import (
    CRASH,
    HAT,
    KICK,
    LOW_TOM,
    OPEN_HAT,
    SNARE,
    grace,
    make_bars,
    make_score,
    note,
    page_of_everything,
    roll,
)

from backbeat.outputs.notation.drum_voices import DrumChord, Voice, drum_voices
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.records import Role, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument

TWO_BARS = make_bars(FOUR_FOUR, FOUR_FOUR)


def voices(*notes: ScoreNote) -> tuple[dict[str, DrumChord], ...]:
    """Chords of two bars by voice, place and bar, such as `hands 3/2` in the first."""
    found = drum_voices(make_score(*notes, bars=TWO_BARS), load_staff_map())
    return tuple({f"{voice} {at}": chord for voice, chords in bar.items() for at, chord in chords.items()} for bar in found)


def drums(chord: DrumChord) -> list[Instrument]:
    return [stroke.note.instrument for stroke in chord.strokes]


def test_hands_and_feet_have_a_voice_each_and_chords_are_in_order_from_below() -> None:
    first, second = voices(note(0, "0", HAT), note(0, "0", SNARE), note(0, "0", KICK), note(1, "1", CRASH))
    assert {place: drums(chord) for place, chord in first.items()} == {"hands 0": [SNARE, HAT], "feet 0": [KICK]}
    assert {place: drums(chord) for place, chord in second.items()} == {"hands 1": [CRASH]}


def test_graces_stand_before_their_stroke_in_the_order_in_which_they_sound() -> None:
    notes = [note(0, "1", SNARE), grace(0, "1", SNARE, 50), grace(0, "1", SNARE, 30, before=2), note(0, "1", HAT)]
    chord = voices(*notes)[0]["hands 1"]
    assert [[stroke.note.velocity for stroke in column] for column in chord.graces] == [[30], [50]]
    assert drums(chord) == [SNARE, HAT]


def test_flams_of_two_drums_at_once_are_one_grace_chord() -> None:
    notes = [
        note(0, "1", SNARE),
        grace(0, "1", SNARE),
        note(0, "1", LOW_TOM),
        grace(0, "1", LOW_TOM, before=2),
        grace(0, "1", LOW_TOM),
    ]
    graces = voices(*notes)[0]["hands 1"].graces
    assert [[stroke.note.instrument for stroke in column] for column in graces] == [[LOW_TOM], [LOW_TOM, SNARE]]


def test_a_grace_note_without_its_stroke_is_a_stroke() -> None:
    chord = voices(grace(0, "1", SNARE))[0]["hands 1"]
    assert (drums(chord), chord.graces) == ([SNARE], ())


def test_a_roll_lasts_and_takes_its_strokes_in() -> None:
    first, _ = voices(*roll(0, "1", SNARE, "2"), note(0, "3", HAT), note(0, "2", KICK))
    assert list(first) == ["hands 1", "hands 3", "feet 2"]
    assert (first["hands 1"].lasts, first["hands 1"].tremolo) == (2, 3)


def test_a_roll_is_held_over_the_bar_line_up_to_the_end_of_the_score() -> None:
    first, second = voices(*roll(0, "3", SNARE, "8"))
    assert (first["hands 3"].lasts, first["hands 3"].is_held) == (5, False)
    assert (second["hands 0"].lasts, second["hands 0"].is_held) == (4, True)


def test_a_roll_beside_other_strokes_of_the_hands_has_a_voice_of_its_own() -> None:
    first, _ = voices(note(0, "0", CRASH), *roll(0, "0", SNARE, "2"), grace(0, "0", SNARE), note(0, "1", HAT))
    assert list(first) == ["hands 0", "hands 1", "rolls 0"]
    assert len(first["rolls 0"].graces) == 1


def test_what_a_roll_leaves_behind_another_one_is_written() -> None:
    first, _ = voices(*roll(0, "0", SNARE, "2"), *roll(0, "1", LOW_TOM, "1"), note(0, "3/2", HAT))
    assert (first["rolls 0"].lasts, first["rolls 1"].lasts) == (1, Fraction(1, 8))
    assert [at for at in first if at.startswith("rolls")][2:] == [f"rolls {Fraction(n, 8)}" for n in range(9, 16)]


def test_marks_are_over_the_hands() -> None:
    first, _ = voices(note(0, "0", OPEN_HAT), note(0, "0", KICK), note(0, "1", HAT))
    assert {place: chord.hat_mark for place, chord in first.items()} == {"hands 0": "o", "hands 1": "+", "feet 0": None}


def written(score: Score) -> Counter[int]:
    """How often each note of the score is written."""
    chords = [chord for bar in drum_voices(score, load_staff_map()) for voice in bar.values() for chord in voice.values()]
    strokes = [stroke for chord in chords if not chord.is_held for stroke in chord.strokes]
    return Counter(stroke.number for stroke in [*strokes, *(s for chord in chords for column in chord.graces for s in column)])


def test_everything_is_written_once_but_what_is_within_rolls() -> None:
    score = page_of_everything()
    assert written(score) == Counter(n for n, scored in enumerate(score.notes) if scored.role is not Role.ROLLED)
    assert Voice.ROLLS in {voice for bar in drum_voices(score, load_staff_map()) for voice in bar}


@given(
    st.lists(
        st.tuples(st.integers(0, 31), st.sampled_from([SNARE, HAT, KICK, LOW_TOM]), st.sampled_from(Role), st.integers(1, 12)),
        unique_by=lambda row: (row[0], row[1], row[2]),
        max_size=30,
    )
)
def test_no_note_is_ever_lost_or_written_twice(rows: list[tuple[int, Instrument, Role, int]]) -> None:
    notes = [
        note(
            at // 16,
            str(Fraction(at % 16, 4)),
            drum,
            role=role,
            before=role is Role.GRACE,
            roll=str(Fraction(long, 4)),
            tremolo=3,
        )
        if role is Role.ROLL
        else note(at // 16, str(Fraction(at % 16, 4)), drum, role=role, before=int(role is Role.GRACE))
        for at, drum, role, long in rows
    ]
    score = make_score(*notes, bars=TWO_BARS)
    counts = written(score)
    assert all(count == 1 for count in counts.values())
    assert {n for n, scored in enumerate(score.notes) if scored.role is not Role.ROLLED} <= set(counts)
