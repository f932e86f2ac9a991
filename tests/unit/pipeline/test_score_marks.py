from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.score.marks import marks_of
from backbeat.records import Hit, Hits, hits_from_rows
from backbeat.values import Instrument

SNARE, HAT, KICK, TOM = Instrument.SNARE, Instrument.HIHAT_CLOSED, Instrument.KICK, Instrument.TOM_LOW


def hits_of(instrument: Instrument, *velocities: int, apart_s: float = 0.25) -> Hits:
    return hits_from_rows([Hit(n * apart_s, instrument, velocity, 0.9) for n, velocity in enumerate(velocities)], engine="test")


def ghosts(hits: Hits) -> list[int]:
    return sorted(marks_of(hits, range(len(hits))).ghosts)


def accents(hits: Hits) -> list[int]:
    return sorted(marks_of(hits, range(len(hits))).accents)


def test_snare_strokes_far_below_the_backbeats_are_ghost_notes() -> None:
    assert ghosts(hits_of(SNARE, 112, 30, 25, 110, 35, 115, 28, 113)) == [1, 2, 4, 6]


def test_backbeats_among_more_ghost_notes_are_none() -> None:
    assert ghosts(hits_of(SNARE, *[25, 30, 112, 28] * 8)) == [n for n in range(32) if n % 4 != 2]


def test_a_snare_that_is_soft_all_along_has_none() -> None:
    assert ghosts(hits_of(SNARE, *[30, 34, 28, 32] * 4)) == []


def test_a_middling_stroke_is_none() -> None:
    assert ghosts(hits_of(SNARE, 112, 70, 112, 65, 110, 115)) == []


def test_soft_hats_toms_and_kicks_are_no_ghost_notes() -> None:
    for instrument in (HAT, TOM, KICK):
        assert ghosts(hits_of(instrument, 110, 30, 110, 30, 110, 110)) == []


def test_a_few_loud_strokes_are_accents() -> None:
    assert accents(hits_of(HAT, *[70] * 7, 115, *[72] * 8)) == [7]
    assert accents(hits_of(SNARE, *[75] * 10, 118, *[75] * 3)) == [10]


def test_loud_and_soft_in_turn_is_the_rule_and_not_marked() -> None:
    assert accents(hits_of(HAT, *[110, 60] * 12)) == []


def test_a_part_that_is_loud_as_a_whole_is_not_marked() -> None:
    assert accents(hits_of(TOM, *[60] * 30, *[110] * 30)) == []


def test_crashes_and_kicks_have_no_accents() -> None:
    for instrument in (Instrument.CRASH, KICK):
        assert accents(hits_of(instrument, *[60] * 12, 120)) == []


def test_a_hat_under_a_louder_snare_has_no_accent() -> None:
    rows = [Hit(n * 0.25, HAT, 115 if n == 8 else 70, 0.9) for n in range(20)]
    assert accents(hits_from_rows([*rows, Hit(2.01, SNARE, 100, 0.9)], engine="test"))
    assert not accents(hits_from_rows([*rows, Hit(2.01, SNARE, 120, 0.9)], engine="test"))


@given(st.lists(st.tuples(st.sampled_from(Instrument), st.integers(1, 127)), max_size=60))
def test_no_stroke_is_both_and_few_strokes_say_nothing(rows: list[tuple[Instrument, int]]) -> None:
    hits = hits_from_rows(
        [Hit(n * 0.1, instrument, velocity, 0.9) for n, (instrument, velocity) in enumerate(rows)], engine="test"
    )
    marks = marks_of(hits, range(len(hits)))
    assert not marks.ghosts & marks.accents
    counts = {instrument: hits.instruments.count(instrument) for instrument in Instrument}
    assert all(counts[hits.instruments[number]] >= 4 for number in marks.ghosts | marks.accents)
