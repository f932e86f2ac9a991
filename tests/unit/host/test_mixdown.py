"""Rendered drums beside the recording: as loud as one another, at their places, never clipped."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.host.loudness import loudness
from backbeat.host.mixdown import PEAK_MAX, alone, mixed, side_by_side
from backbeat.records import FloatArray

RATE_HZ = 44_100


def tone(level: float, *, seconds: float = 2, hz: float = 997, channels: int = 1) -> FloatArray:
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return np.repeat(level * np.sin(2 * np.pi * hz * t, dtype=np.float64).astype(np.float32)[None], channels, axis=0)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_a_full_scale_tone_in_one_channel_is_as_loud_as_the_recommendation_says(rate_hz: int) -> None:
    t = np.arange(5 * rate_hz) / rate_hz
    assert loudness(np.sin(2 * np.pi * 997 * t).astype(np.float32)[None], rate_hz) == pytest.approx(-3.01, abs=0.1)


def test_loudness_follows_level_adds_channels_and_hears_less_of_the_bass() -> None:
    reference = loudness(tone(0.5), RATE_HZ)
    assert loudness(tone(0.05), RATE_HZ) == pytest.approx(reference - 20, abs=0.01)
    assert loudness(tone(0.5, channels=2), RATE_HZ) == pytest.approx(reference + 3.01, abs=0.01)
    assert loudness(tone(0.5, hz=30), RATE_HZ) < reference - 6


def test_pauses_do_not_count() -> None:
    with_pause = np.concatenate([tone(0.5), np.zeros((1, 20 * RATE_HZ), np.float32)], axis=1)
    assert loudness(with_pause, RATE_HZ) == pytest.approx(loudness(tone(0.5), RATE_HZ), abs=0.5)


@pytest.mark.parametrize("samples", [np.zeros((2, RATE_HZ), np.float32), tone(1, seconds=0.3), np.zeros((1, 0), np.float32)])
def test_silence_and_less_than_a_block_have_no_loudness(samples: FloatArray) -> None:
    assert loudness(samples, RATE_HZ) == -np.inf


def test_alone_the_drums_stay_as_they_are() -> None:
    drums = tone(0.3)
    assert np.array_equal(alone(drums).samples, drums)


def test_what_would_clip_is_turned_down_as_a_whole_and_told() -> None:
    mixdown = alone(tone(2.0))
    assert np.abs(mixdown.samples).max() == pytest.approx(PEAK_MAX, rel=1e-4)
    assert mixdown.turned_down_db == pytest.approx(20 * np.log10(2 / PEAK_MAX), abs=0.01)


def test_a_mix_has_both_equally_loud_from_the_same_first_sample() -> None:
    drums, original = tone(0.02, hz=1050), tone(0.2, hz=950)
    mixdown = mixed(drums, original, RATE_HZ, 0.5)
    assert mixdown.drums_gain_db == pytest.approx(20, abs=0.5)
    gain = 10 ** (mixdown.drums_gain_db / 20)
    assert np.allclose(mixdown.samples, original + gain * drums, atol=1e-6)


@pytest.mark.parametrize(("balance", "original_share", "drums_share"), [(0, 1, 0), (0.25, 1, 0.5), (0.75, 0.5, 1), (1, 0, 1)])
def test_the_balance_is_a_crossfader(balance: float, original_share: float, drums_share: float) -> None:
    drums, original = tone(0.2, hz=1200), tone(0.2, hz=700)
    mixdown = mixed(drums, original, RATE_HZ, balance)
    gain = 10 ** (mixdown.drums_gain_db / 20)
    assert np.allclose(mixdown.samples, original_share * original + drums_share * gain * drums, atol=1e-6)


def test_mono_and_stereo_short_and_long_go_together() -> None:
    mixdown = mixed(tone(0.1, seconds=3), tone(0.1, seconds=2, channels=2), RATE_HZ, 0.5)
    assert mixdown.samples.shape == (2, 3 * RATE_HZ)
    assert abs(mixdown.drums_gain_db) < 0.01


def test_split_has_the_original_on_the_left_and_the_drums_on_the_right() -> None:
    drums, original = tone(0.02, hz=1200, channels=2), tone(0.2, hz=700, channels=2)
    mixdown = side_by_side(drums, original, RATE_HZ)
    left, right = mixdown.samples
    assert np.allclose(left, original[0], atol=1e-6)
    assert loudness(left[None], RATE_HZ) == pytest.approx(loudness(right[None], RATE_HZ), abs=0.1)
    assert np.corrcoef(right, drums[0])[0, 1] > 0.999


def test_silence_on_one_side_changes_no_level() -> None:
    drums = tone(0.2)
    assert mixed(drums, np.zeros_like(drums), RATE_HZ, 0.5).drums_gain_db == 0
    assert mixed(np.zeros_like(drums), drums, RATE_HZ, 0.5).drums_gain_db == 0
