"""Confidence against the share of hits that are right."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.training.evaluation.reliability import reliability


def test_honest_confidences_have_no_error() -> None:
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0, 1, 40_000)
    honest = reliability(confidences.tolist(), (rng.uniform(0, 1, 40_000) < confidences).tolist())
    assert len(honest.bins) == 10
    assert honest.error < 0.015
    assert abs(honest.bias) < 0.01
    assert all(each.low <= each.right <= each.high for each in honest.bins)


def test_promising_too_much_is_a_bias_and_an_error() -> None:
    boasting = reliability([0.9] * 100, [True] * 60 + [False] * 40)
    assert boasting.error == pytest.approx(0.3)
    assert boasting.bias == pytest.approx(0.3)
    assert reliability([0.6] * 100, [True] * 90 + [False] * 10).bias == pytest.approx(-0.3)


def test_errors_of_both_signs_do_not_cancel_in_the_calibration_error() -> None:
    both = reliability([0.2] * 10 + [0.8] * 10, [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5)
    assert both.bias == pytest.approx(0.0)
    assert both.error == pytest.approx(0.3)


def test_few_hits_leave_a_wide_interval() -> None:
    few, many = (reliability([0.75] * n, [True] * (3 * n // 4) + [False] * (n // 4)).bins[0] for n in (4, 400))
    assert few.high - few.low > 3 * (many.high - many.low)
    assert many.low == pytest.approx(0.705, abs=0.005)  # Wilson's interval of 300 in 400
    assert many.high == pytest.approx(0.790, abs=0.005)


def test_full_confidence_falls_into_the_last_bin() -> None:
    assert reliability([1.0], [True]).bins[0].confidence == 1.0


def test_no_hits_have_no_error() -> None:
    nothing = reliability([], [])
    assert nothing.bins == ()
    assert np.isnan(nothing.error)
