from __future__ import annotations

from fractions import Fraction

import pytest
from tests.drum_scores import HAT, SNARE, grace, make_bars, make_score, note

from backbeat.outputs.notation.drum_voices import drum_voices
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.notation.system_breaks import system_starts
from backbeat.values import FOUR_FOUR


def starts(
    strokes_in_bars: list[int], *, repeated: tuple[int, ...] = (), graces: bool = False, pickup: bool = False
) -> list[int]:
    notes = [note(bar, str(Fraction(4 * n, strokes)), HAT) for bar, strokes in enumerate(strokes_in_bars) for n in range(strokes)]
    if graces:
        notes += [grace(scored.bar, str(scored.position), HAT) for scored in notes]
    bars = make_bars(*(FOUR_FOUR,) * len(strokes_in_bars), pickup=Fraction(4) if pickup else None)
    score = make_score(*notes, bars=bars)
    return sorted(system_starts(bars, drum_voices(score, load_staff_map()), repeated))


def test_a_line_has_four_bars() -> None:
    assert starts([8] * 10) == [4, 8]


def test_bars_of_sixteenths_are_two_to_a_line() -> None:
    assert starts([16] * 8) == [2, 4, 6]


def test_only_the_four_bars_that_are_too_full_are_halved() -> None:
    assert starts([8] * 4 + [16] * 4 + [8] * 4) == [4, 6, 8]


def test_grace_notes_take_room() -> None:
    assert starts([8] * 4) == []
    assert starts([8] * 4, graces=True) == [2]


def test_repeat_signs_take_next_to_none() -> None:
    assert starts([16] * 4, repeated=(1, 2, 3)) == []


def test_a_pickup_shares_the_first_line() -> None:
    bars = make_bars(*(FOUR_FOUR,) * 9, pickup=Fraction(1))
    score = make_score(note(0, "0", SNARE), bars=bars)
    assert sorted(system_starts(bars, drum_voices(score, load_staff_map()), ())) == [5]


@pytest.mark.parametrize("bars", [0, 1, 4])
def test_a_short_part_is_one_line(bars: int) -> None:
    assert starts([4] * bars) == []
