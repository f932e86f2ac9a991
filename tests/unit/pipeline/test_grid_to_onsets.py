from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.grid_to_onsets import OFFSET_MAX_S, grid_to_onsets
from backbeat.records import BeatGrid, Hit, Hits, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument

BEATS_S = 1.0 + 0.5 * np.arange(32)


def make_grid(times_s: np.ndarray = BEATS_S) -> BeatGrid:
    numbers = np.arange(len(times_s)) % 4 + 1
    return BeatGrid(
        times_s=times_s,
        numbers=numbers,
        meters=(FOUR_FOUR,) * int((numbers == 1).sum()),
        tempo_bpm=120.0,
        confidence=0.9,
        bpm_unreliable=False,
        engine="test",
    )


def hits_at(times_s: np.ndarray, instrument: Instrument = Instrument.KICK) -> Hits:
    return hits_from_rows([Hit(float(time_s), instrument, 100, 0.9) for time_s in times_s], engine="test")


@given(st.floats(-0.035, 0.035))
def test_the_grid_goes_to_the_strokes_as_a_whole(offset_s: float) -> None:
    moved = grid_to_onsets(make_grid(), hits_at(BEATS_S + offset_s))
    assert moved.offset_s == pytest.approx(offset_s, abs=1e-9)
    assert moved.grid.times_s == pytest.approx(BEATS_S + offset_s)


def test_all_but_the_times_stays() -> None:
    grid = make_grid()
    moved = grid_to_onsets(grid, hits_at(BEATS_S + 0.01)).grid
    assert replace(moved, times_s=grid.times_s) == replace(grid, times_s=grid.times_s)


def test_beats_that_are_loose_around_the_strokes_are_not_pulled_to_them() -> None:
    off_s = np.random.default_rng(1).normal(0.015, 0.006, len(BEATS_S))
    moved = grid_to_onsets(make_grid(), hits_at(BEATS_S + off_s))
    assert moved.offset_s == pytest.approx(float(np.median(off_s)), abs=1e-9)
    assert np.diff(moved.grid.times_s) == pytest.approx(np.diff(BEATS_S))


def test_a_few_strokes_far_beside_the_beats_change_nothing() -> None:
    times_s = BEATS_S + 0.012
    times_s[::5] += 0.04
    assert grid_to_onsets(make_grid(), hits_at(times_s)).offset_s == pytest.approx(0.012, abs=1e-9)


def test_strokes_between_the_beats_do_not_count() -> None:
    times_s = np.sort(np.concatenate([BEATS_S - 0.008, BEATS_S + 0.25 + 0.03, BEATS_S + 0.125]))
    assert grid_to_onsets(make_grid(), hits_at(times_s)).offset_s == pytest.approx(-0.008, abs=1e-9)


def test_hands_that_are_not_together_count_as_their_middle() -> None:
    rows = [Hit(float(beat), Instrument.KICK, 100, 0.9) for beat in BEATS_S]
    rows += [Hit(float(beat) + 0.012, Instrument.HIHAT_CLOSED, 100, 0.9) for beat in BEATS_S]
    assert grid_to_onsets(make_grid(), hits_from_rows(rows, engine="test")).offset_s == pytest.approx(0.006, abs=1e-9)


def test_no_grid_is_moved_further_than_the_most() -> None:
    moved = grid_to_onsets(make_grid(), hits_at(BEATS_S + 0.055))
    assert moved.offset_s == OFFSET_MAX_S


@pytest.mark.parametrize(
    "times_s",
    [
        np.array([]),
        np.array([1.01]),
        BEATS_S[:6] + 0.02,
        BEATS_S + 0.25,
        1.0 + np.arange(150) * 0.1031,
    ],
    ids=["none", "one", "too few", "off-beats only", "another tempo"],
)
def test_strokes_that_do_not_say_where_the_beats_are_leave_the_grid(times_s: np.ndarray) -> None:
    moved = grid_to_onsets(make_grid(), hits_at(times_s))
    assert moved.offset_s == 0
    assert moved.grid.times_s is not None
    assert (moved.grid.times_s == BEATS_S).all()


@pytest.mark.parametrize("beats", [0, 1])
def test_a_grid_without_an_interval_stays(beats: int) -> None:
    assert grid_to_onsets(make_grid(BEATS_S[:beats]), hits_at(BEATS_S + 0.01)).offset_s == 0


@given(st.lists(st.floats(0, 20), max_size=60), st.lists(st.floats(0.05, 2.0), max_size=40))
def test_any_grid_stays_in_order_and_within_reach(times_s: list[float], intervals_s: list[float]) -> None:
    grid = make_grid(np.cumsum(intervals_s))
    moved = grid_to_onsets(grid, hits_at(np.array(times_s)))
    assert abs(moved.offset_s) <= OFFSET_MAX_S
    assert (np.diff(moved.grid.times_s) > 0).all()
    assert moved.grid.times_s == pytest.approx(grid.times_s + moved.offset_s)
