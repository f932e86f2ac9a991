"""What the network said, kept compact, and picked again."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.engines.net.picker import pick_hits
from backbeat.engines.net.picking import FAINTEST, Activations, PickSettings, pick
from backbeat.engines.net.state import NetState
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.errors import EngineFailed
from backbeat.sensitivity import GROUPS, Sensitivity
from backbeat.values import Instrument

SETTINGS = PickSettings(
    clear={instrument: 0.15 + 0.02 * k for k, instrument in enumerate(INSTRUMENTS)},
    dense={instrument: 0.1 + 0.02 * k for k, instrument in enumerate(INSTRUMENTS)},
    joining=0.6,
    calibration={instrument: (1.0 + 0.1 * k, -0.1 * k) for k, instrument in enumerate(INSTRUMENTS)},
)
sensitivities = st.builds(
    lambda overall, name, level: Sensitivity.parse(f"{overall}, {name}={level}"),
    st.integers(0, 100),
    st.sampled_from([*GROUPS, *Instrument]),
    st.integers(0, 100),
)


@st.composite
def heard(draw: st.DrawFn) -> Activations:
    """Peaks of any height wherever they fall, over a little noise."""
    frames = draw(st.integers(0, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    instruments = random.uniform(0, 0.03, (frames, len(INSTRUMENTS))) * draw(st.sampled_from([0, 1]))
    k = np.arange(frames)
    for _ in range(draw(st.integers(0, 30)) if frames else 0):
        tip, height, column = random.uniform(0, frames), random.uniform(0, 1), random.integers(len(INSTRUMENTS))
        instruments[:, column] = np.maximum(instruments[:, column], height * np.maximum(1 - np.abs(k - tip) / 2, 0))
    velocities = random.uniform(0, 1, instruments.shape)
    density = draw(st.floats(0, 1.2))
    return Activations(instruments=instruments.astype(np.float32), velocities=velocities.astype(np.float32), density=density)


def state_of(activations: Activations) -> NetState:
    return NetState.of(activations, duration_s=len(activations.instruments) / 100, picking=SETTINGS)


@given(heard())
@settings(deadline=None)
def test_a_state_comes_back_from_its_bytes_as_it_was(activations: Activations) -> None:
    state = state_of(activations)
    again = NetState.from_bytes(state.to_bytes())
    for field in fields(NetState):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(state, field.name), err_msg=field.name)


@given(st.floats(0.3, 1), st.floats(10, 30), st.floats(0, 1), st.sampled_from(Instrument))
@settings(deadline=None)
def test_a_stroke_keeps_its_velocity_and_its_time_to_half_a_millisecond(
    height: float, tip: float, velocity: float, instrument: Instrument
) -> None:
    instruments = np.zeros((40, len(INSTRUMENTS)), np.float32)
    column = INSTRUMENTS.index(instrument)
    instruments[:, column] = height * np.maximum(1 - np.abs(np.arange(40) - tip) / 2, 0)
    lenient = replace(SETTINGS, clear=dict.fromkeys(INSTRUMENTS, 0.05), dense=dict.fromkeys(INSTRUMENTS, 0.05))
    fresh = Activations(instruments=instruments, velocities=np.full_like(instruments, velocity))
    (expected,) = pick(fresh, lenient)
    (found,) = pick_hits(NetState.of(fresh, duration_s=0.4, picking=lenient).to_bytes(), Sensitivity())
    assert (found.instrument, found.velocity) == (instrument, expected.velocity)
    assert found.time_s == pytest.approx(tip / 100, abs=5e-4)


@given(heard(), sensitivities, st.sampled_from([*Instrument, None]), st.integers(1, 60))
@settings(deadline=None)
def test_more_sensitivity_never_loses_or_moves_a_stroke(
    activations: Activations, less: Sensitivity, instrument: Instrument | None, by: int
) -> None:
    raised = {each: less.level(each) + by * (instrument in (None, each)) for each in Instrument}
    more = Sensitivity.parse(", ".join(f"{each}={min(level, 100)}" for each, level in raised.items()))
    state = state_of(activations).to_bytes()
    before = {(hit.time_s, hit.instrument): hit for hit in pick_hits(state, less)}
    after = {(hit.time_s, hit.instrument): hit for hit in pick_hits(state, more)}
    assert before.items() <= after.items()
    if instrument is not None:
        assert {key for key in after if key not in before} <= {key for key in after if key[1] is instrument}


def test_as_shipped_moves_no_threshold_at_all() -> None:
    assert SETTINGS.at(Sensitivity()) == SETTINGS


@pytest.mark.parametrize(("level", "found"), [(0, 0), (40, 0), (60, 1), (100, 1)])
def test_a_stroke_at_the_edge_comes_and_goes_with_the_level(level: int, found: int) -> None:
    instruments = np.zeros((20, len(INSTRUMENTS)), np.float32)
    instruments[10, 0] = SETTINGS.clear[Instrument.KICK] * 0.9
    state = state_of(Activations(instruments=instruments, velocities=instruments)).to_bytes()
    assert len(pick_hits(state, Sensitivity(overall=level))) == found


def test_at_full_sensitivity_noise_below_the_floor_is_still_nothing() -> None:
    noise = np.random.default_rng(0).uniform(0, FAINTEST * 0.8, (500, len(INSTRUMENTS))).astype(np.float32)
    state = state_of(Activations(instruments=noise, velocities=noise)).to_bytes()
    assert len(pick_hits(state, Sensitivity(overall=100))) == 0


def test_a_stroke_past_the_end_lies_inside_the_recording() -> None:
    instruments = np.zeros((20, len(INSTRUMENTS)), np.float32)
    instruments[19, 0] = 0.9
    state = replace(state_of(Activations(instruments=instruments, velocities=instruments)), duration_s=0.186)
    assert pick_hits(state.to_bytes(), Sensitivity()).time_s.tolist() == [0.186]


def test_numbers_that_are_none_are_kept_as_nothing() -> None:
    broken = np.full((20, len(INSTRUMENTS)), np.nan, np.float32)
    broken[3] = np.inf
    state = state_of(Activations(instruments=broken, velocities=broken))
    assert np.flatnonzero(state.activations.any(axis=0)).tolist() == [3]
    assert all(np.isfinite(hit.confidence) for hit in pick_hits(state.to_bytes(), Sensitivity(overall=100)))


def test_a_minute_of_busy_drums_is_kept_in_less_than_60_kb() -> None:
    random = np.random.default_rng(0)
    instruments = np.zeros((6000, len(INSTRUMENTS)), np.float32)
    k = np.arange(6000)
    for tip, column in zip(random.uniform(0, 6000, 900), random.integers(0, 14, 900), strict=True):  # 15 strokes a second
        instruments[:, column] = np.maximum(
            instruments[:, column], random.uniform(0.1, 1) * np.maximum(1 - np.abs(k - tip) / 2, 0)
        )
    state = state_of(Activations(instruments=instruments, velocities=random.uniform(0, 1, instruments.shape).astype(np.float32)))
    assert len(state.to_bytes()) < 60_000


# Damage


def whole() -> bytes:
    instruments = np.zeros((50, len(INSTRUMENTS)), np.float32)
    instruments[[9, 10, 11], 0] = 0.4, 0.9, 0.4
    return state_of(Activations(instruments=instruments, velocities=instruments)).to_bytes()


def with_head(**changed: object) -> bytes:
    line, _, rest = whole().partition(b"\n")
    return json.dumps(json.loads(line) | changed).encode() + b"\n" + rest


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"drums",
        b"[]\n",
        b"null\n",
        whole()[:-1],
        whole()[:40],
        whole() + b"x",
        whole()[:-6] + b"\x00\x00\x00\x00\x00\x00",
        with_head(format=2),
        with_head(frames=49),
        with_head(frames=-1),
        with_head(frames=10**15),
        with_head(frames="many"),
        with_head(sizes=[1]),
        with_head(picking={}),
    ],
)
def test_a_damaged_state_is_told_in_words(state: bytes) -> None:
    with pytest.raises(EngineFailed, match="What was heard before cannot be read") as raised:
        pick_hits(state, Sensitivity())
    assert "again" in raised.value.advice
