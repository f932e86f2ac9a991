from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.velocity_curve import VelocityCurve

velocities = st.integers(1, 127)
written = st.one_of(
    st.sampled_from(["linear", "soft", "hard", "Soft", " fixed  100 "]),
    st.floats(0.25, 4).map(str),
    st.tuples(velocities, velocities).filter(lambda ends: ends[0] < ends[1]).map(lambda ends: f"{ends[0]}-{ends[1]}"),
    velocities.map(lambda level: f"fixed {level}"),
)


@given(velocities)
def test_linear_changes_nothing(velocity: int) -> None:
    assert VelocityCurve().apply(velocity) == velocity
    assert VelocityCurve.parse("linear") == VelocityCurve()


@given(st.integers(2, 126))
def test_soft_is_softer_and_hard_is_harder(velocity: int) -> None:
    soft, hard = VelocityCurve.parse("soft"), VelocityCurve.parse("hard")
    assert soft.apply(velocity) <= velocity <= hard.apply(velocity)
    assert soft.apply(64) < 64 < hard.apply(64)


def test_both_ends_of_a_bent_curve_stay() -> None:
    for text in ("soft", "hard", "2.5"):
        assert VelocityCurve.parse(text).apply(127) == 127
        assert VelocityCurve.parse(text).apply(1) >= 1


@given(velocities)
def test_a_range_holds_all_velocities(velocity: int) -> None:
    assert 40 <= VelocityCurve.parse("40-120").apply(velocity) <= 120
    assert VelocityCurve.parse("40-120").apply(127) == 120
    assert VelocityCurve.parse("40-120").apply(1) in (40, 41)


@given(velocities, velocities)
def test_fixed_makes_all_alike(velocity: int, level: int) -> None:
    assert VelocityCurve.parse(f"fixed {level}").apply(velocity) == level


@given(written, velocities, velocities)
def test_any_curve_stays_in_midi_and_keeps_the_order(text: str, first: int, second: int) -> None:
    curve = VelocityCurve.parse(text)
    low, high = sorted((first, second))
    assert 1 <= curve.apply(low) <= curve.apply(high) <= 127


@given(written)
def test_what_a_curve_is_written_as_is_read_as_the_same_curve(text: str) -> None:
    curve = VelocityCurve.parse(text)
    assert VelocityCurve.parse(str(curve)) == curve
    assert VelocityCurve.parse(curve) is curve


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("loud", "not a velocity curve"),
        ("", "not a velocity curve"),
        ("nan", "outside 0.25 to 4"),
        ("9", "outside 0.25 to 4"),
        ("120-40", "lower velocity comes first"),
        ("0-100", "0 is not a velocity"),
        ("fixed 128", "128 is not a velocity"),
    ],
)
def test_a_mistake_says_how_to_write_it(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        VelocityCurve.parse(text)
