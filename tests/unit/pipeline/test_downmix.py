"""Channels to one or two, and what is no number to silence."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.pipeline.downmix import LOUDEST, Downmix


def noise(frames: int, channels: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 0.3, (frames, channels)).astype(np.float32)


def test_two_channels_become_their_mean_and_nothing_is_rounded_twice() -> None:
    block = noise(1000, 2)
    mixed = Downmix(2, 1).mix(block.copy())
    assert mixed.shape == (1000, 1)
    assert mixed.dtype == np.float32
    np.testing.assert_array_equal(mixed[:, 0], block.mean(axis=1, dtype=np.float32))


@pytest.mark.parametrize("channels", [1, 2])
def test_as_many_channels_as_are_wanted_stay_as_they_are(channels: int) -> None:
    block = noise(1000, channels)
    mixed = Downmix(channels, channels).mix(block.copy())
    np.testing.assert_array_equal(mixed, block)
    assert mixed.flags.c_contiguous


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 2 * LOUDEST, -2 * LOUDEST])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_values_that_are_no_sound_become_silence_and_are_counted_in_any_channel(channels: int, bad: float) -> None:
    block = noise(100, channels)
    block[17, 0] = block[99, channels - 1] = bad
    downmix = Downmix(channels, channels if channels <= 2 else 1)
    mixed = downmix.mix(block)
    assert downmix.bad_values == 2
    assert np.isfinite(mixed).all()
    downmix.mix(noise(100, channels))
    assert downmix.bad_values == 2


def test_the_largest_values_that_are_sound_pass() -> None:
    block = np.full((10, 2), LOUDEST, np.float32)
    downmix = Downmix(2, 2)
    np.testing.assert_array_equal(downmix.mix(block.copy()), block)
    assert downmix.bad_values == 0


def test_channels_count_as_sounding_from_their_first_sound_on() -> None:
    silence, later = np.zeros((100, 3), np.float32), np.zeros((100, 3), np.float32)
    later[99, 1] = -1e-6
    downmix = Downmix(3, 1)
    downmix.mix(silence.copy())
    assert downmix.sounding_channels == 0
    downmix.mix(later)
    downmix.mix(silence)
    assert downmix.sounding_channels == 1
    assert downmix.gain == 1.0


def test_a_channel_of_nothing_but_damage_is_silent() -> None:
    block = np.zeros((100, 2), np.float32)
    block[:, 1] = np.nan
    downmix = Downmix(2, 1)
    assert not downmix.mix(block).any()
    assert downmix.sounding_channels == 0


def test_no_samples_are_no_trouble() -> None:
    downmix = Downmix(2, 1)
    assert downmix.mix(np.zeros((0, 2), np.float32)).shape == (0, 1)
    assert downmix.sounding_channels == 0
