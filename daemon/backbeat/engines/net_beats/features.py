"""What the beat network sees: the recogniser's features, coarser in time and frequency, 50 frames per second."""

from __future__ import annotations

import numpy as np

from backbeat.engines.net.features import BANDS, FPS
from backbeat.records import FloatArray

POOLED_FRAMES = 2
BEAT_FPS = FPS // POOLED_FRAMES
FRAME_CENTRE_S = (POOLED_FRAMES - 1) / 2 / FPS
"""Frame k is centred at k / BEAT_FPS + this."""
FRAMES_AT_ONCE = 4
"""The network takes frames by fours; `padded` adds what is missing."""
_PAIRED_BANDS = 16
_FIRST_BANDS = np.array([*range(0, _PAIRED_BANDS, 2), *range(_PAIRED_BANDS, BANDS, 3)])
_BAND_COUNTS = np.diff([*_FIRST_BANDS, BANDS]).astype(np.float32)
BEAT_BANDS = len(_FIRST_BANDS)
"""Pairs of bands below 200 Hz or so, threes above."""


def beat_features(features: FloatArray) -> FloatArray:
    """Means over two frames and two or three bands.

    features: float32 (frames, BANDS) as from `net.features.relative`; returns float32 (ceil(frames / 2), BEAT_BANDS). A
    frame without its second is its own mean.
    """
    if len(features) % POOLED_FRAMES:
        features = np.concatenate([features, features[-1:]])
    pooled = features.reshape(-1, POOLED_FRAMES, features.shape[1]).mean(axis=1)
    coarse: FloatArray = (np.add.reduceat(pooled, _FIRST_BANDS, axis=1) / _BAND_COUNTS).astype(np.float32)
    return coarse


def padded(beat_features: FloatArray) -> FloatArray:
    """The same with silent frames at the end up to a multiple of FRAMES_AT_ONCE."""
    return np.pad(beat_features, ((0, -len(beat_features) % FRAMES_AT_ONCE), (0, 0)))
