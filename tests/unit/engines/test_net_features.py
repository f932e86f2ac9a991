"""What the network sees: independent of level, offset and of how a file is walked through."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.net.features import (
    BANDS,
    BLOCK_FRAMES,
    FPS,
    FRAME_SAMPLES,
    HOP_SAMPLES,
    RATE_HZ,
    features,
    filterbank,
    frame_count,
    local_level,
    spectrum_blocks,
)
from backbeat.records import FloatArray


@pytest.fixture(scope="module")
def drumming() -> FloatArray:
    """Six seconds of decaying noise bursts over faint noise, peak about 0.5."""
    random = np.random.default_rng(3)
    samples = random.normal(0, 1e-3, 6 * RATE_HZ)
    for start in range(RATE_HZ // 3, len(samples) - RATE_HZ // 2, RATE_HZ // 2):
        samples[start : start + 8000] += random.normal(0, 0.15, 8000) * np.exp(-np.arange(8000) / 900)
    return samples.astype(np.float32)


def test_a_frame_every_ten_milliseconds(drumming: FloatArray) -> None:
    assert features(drumming).shape == (600, BANDS)
    assert features(drumming).dtype == np.float32
    assert FPS == 100


@pytest.mark.parametrize("samples", [0, 1, 440, 441, 442])
def test_a_recording_of_any_length_has_frames_for_all_of_it(samples: int) -> None:
    assert features(np.zeros(samples, np.float32)).shape == (frame_count(samples), BANDS)
    assert frame_count(samples) * HOP_SAMPLES >= samples


def test_frame_k_is_centred_at_k_hops() -> None:
    samples = np.zeros(RATE_HZ, np.float32)
    samples[37 * HOP_SAMPLES] = 1.0
    assert features(samples).sum(axis=1).argmax() == 37


@pytest.mark.parametrize("gain_db", [-40, -30, -6, 6, 20])
def test_the_level_of_a_recording_changes_nothing(drumming: FloatArray, gain_db: float) -> None:
    gain = np.float32(10 ** (gain_db / 20))
    np.testing.assert_allclose(features(drumming * gain), features(drumming), atol=2e-4)


def test_a_constant_offset_changes_nothing(drumming: FloatArray) -> None:
    np.testing.assert_allclose(features(drumming + np.float32(0.3)), features(drumming), atol=2e-3)


def test_a_frame_has_the_same_bits_wherever_walking_begins(drumming: FloatArray) -> None:
    whole = np.concatenate([bands for bands, _ in spectrum_blocks(drumming)])
    rest = np.concatenate([bands for bands, _ in spectrum_blocks(drumming[BLOCK_FRAMES * HOP_SAMPLES :])])
    margin = 3  # frames that reach over the cut
    np.testing.assert_array_equal(whole[BLOCK_FRAMES + margin :], rest[margin:])


@pytest.mark.parametrize("samples", [70 * HOP_SAMPLES + 1, 2 * BLOCK_FRAMES * HOP_SAMPLES - 5000])
def test_a_frame_has_the_same_bits_however_long_the_recording_goes_on(drumming: FloatArray, samples: int) -> None:
    whole = np.concatenate([bands for bands, _ in spectrum_blocks(drumming)])
    beginning = np.concatenate([bands for bands, _ in spectrum_blocks(drumming[:samples])])
    margin = 3  # frames that reach over the end
    np.testing.assert_array_equal(whole[: len(beginning) - margin], beginning[:-margin])


def test_the_spectrum_is_that_of_the_plain_formula_in_double_precision(drumming: FloatArray) -> None:
    exact = drumming.astype(np.float64)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES)
    bands, loudness = (np.concatenate(part) for part in zip(*spectrum_blocks(drumming), strict=True))
    first, frames = 3, 500  # the frames before begin before the recording
    start = first * HOP_SAMPLES - FRAME_SAMPLES // 2
    windows = np.lib.stride_tricks.sliding_window_view(exact[start:], FRAME_SAMPLES)[::HOP_SAMPLES][:frames] * window
    magnitudes = np.abs(np.fft.rfft(windows, axis=1)) * 4 / FRAME_SAMPLES
    begun = slice(first, first + frames)
    np.testing.assert_allclose(bands[begun], magnitudes @ filterbank(), atol=2e-6)
    np.testing.assert_allclose(loudness[begun], np.sqrt((magnitudes[:, 2:] ** 2).sum(axis=1)), rtol=1e-5)


def test_noise_far_below_hearing_is_not_raised_to_the_level_of_drums() -> None:
    dither = np.random.default_rng(0).normal(0, 1.5e-5, RATE_HZ).astype(np.float32)
    assert features(dither).mean() < features(dither * 1000).mean() - 0.4


def test_the_local_level_is_the_maximum_nearby_and_never_jumps() -> None:
    loudness = np.full(3000, 0.01, np.float32)
    loudness[1500] = 1.0
    level = local_level(loudness)
    assert level[1500] == pytest.approx(1.0)
    assert level[0] == pytest.approx(0.01)
    assert level[2999] == pytest.approx(0.01)
    assert np.abs(np.diff(level)).max() < 0.006


def test_no_frames_have_no_level() -> None:
    assert local_level(np.zeros(0, np.float32)).shape == (0,)
