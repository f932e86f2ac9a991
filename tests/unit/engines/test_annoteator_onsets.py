from __future__ import annotations

import tracemalloc

import librosa
import numpy as np
import pytest

from backbeat.engines.annoteator.onsets import BLOCK_FRAMES, Flux, excerpt, onset_strength, pick_peaks
from backbeat.engines.annoteator.tuned import FLUX, TAIL_SAMPLES, find_onsets
from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched

RATE_HZ = 44_100
LIBROSA_FLUX = Flux(
    window_samples=2048, hop_samples=512, bands=128, low_hz=0.0, high_hz=RATE_HZ / 2, floor_db=80.0, lag=1, quietest_power=1e-10
)


def strength(samples, flux=FLUX):
    return onset_strength(samples, flux, Unwatched(), lambda _: None)


def onsets_s(samples):
    return find_onsets(samples, Unwatched(), lambda _: None) / RATE_HZ


def bursts(times_s, duration_s, level=0.5):
    samples = np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)
    length = round(0.1 * RATE_HZ)
    sound = np.random.default_rng(3).standard_normal(length) * np.exp(-np.arange(length) / 900.0) / 4.0
    for time_s in times_s:
        first = round(time_s * RATE_HZ)
        end = min(first + length, len(samples))
        samples[first:end] += (level * sound[: end - first]).astype(np.float32)
    return samples


def test_strength_in_blocks_is_librosas_strength_of_the_whole_file():
    samples = bursts(np.arange(0.3, 29.0, 0.37), 30.0)
    assert 1 + len(samples) // 512 > BLOCK_FRAMES  # so there is a border between two blocks
    late = 2  # librosa moves its envelope by half a window
    theirs = librosa.onset.onset_strength(y=samples, sr=RATE_HZ, hop_length=512)
    ours = np.concatenate([np.zeros(late), strength(samples, LIBROSA_FLUX)])[: len(theirs)]
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_memory_does_not_grow_with_the_length_of_the_recording():
    def peak_bytes(duration_s):
        samples = np.random.default_rng(0).standard_normal(duration_s * RATE_HZ, dtype=np.float32)
        tracemalloc.start()
        try:
            strength(samples)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak_bytes(75) < peak_bytes(25) + 2_000_000


def test_every_attack_is_found_within_5_ms():
    times_s = np.array([0.31, 0.52, 0.9, 1.333, 1.4, 2.0, 2.71])
    found_s = onsets_s(bursts(times_s, 3.0))
    assert len(found_s) == len(times_s)
    assert np.abs(found_s - times_s).max() < 0.005


def test_an_attack_on_the_first_sample_is_found():
    found_s = onsets_s(bursts([0.0, 0.5], 1.0))
    assert len(found_s) == 2
    assert found_s[0] < 0.005


def test_quiet_and_loud_bounces_have_the_same_onsets():
    samples = bursts(np.arange(0.2, 4.0, 0.23), 4.2)
    np.testing.assert_array_equal(onsets_s(samples), onsets_s(samples * np.float32(10 ** (-30 / 20))))


def test_steady_noise_has_hardly_any_onset():
    noise = 0.1 * np.random.default_rng(5).standard_normal(20 * RATE_HZ, dtype=np.float32)
    assert len(onsets_s(noise)) < 10  # its beginning is one


def test_a_sound_that_is_cut_off_at_the_end_gives_no_onset_there():
    time_s = np.arange(RATE_HZ) / RATE_HZ
    tone = (0.5 * np.sin(2 * np.pi * 222.3 * time_s)).astype(np.float32)
    assert not (onsets_s(tone) > (len(tone) - TAIL_SAMPLES) / RATE_HZ).any()


@pytest.mark.parametrize("length", [0, 1, 100, 2205])
def test_silence_of_any_length_has_no_onset(length):
    assert len(onsets_s(np.zeros(length, dtype=np.float32))) == 0


def test_equal_neighbours_are_one_peak():
    flat = np.zeros(50)
    flat[20:24] = 5.0
    (peak,) = pick_peaks(flat, reach=5, surroundings=10, rise_db=1.0)
    assert 20 <= peak <= 23


def test_peak_times_are_interpolated_between_frames():
    frames = np.arange(60)
    bump = 10.0 - 0.5 * (frames - 30.3) ** 2
    np.testing.assert_allclose(pick_peaks(np.maximum(bump, 0.0), reach=5, surroundings=10, rise_db=1.0), [30.3])


def test_a_block_stops_at_once_when_the_job_is_cancelled(watcher):
    with pytest.raises(Cancelled):
        onset_strength(bursts([0.1], 1.0), FLUX, watcher(cancel_at=2), lambda _: None)


def test_progress_rises_to_one():
    reported = []
    onset_strength(bursts([0.1], 30.0), FLUX, Unwatched(), reported.append)
    assert reported == sorted(reported)
    assert reported[-1] == 1.0


def test_an_excerpt_is_silent_outside_of_the_recording():
    samples = np.arange(1, 6, dtype=np.float32)
    np.testing.assert_array_equal(excerpt(samples, -2, 4), [0, 0, 1, 2])
    np.testing.assert_array_equal(excerpt(samples, 4, 3), [5, 0, 0])
    np.testing.assert_array_equal(excerpt(samples, 9, 2), [0, 0])
