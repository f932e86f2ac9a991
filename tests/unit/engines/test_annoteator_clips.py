from __future__ import annotations

import librosa
import numpy as np

from backbeat.engines.annoteator.clips import CLIP_SAMPLES, attack_levels_db, cut, mel_power


def test_a_clip_becomes_128_bands_and_18_frames_as_in_training():
    clip = np.random.default_rng(0).standard_normal((2, CLIP_SAMPLES), dtype=np.float32)
    mel = mel_power(clip)
    assert mel.shape == (2, 128, 18)
    np.testing.assert_allclose(mel[1], librosa.feature.melspectrogram(y=clip[1], sr=44_100, n_mels=128, fmax=8_000), rtol=1e-3)


def test_no_clips_give_an_empty_array_of_the_same_shape():
    assert mel_power(np.zeros((0, CLIP_SAMPLES), dtype=np.float32)).shape == (0, 128, 18)


def test_clips_are_filled_with_silence_outside_of_the_recording():
    clips = cut(np.ones(10, dtype=np.float32), np.array([-3, 8]), 5)
    np.testing.assert_array_equal(clips, [[0, 0, 0, 1, 1], [1, 1, 0, 0, 0]])


def test_levels_are_measured_in_their_own_band_and_follow_the_gain():
    time_s = np.arange(44_100) / 44_100
    low = np.sin(2 * np.pi * 100 * time_s).astype(np.float32)
    bands = ((60.0, 200.0), (5_000.0, 10_000.0))
    onsets = np.array([10_000, 20_000])
    levels_db = attack_levels_db(low, onsets, bands)
    assert levels_db.shape == (2, 2)
    assert (levels_db[:, 0] > levels_db[:, 1] + 60).all()
    softer_db = attack_levels_db(low * np.float32(0.1), onsets, bands)
    np.testing.assert_allclose(levels_db[:, 0] - softer_db[:, 0], 20.0, atol=0.01)
