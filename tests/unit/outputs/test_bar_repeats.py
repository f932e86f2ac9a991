from __future__ import annotations

from fractions import Fraction

import pytest
from tests.drum_scores import HAT, KICK, OPEN_HAT, SNARE, grace, make_bars, make_score, note, roll

from backbeat.outputs.notation.bar_repeats import repeated_bars
from backbeat.outputs.notation.drum_voices import drum_voices
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.records import Bar, ScoreNote
from backbeat.values import FOUR_FOUR, Meter

GROOVE = ((KICK, "0"), (SNARE, "1"), (KICK, "2"), (SNARE, "3"))
THREE_BARS = make_bars(*(FOUR_FOUR,) * 3)


def groove(bars: int = 3) -> list[ScoreNote]:
    return [note(bar, at, drum, 80 + bar) for bar in range(bars) for drum, at in GROOVE]


def repeated(notes: list[ScoreNote], bars: tuple[Bar, ...] = THREE_BARS, tempo_changes: frozenset[int] = frozenset()) -> set[int]:
    score = make_score(*notes, bars=bars)
    return set(repeated_bars(bars, drum_voices(score, load_staff_map()), tempo_changes))


def test_bars_that_differ_in_velocities_only_are_repeated() -> None:
    assert repeated(groove()) == {1, 2}


@pytest.mark.parametrize(
    "more",
    [
        [note(1, "1/2", HAT)],
        [note(1, "0", HAT, accent=True)],
        [grace(1, "1", SNARE)],
        [note(1, "1/2", SNARE, ghost=True)],
        roll(1, "7/2", SNARE, "1/2"),
    ],
)
def test_a_bar_with_anything_else_in_it_is_not_and_nor_is_the_next(more: list[ScoreNote]) -> None:
    assert repeated(groove() + more) == set()


def test_a_ghost_note_is_not_a_stroke() -> None:
    notes = [note(bar, "0", SNARE, ghost=bar == 1) for bar in range(3)]
    assert repeated(notes) == set()


def test_an_opening_hat_is_marked_and_so_no_repeat_of_one_that_is_open() -> None:
    notes = [note(0, "0", OPEN_HAT), note(1, "0", OPEN_HAT), note(2, "0", OPEN_HAT)]
    assert repeated(notes) == {2}


def test_empty_bars_and_other_meters_are_not_repeated() -> None:
    assert repeated([]) == set()
    bars = make_bars(FOUR_FOUR, Meter(2, 2), Meter(2, 2))
    assert repeated(groove(), bars) == {2}


def test_a_bar_that_a_roll_leads_into_is_not_repeated() -> None:
    held = [note(0, "0", KICK), *roll(0, "2", SNARE, "10")]
    assert repeated(held) == set()


def test_a_bar_with_a_tempo_mark_is_written_out() -> None:
    assert repeated(groove(), tempo_changes=frozenset({0, 1})) == {2}


def test_a_pickup_is_not_repeated() -> None:
    bars = make_bars(FOUR_FOUR, FOUR_FOUR, pickup=Fraction(1))
    assert repeated([note(0, "0", KICK), note(1, "0", KICK)], bars) == set()
