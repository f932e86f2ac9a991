"""Short clips around onsets, as AnNOTEator's network wants them: mel power of 8820 samples."""

from __future__ import annotations

import librosa
import numpy as np

from backbeat.engines.annoteator.onsets import excerpt
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import ANALYSIS_RATE_HZ

CLIP_SAMPLES = 8820
"""0.2 s at 44.1 kHz: what the network was trained on (seed, 2c)."""

MEL_BANDS, WINDOW_SAMPLES, HOP_SAMPLES, HIGH_HZ = 128, 2048, 512, 8000.0
"""Mel settings of the training (seed, 2d)."""

LEVEL_WINDOW_SAMPLES = 2048
LEVEL_LEAD_SAMPLES = 340
"""The level of an attack is taken from -8 ms to +39 ms around its onset, tapered: the stroke, not what comes before."""

_SMALLEST_POWER = 1e-20


def mel_power(clips: FloatArray) -> FloatArray:
    """Mel power of clips, float32 (n, samples), as float32 (n, 128, frames); 8820 samples make 18 frames."""
    if not len(clips):
        return np.zeros((0, MEL_BANDS, 1 + clips.shape[1] // HOP_SAMPLES), dtype=np.float32)
    mel: FloatArray = librosa.feature.melspectrogram(
        y=clips,
        sr=ANALYSIS_RATE_HZ,
        n_fft=WINDOW_SAMPLES,
        hop_length=HOP_SAMPLES,
        n_mels=MEL_BANDS,
        fmax=HIGH_HZ,
        power=2.0,
    )
    return mel


def cut(samples: FloatArray, starts: IntArray, length: int) -> FloatArray:
    """Clips of `length` samples from `starts` on, float32 (n, length); zeros outside of the recording."""
    clips = np.zeros((len(starts), length), dtype=np.float32)
    for row, start in zip(clips, starts, strict=True):
        row[:] = excerpt(samples, int(start), length)
    return clips


def attack_levels_db(samples: FloatArray, onsets: IntArray, bands_hz: tuple[tuple[float, float], ...]) -> TimeArray:
    """Mean power of each attack in each band of `bands_hz` (low, high), in decibels, float64 (n, bands).

    onsets: sample indices, int64 (n,).
    """
    window = np.hanning(LEVEL_WINDOW_SAMPLES).astype(np.float32)
    spectrum = np.fft.rfft(cut(samples, onsets - LEVEL_LEAD_SAMPLES, LEVEL_WINDOW_SAMPLES) * window, axis=1)
    power = np.abs(spectrum) ** 2 / float(window.sum()) ** 2
    frequencies_hz = np.fft.rfftfreq(LEVEL_WINDOW_SAMPLES, 1 / ANALYSIS_RATE_HZ)
    levels = [power[:, (frequencies_hz >= low) & (frequencies_hz < high)].sum(axis=1) for low, high in bands_hz]
    levels_db: TimeArray = 10.0 * np.log10(np.maximum(np.stack(levels, axis=1), _SMALLEST_POWER))
    return levels_db
