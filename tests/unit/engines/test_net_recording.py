"""A recording's spectrum is computed once, whoever asks, and never mixed up with another recording's."""

from __future__ import annotations

import numpy as np
import pytest

from backbeat.engines.net.features import BANDS, FPS, features
from backbeat.engines.net.recording import RecordingMemo, peak_of, prepared
from backbeat.engines.net_beats.features import BEAT_BANDS, BEAT_FPS, FRAMES_AT_ONCE, beat_features, padded
from backbeat.errors import Cancelled
from backbeat.records import FloatArray

RATE_HZ = 44_100


def noise(seed: int, seconds: float = 2.0) -> FloatArray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


class Counter:
    def __init__(self) -> None:
        self.blocks = 0
        self.last = 0.0

    def __call__(self, fraction: float) -> None:
        assert self.last <= fraction <= 1.0
        self.last = fraction
        self.blocks += 1


def test_the_same_samples_in_another_array_are_not_computed_again() -> None:
    memo, counter = RecordingMemo(), Counter()
    first = memo.spectrum(noise(1), counter)
    blocks = counter.blocks
    assert blocks > 0
    assert memo.spectrum(noise(1).copy(), counter) is first
    assert counter.blocks == blocks


def test_other_samples_are_other_features_even_if_one_sample_differs() -> None:
    memo = RecordingMemo()
    samples = noise(1)
    first = memo.spectrum(samples, Counter())
    changed = samples.copy()
    changed[30_000] += 0.5
    second = memo.spectrum(changed, Counter())
    assert second is not first
    assert np.array_equal(second.features(), features(changed))


def test_the_features_are_those_that_the_networks_learned_from_whole_or_in_part() -> None:
    samples = noise(2)
    spectrum = RecordingMemo().spectrum(samples, Counter())
    whole = features(samples)
    assert whole.shape == (2 * FPS, BANDS)
    assert np.array_equal(spectrum.features(), whole)
    assert np.array_equal(spectrum.features(50, 120), whole[50:120])


def test_what_was_cancelled_is_not_kept() -> None:
    def stop(_: float) -> None:
        raise Cancelled("stop")

    memo = RecordingMemo()
    with pytest.raises(Cancelled):
        memo.spectrum(noise(3), stop)
    counter = Counter()
    memo.spectrum(noise(3), counter)
    assert counter.blocks > 0


def test_nothing_has_no_frames() -> None:
    spectrum = RecordingMemo().spectrum(np.zeros(0, np.float32), Counter())
    assert spectrum.features().shape == (0, BANDS)


def test_recordings_are_brought_to_the_rate_and_freed_of_what_is_no_number() -> None:
    wild = np.array([0.5, np.nan, np.inf, -np.inf] * 500, np.float32)
    assert np.isfinite(prepared(wild, RATE_HZ)).all()
    assert len(prepared(noise(1, 1.0)[:22_050], 22_050)) == pytest.approx(44_100, abs=2)
    assert peak_of(prepared(np.full(100, 1e6, np.float32), RATE_HZ)) == pytest.approx(1.0)
    assert peak_of(np.zeros(0, np.float32)) == 0.0


def test_beat_features_are_means_of_two_frames_and_neighbouring_bands() -> None:
    frames = np.arange(5 * BANDS, dtype=np.float32).reshape(5, BANDS)
    pooled = beat_features(frames)
    assert pooled.shape == (3, BEAT_BANDS)
    assert BEAT_FPS * 2 == FPS
    assert pooled[0, 0] == pytest.approx(frames[:2, :2].mean())
    assert pooled[1, -1] == pytest.approx(frames[2:4, -3:].mean(), rel=0.02)
    assert np.allclose(pooled[2], beat_features(frames[4:])[0])
    assert beat_features(np.ones((4, BANDS), np.float32)) == pytest.approx(1.0)


def test_frames_come_in_fours() -> None:
    for frames in range(9):
        assert len(padded(np.ones((frames, BEAT_BANDS), np.float32))) == -(-frames // FRAMES_AT_ONCE) * FRAMES_AT_ONCE
