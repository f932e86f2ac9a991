from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.beat_grid import (
    CountedBeats,
    beat_bpm_of,
    extend_grid,
    grid_from_tempo,
    grid_of_beats,
    number_beats,
    quarter_bpm_of,
    tempo_of_beats,
)
from backbeat.records import BeatGrid
from backbeat.values import FOUR_FOUR, Meter

METERS = st.sampled_from([Meter(4, 4), Meter(3, 4), Meter(6, 8), Meter(7, 8), Meter(2, 2), Meter(1, 4), Meter(5, 4)])


def some_grid(times_s: list[float], meter: Meter = FOUR_FOUR, first: int = 1) -> BeatGrid:
    times = np.array(times_s, dtype=np.float64)
    beats = CountedBeats(times_s=times, numbers=number_beats(len(times), meter, first=first))
    tempo = tempo_of_beats(times) or 120.0
    return grid_of_beats(beats, meter, tempo_bpm=tempo, confidence=0.5, bpm_unreliable=False, engine="test")


@st.composite
def grids(draw: st.DrawFn) -> BeatGrid:
    meter = draw(METERS)
    intervals = draw(st.lists(st.floats(0.1, 2.0), max_size=40))
    start_s = draw(st.floats(0.0, 30.0))
    return some_grid([start_s, *(start_s + np.cumsum(intervals))], meter, draw(st.integers(1, meter.beats)))


@given(grids(), st.floats(0.0, 120.0))
def test_an_extended_grid_covers_the_recording_and_counts_on(grid: BeatGrid, duration_s: float) -> None:
    extended = extend_grid(grid, duration_s)
    times_s, meter = extended.times_s, grid.meters[0]
    assert times_s[0] >= 0
    assert (np.diff(times_s) > 0).all()
    assert times_s[-1] >= duration_s - 1e-6
    assert np.array_equal(extended.numbers, number_beats(len(times_s), meter, first=int(extended.numbers[0])))
    assert set(extended.meters) == {meter}
    assert set(grid.times_s) <= set(times_s)
    first_interval_s = np.median(np.diff(grid.times_s[:9])) if len(grid.times_s) > 1 else 60.0 / grid.tempo_bpm
    assert times_s[0] <= first_interval_s + 1e-6


@given(grids(), st.floats(0.0, 60.0))
def test_extending_twice_changes_nothing_more(grid: BeatGrid, duration_s: float) -> None:
    once = extend_grid(grid, duration_s)
    twice = extend_grid(once, duration_s)
    assert len(twice.times_s) - len(once.times_s) in (0, 1)  # a first interval shorter than the typical one may leave room
    assert twice.times_s[-1] == once.times_s[-1]


@given(st.floats(20, 400), METERS, st.floats(0, 10), st.floats(0, 60))
def test_a_laid_grid_is_steady_and_has_its_downbeat_where_it_was_asked_for(
    bpm: float, meter: Meter, first_s: float, duration_s: float
) -> None:
    grid = grid_from_tempo(
        bpm, meter, first_beat_s=first_s, duration_s=duration_s, confidence=0.0, bpm_unreliable=True, engine="test"
    )
    assert np.allclose(np.diff(grid.times_s), 60.0 / bpm)
    assert grid.numbers[np.argmin(np.abs(grid.times_s - first_s))] == 1
    assert grid.times_s[0] <= 60.0 / bpm
    assert grid.times_s[-1] >= duration_s - 1e-6


def test_the_bar_before_the_first_heard_beat_may_be_incomplete() -> None:
    extended = extend_grid(some_grid([1.3, 1.8, 2.3, 2.8, 3.3]), 4.0)
    assert extended.times_s[:3] == pytest.approx([0.3, 0.8, 1.3])
    assert extended.numbers.tolist() == [3, 4, 1, 2, 3, 4, 1, 2, 3]
    assert extended.bar_starts.tolist() == [0, 2, 6]


def test_a_beat_on_the_first_sample_is_found_in_spite_of_rounding() -> None:
    extended = extend_grid(some_grid([0.3, 0.4, 0.5, 0.6]), 0.7)
    assert extended.times_s[0] == pytest.approx(0.0, abs=1e-9)


def test_new_bars_take_the_meter_of_their_end() -> None:
    grid = BeatGrid(
        times_s=np.arange(2.0, 5.5, 0.5),
        numbers=np.array([1, 2, 3, 1, 2, 3, 4]),
        meters=(Meter(3, 4), Meter(4, 4)),
        tempo_bpm=120.0,
        confidence=1.0,
        bpm_unreliable=False,
        engine="test",
    )
    extended = extend_grid(grid, 8.0)
    assert extended.numbers.tolist() == [3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2]
    assert [str(meter) for meter in extended.meters] == ["3/4", "3/4", "3/4", "4/4", "4/4", "4/4"]


def test_an_empty_grid_is_laid_at_its_tempo_and_keeps_its_warnings() -> None:
    empty = BeatGrid(
        times_s=np.zeros(0),
        numbers=np.zeros(0, dtype=np.int64),
        meters=(),
        tempo_bpm=60.0,
        confidence=0.0,
        bpm_unreliable=True,
        engine="test",
        warnings=("why",),
    )
    extended = extend_grid(empty, 3.5)
    assert extended.times_s.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert extended.warnings == ("why",)


@pytest.mark.parametrize("bpm", [60, 90, 110, 120, 174, 215])
def test_the_tempo_of_a_machine_is_whole_although_the_beats_come_in_frames_of_10_ms(bpm: int) -> None:
    times_s = np.round(0.123 + np.arange(64) * 60.0 / bpm, 2)
    assert tempo_of_beats(times_s) == bpm


def test_the_tempo_of_a_machine_that_is_not_whole_stays() -> None:
    assert tempo_of_beats(np.arange(100) * 60.0 / 93.4) == pytest.approx(93.4)


def test_a_drummers_tempo_is_not_rounded() -> None:
    drift = 60.0 / np.linspace(118.0, 122.2, 100)
    assert tempo_of_beats(np.cumsum(drift)) == pytest.approx(60.0 / drift[1:].mean(), abs=1e-6)


def test_a_beat_left_out_does_not_change_the_tempo() -> None:
    assert tempo_of_beats(np.delete(np.arange(40) * 0.5, 17)) == pytest.approx(120.0)


def test_fewer_than_two_beats_have_no_tempo() -> None:
    assert tempo_of_beats(np.array([1.0])) == 0.0
    assert tempo_of_beats(np.zeros(0)) == 0.0


@given(st.floats(20, 400), METERS)
def test_beats_per_minute_go_to_quarters_and_back(bpm: float, meter: Meter) -> None:
    assert quarter_bpm_of(beat_bpm_of(bpm, meter), meter) == pytest.approx(bpm)


def test_eighths_go_twice_as_fast_as_quarters() -> None:
    assert beat_bpm_of(120.0, Meter(7, 8)) == 240.0
    assert beat_bpm_of(120.0, Meter(3, 2)) == 60.0
