from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.engines.annoteator.outputs import KICK, SNARE, Heard
from backbeat.engines.annoteator.velocity import NORMAL, levels_to_velocities, velocities
from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched

levels = st.lists(st.floats(-120, 20), min_size=1, max_size=40).map(np.array)


def strokes(gains):
    """Snare-like strokes, half a second apart, and what a listener would make of them."""
    rng = np.random.default_rng(2)
    sound = rng.standard_normal(6_000) * np.exp(-np.arange(6_000) / 1_500)
    samples = np.zeros(22_050 * (len(gains) + 1), dtype=np.float32)
    onsets = 22_050 * np.arange(len(gains)) + 5_000
    for onset, gain in zip(onsets, gains, strict=True):
        samples[onset : onset + 6_000] += (0.3 * gain * sound).astype(np.float32)
    struck = np.zeros((len(gains), 6), dtype=bool)
    struck[:, SNARE] = True
    return samples, Heard(onset_samples=onsets, struck=struck, confidence=struck * 0.9)


def test_a_drum_that_is_struck_once_gets_a_normal_stroke():
    samples, heard = strokes([0.2])
    assert velocities(samples, heard, Unwatched())[0, SNARE] == NORMAL


def test_ghost_notes_come_out_soft_and_accents_loud():
    samples, heard = strokes([1, 0.1, 1, 0.1, 1, 1, 1.4])
    result = velocities(samples, heard, Unwatched())[:, SNARE]
    assert (result[[1, 3]] < 45).all()
    assert (np.abs(result[[0, 2, 4, 5]] - NORMAL) <= 8).all()
    assert result[6] > NORMAL + 8


def test_velocity_does_not_depend_on_the_level_of_the_file():
    samples, heard = strokes([1, 0.3, 0.6])
    quiet = velocities(samples * np.float32(0.03), heard, Unwatched())
    np.testing.assert_array_equal(quiet, velocities(samples, heard, Unwatched()))


def test_each_drum_is_measured_against_its_own_strokes():
    samples, heard = strokes([1, 1, 0.1])
    struck = heard.struck.copy()
    struck[2] = False
    struck[2, KICK] = True  # the only kick: soft against the snares, normal for a kick
    result = velocities(samples, Heard(onset_samples=heard.onset_samples, struck=struck, confidence=struck * 0.9), Unwatched())
    assert result[2, KICK] == NORMAL
    assert (result[~struck] == 0).all()


def test_measuring_can_be_cancelled(watcher):
    samples, heard = strokes([1, 1])
    with pytest.raises(Cancelled):
        velocities(samples, heard, watcher(cancel_at=1))


@given(levels)
def test_velocities_are_midi_and_in_the_order_of_the_levels(levels_db):
    result = levels_to_velocities(levels_db)
    assert result.min() >= 1
    assert result.max() <= 127
    assert (np.diff(result[np.argsort(levels_db)]) >= 0).all()


@given(levels, st.floats(-40, 40))
def test_a_gain_on_all_strokes_changes_nothing_that_can_be_heard(levels_db, gain_db):
    assert np.abs(levels_to_velocities(levels_db) - levels_to_velocities(levels_db + gain_db)).max() <= 1


def test_12_db_softer_is_half_the_velocity():
    np.testing.assert_array_equal(levels_to_velocities(np.array([-30.0, -30.0, -30.0, -30.0, -42.04])), [100, 100, 100, 100, 50])
