from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.notation.bar_rhythm import Bracket, Onset, Written, bar_rhythm
from backbeat.outputs.notation.beams import Beam
from backbeat.values import FOUR_FOUR, Meter


def rhythm(*positions: str, meter: Meter = FOUR_FOUR, length: Fraction | None = None) -> tuple[Written, ...]:
    """Strokes at positions such as `3/2`, and rolls such as `3/2~2`, two quarters long; `~1` is held from the bar before."""
    full = Fraction(4 * meter.beats, meter.unit)
    onsets = []
    for position in positions:
        at, _, lasts = position.partition("~")
        onsets.append(Onset(Fraction(at or 0), Fraction(lasts or 0), is_held=not at))
    return bar_rhythm(tuple(onsets), meter, full if length is None else length)


def shown(written: tuple[Written, ...]) -> str:
    """Values, with r for a rest and ~ for a tie."""
    return " ".join(
        ("~" if item.is_held else "" if item.sounds else "r") + str(item.value) + "~" * item.goes_on for item in written
    )


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ("0 1 2 3", "1 1 1 1"),
        ("0 1/2 1 3/2 2 5/2 3 7/2", "1/2 1/2 1/2 1/2 1/2 1/2 1/2 1/2"),
        ("0 2", "1 r1 1 r1"),
        ("0", "1 r1 r2"),
        ("3", "r2 r1 1"),
        ("1/2", "r1/2 1/2 r1 r2"),
        ("0 3/4", "3/4 1/4 r1 r2"),
        ("1/4", "r1/4 3/4 r1 r2"),
        ("0 1/4 3/4", "1/4 1/2 1/4 r1 r2"),
        ("0 7/8", "3/4 r1/8 1/8 r1 r2"),
    ],
)
def test_strokes_last_until_the_next_or_the_end_of_the_beat(positions: str, expected: str) -> None:
    assert shown(rhythm(*positions.split())) == expected


def test_a_shuffled_beat_is_a_quarter_and_an_eighth_in_a_triplet() -> None:
    first, second, *_ = rhythm("0", "2/3")
    assert (first.value, second.value) == (1, Fraction(1, 2))
    assert first.tuplet
    assert second.tuplet
    assert (first.tuplet.actual, first.tuplet.normal, first.tuplet.unit) == (3, 2, 8)
    assert (first.tuplet.bracket, second.tuplet.bracket) == (Bracket.START, Bracket.STOP)
    assert (first.length, second.length) == (Fraction(2, 3), Fraction(1, 3))


def test_six_in_a_beat_are_a_sextuplet() -> None:
    items = rhythm(*(f"{n}/6" for n in range(6)))[:6]
    assert {(item.tuplet.actual, item.tuplet.normal, item.tuplet.unit) for item in items if item.tuplet} == {(6, 4, 16)}
    assert {item.value for item in items} == {Fraction(1, 4)}


def test_each_beat_has_its_own_beam() -> None:
    beams = [item.beams for item in rhythm("0", "1/2", "1", "3/2", "2", "5/2", "3", "7/2")]
    assert beams == [(Beam.START,), (Beam.STOP,)] * 4


def test_a_sixteenth_after_a_dotted_eighth_has_a_hook_to_the_left() -> None:
    first, second, *_ = rhythm("0", "3/4")
    assert (first.beams, second.beams) == ((Beam.START,), (Beam.STOP, Beam.HOOK_LEFT))


def test_a_single_eighth_has_a_flag_and_no_beam() -> None:
    assert rhythm("1/2")[1].beams == ()


def test_6_8_is_two_groups_of_three() -> None:
    items = rhythm("0", "1/2", "1", "3/2", meter=Meter(6, 8))
    assert shown(items) == "1/2 1/2 1/2 3/2"
    assert [item.beams for item in items[:3]] == [(Beam.START,), (Beam.CONTINUE,), (Beam.STOP,)]


def test_7_8_is_two_two_three() -> None:
    assert shown(rhythm("0", "1", "2", meter=Meter(7, 8))) == "1 1 3/2"


