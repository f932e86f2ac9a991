"""Matching one to one, F, thresholds and calibration."""

from __future__ import annotations

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.engines.net.picking import Activations
from backbeat.engines.net.vocabulary import FAMILIES, INSTRUMENTS
from backbeat.training.evaluation.scoring import Counts, matches
from backbeat.training.recogniser.calibration import Labelled, choose_thresholds, fit_confidence, fitted_line
from backbeat.values import Instrument

TIMES = st.lists(st.integers(0, 400), unique=True, max_size=25).map(lambda ms: np.sort(np.array(ms, float)) / 100)


@given(TIMES, TIMES)
def test_as_many_pairs_as_mir_eval_finds(expected_s: np.ndarray, found_s: np.ndarray) -> None:
    window_s = 0.055  # between two multiples of the grid: rounding decides nothing
    best = mir_eval.util.match_events(expected_s, found_s, window_s) if len(expected_s) and len(found_s) else []
    pairs = matches(expected_s, found_s, window_s)
    assert len(pairs) == len(best)
    assert all(abs(expected_s[here] - found_s[there]) <= window_s for here, there in pairs)


def test_f_measure() -> None:
    assert Counts(matched=3, expected=4, found=5).f_measure == pytest.approx(2 / 3)
    assert Counts().f_measure == 0.0


def labelled(height: float, noise: float) -> Labelled:
    """Twenty kicks of one height among as many bumps of noise; nothing else."""
    instruments = np.zeros((2000, len(INSTRUMENTS)), np.float32)
    frames = np.arange(50, 2000, 95)
    instruments[frames, 0] = height
    instruments[frames + 40, 0] = noise
    times = {family: np.zeros(0) for family in FAMILIES} | {"kick": frames / 100}
    return Labelled(
        activations=Activations(instruments=instruments, velocities=instruments),
        families=times,
        instruments={Instrument.KICK: frames / 100},
    )


def test_the_threshold_lies_between_strokes_and_noise_in_all_sets() -> None:
    thresholds = choose_thresholds([[labelled(0.7, 0.3)], [labelled(0.55, 0.4)]], dense=False)
    assert 0.4 < thresholds["kick"] <= 0.55


def test_confidence_after_calibration_is_the_share_of_right_strokes() -> None:
    random = np.random.default_rng(0)
    scores = random.uniform(0.05, 0.95, 4000)
    right = random.random(4000) < 1 / (1 + np.exp(-(0.5 * np.log(scores / (1 - scores)) + 0.8)))
    slope, offset = fitted_line(scores, right)
    assert slope == pytest.approx(0.5, abs=0.1)
    assert offset == pytest.approx(0.8, abs=0.1)


def test_without_strokes_a_calibration_changes_nothing() -> None:
    assert fitted_line(np.zeros(0), np.zeros(0, bool)) == (1.0, 0.0)


def test_settings_cover_every_instrument() -> None:
    settings = fit_confidence([labelled(0.7, 0.3)], dict.fromkeys(FAMILIES, 0.5), dict.fromkeys(FAMILIES, 0.3))
    assert set(settings.clear) == set(settings.dense) == set(INSTRUMENTS)
    assert settings.thresholds(0.0) == pytest.approx(dict.fromkeys(INSTRUMENTS, 0.5))
    assert settings.thresholds(2.0) == pytest.approx(dict.fromkeys(INSTRUMENTS, 0.3))
    assert set(settings.calibration) == set(INSTRUMENTS)
