from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.midi_host import RATES, numbers

from backbeat.outputs.playing.timecode import FRAME_RATES, timecode


@given(st.integers(0, 3), st.integers(0, 24 * 3600 * 23))
def test_every_frame_is_read_as_it_is_written(rate: int, frame: int) -> None:
    hours, minutes, seconds, frames = numbers(frame, rate)
    told = timecode(rate << 5 | hours, minutes, seconds, frames)
    assert told is not None
    assert (told.frame, told.label) == (frame, frames)
    assert (told.rate.nominal, told.rate.per_s) == RATES[rate]


@pytest.mark.parametrize(
    ("numbers_told", "frame"),
    [((0, 0, 59, 29), 1799), ((0, 1, 0, 2), 1800), ((0, 9, 59, 29), 17981), ((0, 10, 0, 0), 17982), ((1, 0, 0, 0), 107892)],
)
def test_drop_frame_leaves_out_numbers_but_no_frames(numbers_told: tuple[int, int, int, int], frame: int) -> None:
    """SMPTE ST 12-1: after 00:00:59:29 comes 00:01:00:02; an hour has 107892 frames."""
    hours, *rest = numbers_told
    told = timecode(2 << 5 | hours, *rest)
    assert told is not None
    assert told.frame == frame


def test_an_hour_of_drop_frame_is_an_hour_on_the_wall() -> None:
    assert abs(107892 / FRAME_RATES[2].per_s - 3600) < Fraction(1, 100)


@pytest.mark.parametrize("told", [(24, 0, 0, 0), (0, 60, 0, 0), (0, 0, 60, 0), (0, 0, 0, 24), (1 << 5, 0, 0, 25)])
def test_a_time_that_does_not_exist_is_nothing(told: tuple[int, int, int, int]) -> None:
    assert timecode(*told) is None
