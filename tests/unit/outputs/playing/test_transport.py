from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.playing.transport import LEAD_IN_S, SHORTEST_LOOP_S, FreeRun, Rolling


def begun(transport: FreeRun, now_s: float) -> FreeRun:
    transport.begin(now_s, threading.Event())
    return transport


def rolling(transport: FreeRun, now_s: float) -> Rolling:
    found = transport.rolling(now_s)
    assert found is not None
    return found


def test_it_rolls_from_its_place_on_after_a_moment() -> None:
    transport = begun(FreeRun(3.0), 100.0)
    assert rolling(transport, 100.0).time_of(3.0) == pytest.approx(100 + LEAD_IN_S)
    assert rolling(transport, 500.0) == rolling(transport, 100.0)
    assert not transport.comes_back


@given(st.floats(0, 1000), st.floats(0, 600), st.floats(0.001, 600), st.floats(0, 3000))
def test_a_loop_is_always_within_one_round_and_rounds_follow_one_another(
    start_s: float, from_s: float, length_s: float, later_s: float
) -> None:
    transport = begun(FreeRun(from_s, from_s + length_s), start_s)
    now_s = start_s + LEAD_IN_S + later_s
    here = rolling(transport, now_s)
    assert here.at_s <= now_s + 1e-9
    assert now_s < here.until_s
    assert here.until_s - here.at_s == pytest.approx(max(length_s, SHORTEST_LOOP_S), abs=1e-6)
    after = rolling(transport, here.until_s)
    assert after.run == here.run + 1
    assert after.at_s == here.until_s
    assert transport.comes_back


@given(st.floats(0.01, 10), st.floats(-100, 100), st.floats(-100, 100))
def test_a_place_is_reached_at_the_speed_at_which_it_rolls(rate: float, place_s: float, now_s: float) -> None:
    course = Rolling(run=0, from_s=0, position_s=place_s, at_s=now_s, rate=rate)
    assert course.time_of(place_s + rate) == pytest.approx(now_s + 1)
