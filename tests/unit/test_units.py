from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.units import MAX_TEMPO, PPQ, TempoMap, bpm_to_tempo

tempos = st.integers(200_000, 1_500_000)


def test_120_bpm_is_half_a_second_per_quarter_note() -> None:
    assert bpm_to_tempo(120) == 500_000


def test_a_tempo_that_a_file_cannot_state_becomes_the_nearest_that_it_can() -> None:
    assert bpm_to_tempo(1) == MAX_TEMPO
    assert bpm_to_tempo(1e9) == 1


@given(st.lists(st.tuples(st.integers(1, 4000), tempos), max_size=40), tempos, st.integers(0, 200_000))
def test_ticks_to_seconds_and_back_is_the_same_tick(changes: list[tuple[int, int]], first: int, tick: int) -> None:
    tempo_map = TempoMap(first)
    at = 0
    for distance, tempo in changes:
        at += distance
        tempo_map.add(at, tempo)
    assert round(tempo_map.time_to_ticks(tempo_map.tick_to_time(tick))) == tick


@given(st.lists(st.tuples(st.integers(1, 4000), tempos), max_size=40), tempos, st.floats(0, 600))
def test_seconds_to_ticks_and_back_is_off_by_half_a_tick_at_most(
    changes: list[tuple[int, int]], first: int, time_s: float
) -> None:
    tempo_map = TempoMap(first)
    at = 0
    for distance, tempo in changes:
        at += distance
        tempo_map.add(at, tempo)
    longest_tick_s = max([first, *(tempo for _, tempo in changes)]) / 1_000_000 / PPQ
    assert abs(tempo_map.tick_to_time(round(tempo_map.time_to_ticks(time_s))) - time_s) <= longest_tick_s / 2 + 1e-9


def test_a_change_at_the_same_tick_replaces_the_one_before() -> None:
    tempo_map = TempoMap(500_000)
    tempo_map.add(0, 600_000)
    assert [change.tempo for change in tempo_map.changes] == [600_000]


def test_the_same_tempo_again_is_no_change() -> None:
    tempo_map = TempoMap(500_000)
    tempo_map.add(480, 500_000)
    assert len(tempo_map.changes) == 1


def test_changes_come_in_order() -> None:
    tempo_map = TempoMap(500_000)
    tempo_map.add(480, 600_000)
    with pytest.raises(ValueError, match="before the last change"):
        tempo_map.add(479, 500_000)
