from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backbeat.pipeline.beat_line import BeatLine, beat_line
from backbeat.records import BeatGrid
from backbeat.values import FOUR_FOUR


def make_line(*times_s: float, tempo_bpm: float = 120.0) -> BeatLine:
    grid = BeatGrid(
        times_s=np.array(times_s, dtype=np.float64),
        numbers=np.arange(1, len(times_s) + 1),
        meters=(FOUR_FOUR,) if times_s else (),
        tempo_bpm=tempo_bpm,
        confidence=1.0,
        bpm_unreliable=False,
        engine="test",
    )
    return beat_line(grid)


def test_between_beats_the_line_follows_them() -> None:
    place = make_line(1.0, 1.4, 2.0).place(1.7)
    assert (place.index, round(place.fraction, 6)) == (1, 0.5)


def test_before_and_after_it_goes_on_as_at_the_ends() -> None:
    line = make_line(1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0)
    assert [line.time(index) for index in (-2, -1, 0, 8, 9, 10)] == [0.0, 0.5, 1.0, 7.0, 8.0, 9.0]


def test_without_beats_it_starts_at_0_and_goes_at_the_tempo() -> None:
    assert make_line(tempo_bpm=60.0).place(2.5).index == 2


@given(st.lists(st.floats(0.01, 3), max_size=30), st.floats(0, 60))
def test_every_moment_lies_in_its_beat(intervals_s: list[float], time_s: float) -> None:
    line = make_line(*(0.3 + np.cumsum(intervals_s)))
    place = line.place(time_s)
    start_s, end_s = line.time(place.index), line.time(place.index + 1)
    assert 0 <= place.fraction < 1
    assert abs(start_s + place.fraction * (end_s - start_s) - time_s) < 1e-6


@given(st.lists(st.floats(0.01, 3), max_size=30), st.lists(st.floats(-5, 60), max_size=20))
def test_many_moments_at_once_lie_where_each_does_and_the_way_back_is_the_same(
    intervals_s: list[float], times_s: list[float]
) -> None:
    line = make_line(*(0.3 + np.cumsum(intervals_s)))
    beats = line.beats_at(np.array(times_s))
    places = [line.place(time_s) for time_s in times_s]
    assert np.allclose(beats, [place.index + place.fraction for place in places], atol=1e-9)
    assert np.allclose(line.times_at(beats), times_s, atol=1e-6)
