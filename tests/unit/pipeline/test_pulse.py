from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backbeat.pipeline.beat_grid import CountedBeats, number_beats
from backbeat.pipeline.pulse import pulse_bpm_of, pulse_of, pulses_to_beats
from backbeat.values import Meter


@pytest.mark.parametrize(
    ("meter", "per_bar", "pulse_bpm_at_120"),
    [
        ("4/4", 4, 120),
        ("3/4", 3, 120),
        ("5/4", 5, 120),
        ("6/8", 2, 80),
        ("12/8", 4, 80),
        ("3/8", 3, 240),
        ("7/8", 7, 240),
        ("8/8", 4, 120),
        ("8/16", 2, 120),
        ("2/2", 4, 120),
    ],
)
def test_the_pulse_is_what_one_taps_to(meter: str, per_bar: int, pulse_bpm_at_120: float) -> None:
    assert pulse_of(Meter.parse(meter)).per_bar == per_bar
    assert pulse_bpm_of(120.0, Meter.parse(meter)) == pulse_bpm_at_120


@given(st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]))
def test_pulses_fill_every_bar(beats: int, unit: int) -> None:
    pulse = pulse_of(Meter(beats, unit))
    assert pulse.per_bar * pulse.beats == beats


@given(st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]), st.integers(0, 40))
def test_beats_made_of_pulses_rise_and_count_on(beats: int, unit: int, count: int) -> None:
    meter = Meter(beats, unit)
    assume(pulse_of(meter).per_bar <= 32)  # or number_beats could not count the pulses
    per_bar = Meter(pulse_of(meter).per_bar, 4)
    pulses = CountedBeats(times_s=np.arange(count) * 0.5 + 0.1, numbers=number_beats(count, per_bar, first=2))
    found = pulses_to_beats(pulses, meter)
    assert (np.diff(found.times_s) > 0).all()
    if len(found.numbers):
        assert np.array_equal(found.numbers, number_beats(len(found.numbers), meter, first=int(found.numbers[0])))


def test_dotted_quarters_become_eighths() -> None:
    found = pulses_to_beats(CountedBeats(times_s=np.array([1.0, 1.6, 2.2]), numbers=np.array([2, 1, 2])), Meter(6, 8))
    assert found.times_s == pytest.approx([1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2])
    assert found.numbers.tolist() == [4, 5, 6, 1, 2, 3, 4]


def test_quarters_become_halves() -> None:
    pulses = CountedBeats(times_s=np.array([1.0, 1.5, 2.0, 2.5, 3.0]), numbers=np.array([2, 3, 4, 1, 2]))
    found = pulses_to_beats(pulses, Meter(2, 2))
    assert found.times_s.tolist() == [1.5, 2.5]
    assert found.numbers.tolist() == [2, 1]
