"""The same recording bounced otherwise, and how alike two results are."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.records import Hit
from backbeat.training.evaluation.variants import likeness, variants
from backbeat.values import Instrument

TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)).astype(np.float32)


def test_variants_are_the_same_recording() -> None:
    made = {variant.name: variant for variant in variants(TONE)}
    assert {variant.sample_rate_hz for variant in made.values()} == {22_050, 44_100, 48_000, 96_000, 192_000}
    assert np.abs(made["30 dB softer"].samples).max() == pytest.approx(0.5 / 31.6, rel=0.01)
    assert made["DC offset of 0.1"].samples.mean() == pytest.approx(0.1, abs=1e-3)
    assert made["stereo"].samples.shape == (44_100, 2)
    for variant in made.values():
        assert len(variant.samples) / variant.sample_rate_hz == pytest.approx(1.0, abs=1e-3)


def hits(*rows: tuple[float, Instrument, int]) -> list[Hit]:
    return [Hit(time_s, instrument, velocity, 0.9) for time_s, instrument, velocity in rows]


def test_equal_results_are_wholly_alike() -> None:
    one = hits((1.0, Instrument.KICK, 90), (2.0, Instrument.RIDE, 50))
    assert likeness(one, one).equal == 1.0
    assert likeness([], []).equal == 1.0


def test_shifted_renamed_and_missing_hits_are_not_equal() -> None:
    one = hits((1.0, Instrument.KICK, 90), (2.0, Instrument.RIDE, 50), (3.0, Instrument.SNARE, 70), (4.0, Instrument.SNARE, 70))
    other = hits((1.004, Instrument.KICK, 93), (2.0, Instrument.CRASH, 50), (3.006, Instrument.SNARE, 70))
    found = likeness(one, other)
    assert found.equal == pytest.approx(2 / 7)
    assert found.velocity_steps == 3
