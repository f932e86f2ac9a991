"""Whether two series of pulses count the same."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.net_beats.stated import covered, octaves_apart
from backbeat.records import TimeArray


def pulses(bpm: float, start_s: float = 0.5, end_s: float = 30.0) -> TimeArray:
    return np.arange(start_s, end_s, 60.0 / bpm)


@pytest.mark.parametrize(("stated_bpm", "octaves"), [(97.0, 0), (194.0, -1), (48.5, 1)])
def test_pulses_as_fast_twice_and_half_as_fast_count_the_same(stated_bpm: float, octaves: int) -> None:
    assert octaves_apart(pulses(97.0), pulses(stated_bpm)) == octaves


@pytest.mark.parametrize("stated_bpm", [120.0, 104.0, 145.5, 64.7, 388.0, 24.25])
def test_other_tempi_do_not(stated_bpm: float) -> None:
    assert octaves_apart(pulses(97.0), pulses(stated_bpm)) is None


def test_pulses_between_the_pulses_do_not() -> None:
    assert octaves_apart(pulses(97.0), pulses(97.0, start_s=0.5 + 30.0 / 97.0)) is None


def test_pulses_that_begin_late_do_not_and_a_pulse_more_at_an_end_does_not_matter() -> None:
    assert octaves_apart(pulses(97.0), pulses(194.0, start_s=12.0)) is None
    assert octaves_apart(pulses(97.0), pulses(97.0)[1:-1]) == 0


def test_a_drummer_who_drifts_counts_the_same_when_both_do() -> None:
    times_s = np.cumsum(60.0 / (100 * (1 + 0.05 * np.sin(np.arange(80) / 9))))
    assert octaves_apart(times_s, times_s[::2] + 0.01) == 1


@pytest.mark.parametrize("few_s", [[], [1.0]])
def test_without_two_pulses_nothing_is_counted(few_s: list[float]) -> None:
    assert octaves_apart(pulses(97.0), np.array(few_s)) is None
    assert octaves_apart(np.array(few_s), pulses(97.0)) is None


def test_the_share_of_the_time_that_is_counted_through() -> None:
    assert covered(np.array([0.0, 10.0]), np.array([5.0, 20.0])) == 0.5
    assert covered(np.array([5.0, 10.0]), np.array([0.0, 20.0])) == 1.0
    assert covered(np.array([0.0, 1.0]), np.array([5.0, 6.0])) == 0.0
