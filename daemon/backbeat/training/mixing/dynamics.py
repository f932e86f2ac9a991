"""Compression, saturation and level: what a mixing desk does to a finished drum bus."""

from __future__ import annotations

import numpy as np

from backbeat.records import FloatArray
from backbeat.values import ANALYSIS_RATE_HZ

_BLOCK = 64


def rms(samples: FloatArray) -> float:
    """Root mean square, at least 1e-9."""
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)) + 1e-9)


def compress(samples: FloatArray, *, threshold_db: float, ratio: float, attack_s: float, release_s: float) -> FloatArray:
    """Feed-forward peak compressor in the log domain (Giannoulis, Massberg, Reiss, JAES 60(6), 2012), block by block.

    threshold_db: below the 90th percentile of the envelope. Release is a straight line in dB, `release_s` for 20 dB, which makes
    fast ratios pump. The shape and dtype stay.
    """
    blocks = len(samples) // _BLOCK
    if not blocks:
        return samples
    peaks = np.abs(samples[: blocks * _BLOCK]).reshape(blocks, _BLOCK).max(axis=1)
    level_db = 20 * np.log10(peaks.astype(np.float64) + 1e-6)
    fall = 20 * _BLOCK / (release_s * ANALYSIS_RATE_HZ) * np.arange(blocks)
    envelope_db = np.maximum.accumulate(level_db + fall) - fall
    over_db = np.maximum(envelope_db - (np.quantile(envelope_db, 0.9) + threshold_db), 0)
    gain_db = -over_db * (1 - 1 / ratio)
    width = max(int(attack_s * ANALYSIS_RATE_HZ / _BLOCK), 1)
    gain_db = np.convolve(np.concatenate([np.full(width - 1, gain_db[0]), gain_db]), np.full(width, 1 / width), "valid")
    at = (np.arange(blocks) + 0.5) * _BLOCK
    gain = np.interp(np.arange(len(samples)), at, 10 ** (gain_db / 20))
    out: FloatArray = (samples * gain).astype(np.float32)
    return out


def draw_compression(rng: np.random.Generator, samples: FloatArray, *, hard: bool) -> FloatArray:
    """Compress with random settings; `hard` for a crushed room microphone or a bus that pumps audibly."""
    return compress(
        samples,
        threshold_db=float(rng.uniform(-30, -15) if hard else rng.uniform(-18, -3)),
        ratio=float(rng.uniform(4, 15) if hard else rng.uniform(1.5, 5)),
        attack_s=float(rng.uniform(0.001, 0.02)),
        release_s=float(np.exp(rng.uniform(np.log(0.04), np.log(0.6)))),
    )


def saturate(samples: FloatArray, drive_db: float) -> FloatArray:
    """Soft clipping: peaks are pushed `drive_db` into a tanh, the peak level stays."""
    peak = float(np.abs(samples).max(initial=0.0))
    if peak == 0:
        return samples
    drive = 10 ** (drive_db / 20)
    out: FloatArray = (np.tanh(samples * (drive / peak)) * (peak / np.tanh(drive))).astype(np.float32)
    return out
