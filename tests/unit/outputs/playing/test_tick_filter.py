from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from backbeat.outputs.playing.tick_filter import TickFilter

BEAT = 24


def errors_s(periods_s: Sequence[float], late_s: Sequence[float] | float = 0.0) -> NDArray[np.float64]:
    """How far off the middle to the next tick is foretold, after each tick."""
    true_s = np.concatenate([[0.0], np.cumsum(periods_s)])[:-1]
    heard_s = np.maximum.accumulate(true_s + late_s)
    ticks = TickFilter(periods_s[0])
    told = []
    for number, at_s in enumerate(heard_s):
        assert ticks.tick(number, at_s) == 0
        told.append(ticks.time_of(number + 0.5))
    return np.array(told) - (true_s + np.array(periods_s) / 2)


def beats(bpm: float, count: int) -> list[float]:
    return [60 / bpm / BEAT] * BEAT * count


@given(st.floats(20, 400), st.floats(0.005, 0.1))
def test_even_ticks_are_foretold_whatever_was_guessed(bpm: float, guess_s: float) -> None:
    ticks = TickFilter(guess_s)
    period_s = 60 / bpm / BEAT
    for number in range(BEAT):
        ticks.tick(number, 5 + number * period_s)
    assert ticks.time_of(BEAT + 0.5) == pytest.approx(5 + (BEAT + 0.5) * period_s, abs=1e-6)
    assert ticks.period_s == pytest.approx(period_s, rel=1e-6)


def test_jitter_of_a_millisecond_leaves_a_quarter_of_it() -> None:
    late_s = np.random.default_rng(1).normal(0, 0.001, 100 * BEAT)
    off_s = errors_s(beats(120, 100), late_s)[2 * BEAT :]
    assert np.sqrt(np.mean(off_s**2)) < 0.0003
    assert np.abs(off_s).max() < 0.0012


def test_single_ticks_that_come_very_late_are_not_believed() -> None:
    rng = np.random.default_rng(1)
    late_s = rng.normal(0, 0.0002, 100 * BEAT)
    late_s[rng.random(100 * BEAT) < 0.03] += 0.015
    assert np.abs(errors_s(beats(120, 100), late_s)[2 * BEAT :]).max() < 0.001


@pytest.mark.parametrize("bpm", [60.0, 90.0, 118.0, 123.0, 160.0, 240.0])
def test_a_new_tempo_is_followed_within_a_beat(bpm: float) -> None:
    rng = np.random.default_rng(1)
    off_s = errors_s([*beats(120, 20), *beats(bpm, 20)], rng.normal(0, 0.0005, 40 * BEAT))
    assert np.abs(off_s[21 * BEAT :]).max() < 0.0025, "after one beat"
    assert np.abs(off_s[24 * BEAT :]).max() < 0.001, "after four"


@pytest.mark.parametrize(("bpm", "count", "limit_s"), [(160, 16, 0.0015), (160, 4, 0.003), (90, 4, 0.004)])
def test_a_gliding_tempo_is_followed_on_the_way(bpm: float, count: int, limit_s: float) -> None:
    glide = list(60 / BEAT / np.linspace(120, bpm, count * BEAT))
    off_s = errors_s([*beats(120, 10), *glide, *beats(bpm, 4)])
    assert np.abs(off_s[4 * BEAT :]).max() < limit_s


def test_ticks_that_were_held_up_and_come_at_once_change_nothing() -> None:
    late_s = np.zeros(40 * BEAT)
    late_s[500:505] = np.arange(5, 0, -1) * 0.0208
    assert np.abs(errors_s(beats(120, 40), late_s)[2 * BEAT :]).max() < 0.004


@given(st.integers(1, 6))
def test_ticks_that_never_came_are_counted(lost: int) -> None:
    period_s = 60 / 120 / BEAT
    ticks = TickFilter(period_s)
    shift = 0
    for number in range(4 * BEAT):
        true = number if number < 2 * BEAT else number + lost
        shift += ticks.tick(number + shift, true * period_s)
    assert shift == lost
    assert ticks.time_of(4 * BEAT + lost) == pytest.approx((4 * BEAT + lost) * period_s, abs=1e-5)


def test_a_restart_keeps_the_speed_until_it_knows_better() -> None:
    ticks = TickFilter(1.0)
    for number in range(10):
        ticks.tick(number, number * 0.02)
    ticks.restart(10, 5.0)
    assert ticks.time_of(11) == pytest.approx(5.02)
    assert not ticks.fits(11, 5.02), "one tick is too little to tell"


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200))
def test_whatever_comes_time_goes_forward(gaps_s: list[float]) -> None:
    ticks = TickFilter(0.02)
    at_s, shift = 0.0, 0
    for number, gap_s in enumerate(gaps_s):
        at_s += gap_s
        shift += ticks.tick(number + shift, at_s)
        assert ticks.period_s > 0
        assert np.isfinite(ticks.time_of(number + shift + 1))