def test_an_empty_bar_is_one_rest() -> None:
    (rest,) = rhythm(meter=Meter(7, 8))
    assert (rest.sounds, rest.whole_bar, rest.length) == (False, True, Fraction(7, 2))


def test_a_pickup_has_the_last_beats_of_its_meter() -> None:
    assert shown(rhythm("1/2", meter=Meter(6, 8), length=Fraction(2))) == "r1/2 3/2"
    assert shown(rhythm("0", length=Fraction(3))) == "1 r2"


@pytest.mark.parametrize(
    ("strokes", "expected"),
    [
        ("0~1 1", "1 1 r2"),
        ("0~2 2", "2 1 r1"),
        ("0~4", "4"),
        ("1~3", "r1 3"),
        ("1~2 3", "r1 2 1"),
        ("1/2~5/2 3", "r1/2 3/2~ ~1 1"),
        ("0~3/2 2", "3/2 r1/2 1 r1"),
        ("0~5/8 1", "1/2~ ~1/8 r1/8 r1/4 1 r2"),
        ("0~1/2 1/2 2", "1/2 1/2 r1 1 r1"),
        ("0~4/3 2", "1~ ~1/2 r1/2 r1/2 1 r1"),
        ("3~3", "r2 r1 1~"),
        ("~2 2", "~2 1 r1"),
        ("~1/2 1", "~1/2 r1/2 1 r2"),
        ("~8", "~4~"),
    ],
)
def test_a_roll_lasts_as_long_as_it_does_in_as_few_tied_notes_as_can_be(strokes: str, expected: str) -> None:
    assert shown(rhythm(*strokes.split())) == expected


def test_a_roll_over_the_beats_of_6_8_is_a_dotted_half() -> None:
    assert shown(rhythm("0~3", meter=Meter(6, 8))) == "3"


METERS = [Meter(4, 4), Meter(3, 4), Meter(2, 2), Meter(6, 8), Meter(7, 8), Meter(5, 8), Meter(1, 8), Meter(9, 16), Meter(3, 32)]


@given(st.data())
def test_the_lengths_fill_the_bar_and_every_stroke_begins_where_it_should(data: st.DataObject) -> None:
    meter = data.draw(st.sampled_from(METERS))
    full = Fraction(4 * meter.beats, meter.unit)
    beats = data.draw(st.integers(1, meter.beats))
    length = beats * Fraction(4, meter.unit)
    grid = [Fraction(n, 96) for n in range(int(length * 96))]
    coarse = [position for position in grid if position.denominator in (1, 2, 3, 4, 6, 8)]
    chosen = data.draw(st.lists(st.sampled_from(data.draw(st.sampled_from([coarse, grid]))), unique=True, max_size=20))
    onsets = [Onset(position) for position in sorted(chosen)]
    if onsets and data.draw(st.booleans()):
        onsets[-1] = Onset(onsets[-1].at, data.draw(st.sampled_from(grid[1:])))
    written = bar_rhythm(tuple(onsets), meter, length)
    assert sum(item.length for item in written) == length <= full
    at = Fraction(0)
    for item in written:
        assert item.start == at
        at += item.length
    assert [item.start for item in written if item.sounds and not item.is_held] == sorted(chosen)
    assert [before.goes_on for before in written[:-1]] == [after.is_held for after in written[1:]]


@given(st.lists(st.sampled_from([Fraction(n, 12) for n in range(48)]), unique=True))
def test_tuplets_begin_and_end_within_a_beat_and_beams_within_a_beat(positions: list[Fraction]) -> None:
    is_open = False
    beam_open = False
    for item in bar_rhythm(tuple(map(Onset, sorted(positions))), FOUR_FOUR, Fraction(4)):
        bracket = item.tuplet.bracket if item.tuplet else None
        assert is_open == (bracket in (Bracket.INSIDE, Bracket.STOP))
        is_open = bracket in (Bracket.START, Bracket.INSIDE)
        if item.beams:
            assert beam_open == (item.beams[0] in (Beam.CONTINUE, Beam.STOP))
            beam_open = item.beams[0] in (Beam.START, Beam.CONTINUE)
        if (item.start + item.length).denominator == 1:
            assert not is_open
            assert not beam_open
    assert not is_open
    assert not beam_open
