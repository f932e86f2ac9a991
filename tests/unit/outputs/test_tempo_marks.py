from __future__ import annotations

from fractions import Fraction

import pytest
from tests.drum_scores import make_bars, make_score

from backbeat.outputs.notation.tempo_marks import beat_of, tempo_marks
from backbeat.values import FOUR_FOUR, Meter


def marks(tempi: list[float], *, unreliable: bool = False) -> dict[int, int]:
    bars = make_bars(*(FOUR_FOUR,) * len(tempi), tempi=tempi)
    return {index: round(bpm) for index, bpm in tempo_marks(make_score(bars=bars, tempo_bpm=119, unreliable=unreliable)).items()}


def test_a_steady_track_has_one_mark_with_the_scores_tempo() -> None:
    assert marks([118.0, 121.0, 117.0, 122.0, 119.0, 120.0, 118.0, 121.0, 119.0]) == {0: 119}


def test_a_drift_of_a_few_percent_is_not_marked() -> None:
    assert marks([120 + n * 0.4 for n in range(20)]) == {0: 119}


def test_a_new_tempo_that_lasts_is_marked_where_it_begins() -> None:
    assert marks([100.0] * 8 + [132.0] * 8) == {0: 100, 8: 132}


def test_a_bar_or_two_out_of_tempo_are_not_marked() -> None:
    assert marks([100.0] * 8 + [140.0] * 2 + [100.0] * 8) == {0: 119}


def test_a_long_ramp_gets_a_mark_now_and_then() -> None:
    found = marks([100 + 2 * n for n in range(30)])
    assert 3 <= len(found) <= 7
    assert list(found.values()) == sorted(found.values())


def test_an_unreliable_tempo_has_no_changes() -> None:
    assert marks([100.0] * 8 + [132.0] * 8, unreliable=True) == {0: 119}


def test_a_few_bars_have_one_mark() -> None:
    assert marks([100.0, 150.0]) == {0: 119}


def test_an_odd_pickup_does_not_count() -> None:
    bars = make_bars(*(FOUR_FOUR,) * 13, tempi=(60.0, *(100.0,) * 12), pickup=Fraction(1))
    assert tempo_marks(make_score(bars=bars, tempo_bpm=100)) == {0: 100}


@pytest.mark.parametrize(
    ("meter", "beat"), [("4/4", 1), ("6/8", Fraction(3, 2)), ("12/8", Fraction(3, 2)), ("7/8", 1), ("3/8", 1)]
)
def test_the_beat_is_dotted_in_compound_meters(meter: str, beat: Fraction) -> None:
    assert beat_of(Meter.parse(meter)) == beat
