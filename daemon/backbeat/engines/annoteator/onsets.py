"""Onset strength of a recording of any length, computed in blocks, and its peaks.

Spectral flux over mel bands in decibels, as `librosa.onset.onset_strength` has it (Boeck and Widmer, DAFx 2013, without the
maximum filter). librosa itself keeps the spectrogram of the whole file: an hour would take gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from librosa.filters import mel as mel_filters
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from backbeat.monitor import Monitor
from backbeat.records import FloatArray, TimeArray
from backbeat.values import ANALYSIS_RATE_HZ

BLOCK_FRAMES = 2048
"""Frames per block: 12 to 24 s of audio, some tens of megabytes and a tenth of a second of work."""


@dataclass(frozen=True, kw_only=True)
class Flux:
    """How onset strength is measured.

    window_samples: length of the Hann window. hop_samples: from frame to frame. bands: mel bands from low_hz to high_hz.
    floor_db: what lies further below the file's loudest band is cut off; this makes the measure independent of the level.
    lag: how many frames back a band is compared with.
    lead: frames before the first sample; the silence there lets a stroke on sample 0 rise from something.
    quietest_power: where decibels end.
    """

    window_samples: int
    hop_samples: int
    bands: int
    low_hz: float
    high_hz: float
    floor_db: float
    lag: int
    lead: int = 0
    quietest_power: float = 1e-16

    @cached_property
    def filters(self) -> FloatArray:
        """Triangular mel filters, float32, shape (bands, window_samples // 2 + 1)."""
        filters: FloatArray = mel_filters(
            sr=ANALYSIS_RATE_HZ, n_fft=self.window_samples, n_mels=self.bands, fmin=self.low_hz, fmax=self.high_hz
        )
        return filters

    @cached_property
    def window(self) -> FloatArray:
        """Periodic Hann window, float32."""
        return np.hanning(self.window_samples + 1)[:-1].astype(np.float32)


def onset_strength(samples: FloatArray, flux: Flux, monitor: Monitor, report: Callable[[float], None]) -> TimeArray:
    """Mean rise over the bands in decibels, float64, one value per frame from `-lead` on.

    Frame k is centred on sample `(k - lead) * hop_samples`. Reads the file twice: the floor depends on its loudest place.
    Calls `report` with 0..1 and `monitor.check` for every block.
    """
    frames = flux.lead + 1 + len(samples) // flux.hop_samples
    starts = range(0, frames, BLOCK_FRAMES)
    loudest_db = -np.inf
    for k, start in enumerate(starts):
        monitor.check()
        loudest_db = max(loudest_db, float(_mel_db(samples, flux, start, min(start + BLOCK_FRAMES, frames)).max()))
        report(0.5 * (k + 1) / len(starts))
    strength = np.zeros(frames)
    for k, start in enumerate(starts):
        monitor.check()
        first, end = max(start, flux.lag), min(start + BLOCK_FRAMES, frames)
        if first < end:
            mel = np.maximum(_mel_db(samples, flux, first - flux.lag, end), loudest_db - flux.floor_db)
            strength[first:end] = np.maximum(mel[:, flux.lag :] - mel[:, : -flux.lag], 0.0).mean(axis=0)
        report(0.5 + 0.5 * (k + 1) / len(starts))
    return strength


def pick_peaks(strength: TimeArray, *, reach: int, surroundings: int, rise_db: float) -> TimeArray:
    """Frames of the peaks, float64 with a fraction (parabola through the peak and its neighbours), rising.

    A peak is the highest within `reach` frames to either side, and `rise_db` above the mean of `surroundings` frames
    to either side. The threshold is in decibels and so is the same for quiet and for loud files.
    """
    if not len(strength):
        return np.zeros(0)
    highest = maximum_filter1d(strength, 2 * reach + 1, mode="constant")
    mean = uniform_filter1d(strength, 2 * surroundings + 1, mode="constant")
    peaks = np.flatnonzero((strength == highest) & (strength >= mean + rise_db))
    peaks = peaks[np.diff(peaks, prepend=-reach - 1) > reach]  # the first of equals
    padded = np.pad(strength, 1)
    before, here, after = padded[peaks], padded[peaks + 1], padded[peaks + 2]
    bend = before - 2 * here + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    frames: TimeArray = peaks + np.clip(shift, -0.5, 0.5)
    return frames


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of at most `size` that cover 0..count."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def _mel_db(samples: FloatArray, flux: Flux, first: int, end: int) -> FloatArray:
    """Frames first..end in decibels, float32 (bands, end - first); there is silence before and after the recording."""
    begin = (first - flux.lead) * flux.hop_samples - flux.window_samples // 2
    piece = excerpt(samples, begin, (end - first - 1) * flux.hop_samples + flux.window_samples)
    framed = np.lib.stride_tricks.sliding_window_view(piece, flux.window_samples)[:: flux.hop_samples]
    power = np.abs(np.fft.rfft(framed * flux.window, axis=1)) ** 2
    mel = np.maximum(flux.filters @ power.T.astype(np.float32), np.float32(flux.quietest_power))
    mel_db: FloatArray = np.float32(10.0) * np.log10(mel)
    return mel_db


def excerpt(samples: FloatArray, start: int, length: int) -> FloatArray:
    """`length` samples from `start` (which may be negative) on; zeros where the recording has none."""
    piece = np.zeros(length, dtype=np.float32)
    first, end = max(start, 0), min(start + length, len(samples))
    if first < end:
        piece[first - start : end - start] = samples[first:end]
    return piece
