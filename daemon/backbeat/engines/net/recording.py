"""A recording's spectrum, computed once however many engines listen to it.

Beats and strokes are found in the same recording where nothing was separated. The last spectrum is kept under a digest of the
samples (25 ms for four minutes): identity would not do, since every caller has its own array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr

from backbeat.engines.net.features import BANDS, frame_count, local_level, relative, spectrum_blocks
from backbeat.records import FloatArray
from backbeat.values import ANALYSIS_RATE_HZ

SILENCE_PEAK = 1e-4
"""-80 dBFS: what is quieter throughout holds no strokes."""
_LOUD_PEAK = 16.0  # far above any bounce: brought down, so that squares stay within float32


@dataclass(frozen=True, kw_only=True, eq=False)
class Spectrum:
    """bands: float32 (frames, BANDS), magnitudes. level: float32 (frames,), to measure them against. 33 KB per second."""

    bands: FloatArray
    level: FloatArray

    def features(self, start: int = 0, stop: int | None = None) -> FloatArray:
        """What the networks see of the frames from `start` to `stop`: float32 (n, BANDS)."""
        return relative(self.bands[start:stop], self.level[start:stop])


class RecordingMemo:
    """Remembers the last spectrum that was computed."""

    def __init__(self) -> None:
        self._kept: tuple[bytes, Spectrum] | None = None

    def spectrum(self, samples: FloatArray, between: Callable[[float], None]) -> Spectrum:
        """The spectrum of mono `samples`, float32 (n,) at 44.1 kHz, finite (see `prepared`).

        `between` is called with the fraction done after each block; what it raises passes through, and nothing is kept.
        """
        key = hashlib.sha1(np.ascontiguousarray(samples).data, usedforsecurity=False).digest()
        kept = self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        spectrum = _compute(samples, between)
        self._kept = key, spectrum
        return spectrum

    def forget(self) -> None:
        """Give the memory back: 120 MB for an hour of audio."""
        self._kept = None


recording = RecordingMemo()
"""The memo of this process: one job at a time is heard in it."""


def _compute(samples: FloatArray, between: Callable[[float], None]) -> Spectrum:
    total, done = frame_count(len(samples)), 0
    bands, loudness = np.empty((total, BANDS), np.float32), np.empty(total, np.float32)
    for block, block_loudness in spectrum_blocks(samples):
        part = slice(done, done + len(block))
        bands[part], loudness[part] = block, block_loudness
        done += len(block)
        between(done / total)
    return Spectrum(bands=bands, level=local_level(loudness))


def prepared(samples: FloatArray, sample_rate_hz: int) -> FloatArray:
    """Mono samples at the networks' rate, finite, and no louder than squares can bear."""
    if sample_rate_hz != ANALYSIS_RATE_HZ:
        samples = soxr.resample(samples, sample_rate_hz, ANALYSIS_RATE_HZ)
    peak = peak_of(samples)
    if not np.isfinite(peak):
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        peak = peak_of(samples)
    return samples / np.float32(peak) if peak > _LOUD_PEAK else samples


def peak_of(samples: FloatArray) -> float:
    """The largest magnitude; NaN where there is one; 0 for nothing."""
    return max(float(samples.max()), -float(samples.min())) if len(samples) else 0.0
