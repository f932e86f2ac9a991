"""What the network `net` sees: band magnitudes relative to the loudest sound nearby, 100 frames per second, in pure NumPy.

The same function serves training and recognition. Frame k is centred at k * 10 ms. The level of a recording cancels out:
every frame is divided by the local level, the largest frame magnitude within +-3 s (smoothed over another +-1 s so that it never
jumps). A DC offset falls into the two lowest FFT bins, which no band reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from backbeat.records import FloatArray, TimeArray

RATE_HZ = 44_100
HOP_SAMPLES = 441
FPS = RATE_HZ // HOP_SAMPLES
FRAME_SAMPLES = 2048
BLOCK_FRAMES = 256
"""Frames computed at once. Blocks begin at multiples of it: a frame has the same bits however a file is walked through."""

_PIECE_FRAMES = 64  # of a block: what is worked on stays in the processor's cache
LEVEL_REACH_FRAMES = 300
LEVEL_SMOOTH_FRAMES = 100
_LOWEST_BIN = 2  # bins 0 and 1 hold all of a constant under a Hann window
_HIGHEST_HZ = 18_000.0
_BANDS_PER_OCTAVE = 12
_GAIN = 400.0  # a band 52 dB below the local level reaches log10(2)
_MIDDLE_BANDS = slice(8, 52)
_GROUPS = (0, 36, 60)  # first bands: each group is summed from its own bins only, a quarter of the multiplications
_FLOOR_DBFS = -80.0  # below this a file counts as silent: noise is not raised to the level of drums


def _band_edges_bins() -> list[int]:
    """Rising FFT bins: corner, centre, corner ... of overlapping triangles; neighbouring bins at the low end."""
    bin_hz = RATE_HZ / FRAME_SAMPLES
    octaves = np.log2(_HIGHEST_HZ / (_LOWEST_BIN * bin_hz))
    steps = np.arange(int(octaves * _BANDS_PER_OCTAVE) + 1) / _BANDS_PER_OCTAVE
    return [_LOWEST_BIN - 1, *np.unique(np.round(_LOWEST_BIN * 2.0**steps).astype(int)).tolist()]


_EDGES = _band_edges_bins()
BANDS = len(_EDGES) - 2
"""Number of frequency bands, from 43 Hz to 18 kHz, 12 per octave where the FFT's bins allow it."""


@lru_cache(maxsize=1)
def filterbank() -> FloatArray:
    """Triangles of height 1, float32, shape (bins, BANDS)."""
    bank = np.zeros((FRAME_SAMPLES // 2 + 1, BANDS), np.float32)
    for band, (low, centre, high) in enumerate(zip(_EDGES, _EDGES[1:], _EDGES[2:], strict=False)):
        bank[low : centre + 1, band] = np.linspace(0, 1, centre - low + 1)
        bank[centre : high + 1, band] = np.linspace(1, 0, high - centre + 1)
    return bank


@dataclass(frozen=True, kw_only=True)
class _BandGroup:
    """Neighbouring bands and the bins that they read. weights: float32 (bins, bands)."""

    bands: slice
    bins: slice
    weights: FloatArray


@lru_cache(maxsize=1)
def _band_groups() -> tuple[_BandGroup, ...]:
    """The filterbank without most of its zeros."""
    groups = []
    for first, end in pairwise((*_GROUPS, BANDS)):
        bands, bins = slice(first, end), slice(_EDGES[first], _EDGES[end + 1] + 1)
        groups.append(_BandGroup(bands=bands, bins=bins, weights=np.ascontiguousarray(filterbank()[bins, bands])))
    return tuple(groups)


@lru_cache(maxsize=1)
def _window() -> FloatArray:
    """Periodic Hann window scaled so that a sine of amplitude 1 has magnitude 1, float32, shape (FRAME_SAMPLES,)."""
    phase = 2 * np.pi * np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
    return ((0.5 - 0.5 * np.cos(phase)) * 4 / FRAME_SAMPLES).astype(np.float32)


def frame_count(samples: int) -> int:
    """How many frames a recording of that many samples has."""
    return -(-samples // HOP_SAMPLES)


def spectrum_blocks(samples: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Walk through mono `samples`, float32 (n,) at 44.1 kHz, block by block.

    Yields (bands float32 (k, BANDS), frame magnitude float32 (k,)), k = BLOCK_FRAMES but for the last block. A full-scale
    sine has magnitude 1. Beyond its ends the recording goes on with its first and last sample, so that an offset makes no step.
    """
    half = FRAME_SAMPLES // 2
    total = frame_count(len(samples))
    for first in range(0, total, BLOCK_FRAMES):
        frames = min(BLOCK_FRAMES, total - first)
        start = first * HOP_SAMPLES - half
        stop = start + (frames - 1) * HOP_SAMPLES + FRAME_SAMPLES
        piece = samples[max(start, 0) : stop]
        if start < 0 or stop > len(samples):
            piece = np.pad(piece, (max(-start, 0), max(stop - len(samples), 0)), mode="edge")
        yield _block_spectrum(np.ascontiguousarray(piece, np.float32), frames)


def _block_spectrum(piece: FloatArray, frames: int) -> tuple[FloatArray, FloatArray]:
    """Bands and magnitudes of `frames` frames, at most BLOCK_FRAMES, the first at the beginning of `piece`."""
    windows = np.lib.stride_tricks.sliding_window_view(piece, FRAME_SAMPLES)[::HOP_SAMPLES]
    bands, loudness = np.empty((frames, BANDS), np.float32), np.empty(frames, np.float32)
    for first in range(0, frames, _PIECE_FRAMES):
        part = slice(first, min(first + _PIECE_FRAMES, frames))
        bands[part], loudness[part] = _piece_spectrum(windows[part])
    return bands, loudness


def _piece_spectrum(windows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same for at most _PIECE_FRAMES frames, float32 (frames, FRAME_SAMPLES)."""
    frames = len(windows)
    weighted = np.zeros((_PIECE_FRAMES, FRAME_SAMPLES), np.float32)  # always the same shape: BLAS sums in the same order
    np.multiply(windows, _window(), out=weighted[:frames])
    squares = np.fft.rfft(weighted, axis=1).astype(np.complex64, copy=False).view(np.float32)
    np.square(squares, out=squares)
    power = squares[:, 0::2] + squares[:, 1::2]
    loudness = np.sqrt(power[:, _LOWEST_BIN:].sum(axis=1))
    magnitudes = np.sqrt(power, out=power)
    bands = np.empty((_PIECE_FRAMES, BANDS), np.float32)
    for group in _band_groups():
        np.matmul(magnitudes[:, group.bins], group.weights, out=bands[:, group.bands])
    return bands[:frames], loudness[:frames]


def local_level(loudness: FloatArray) -> FloatArray:
    """The level each frame is measured against: maximum over +-3 s, then mean over +-1 s, at least -80 dBFS.

    loudness: float32 (frames,) as from `spectrum_blocks`. Both windows are cut off at the ends of the file.
    """
    if not len(loudness):
        return np.zeros(0, np.float32)
    highest = _sliding_max(loudness.astype(np.float64), LEVEL_REACH_FRAMES)
    total = np.concatenate([[0.0], np.cumsum(highest)])
    index = np.arange(len(loudness))
    low = np.maximum(index - LEVEL_SMOOTH_FRAMES, 0)
    high = np.minimum(index + LEVEL_SMOOTH_FRAMES + 1, len(loudness))
    smooth = (total[high] - total[low]) / (high - low)
    level: FloatArray = np.maximum(smooth, 10 ** (_FLOOR_DBFS / 20)).astype(np.float32)
    return level


def _sliding_max(values: TimeArray, reach: int) -> TimeArray:
    """Maximum over +-reach by doubling: the maximum over 2^k neighbours is that of two runs of 2^(k-1)."""
    width = 2 * reach + 1
    run = np.pad(values, (reach, reach), constant_values=0.0)
    span = 1
    while span * 2 <= width:
        run = np.maximum(run[:-span], run[span:])
        span *= 2
    rest = width - span
    return np.maximum(run[: len(run) - rest], run[rest:]) if rest else run


def relative(bands: FloatArray, level: FloatArray) -> FloatArray:
    """`log10(1 + 400 * bands / level)`, float32 (frames, BANDS), about 0..4; level: float32 (frames,) from `local_level`."""
    scaled: FloatArray = np.log10(1 + bands * (_GAIN / level)[:, None])
    return scaled


def frame_fullness(frames: FloatArray) -> FloatArray:
    """How much sounds from 200 Hz to 3 kHz at each moment, the mean of those bands. frames: float32 (n, BANDS)."""
    fullness: FloatArray = frames[:, _MIDDLE_BANDS].mean(axis=1)
    return fullness


def density(fullness: FloatArray) -> float:
    """What is left between strokes: the lowest quarter of `frame_fullness`.

    About 0.1 to 0.4 for drums alone, 0.5 to 1.2 for mixes.
    """
    return float(np.percentile(fullness, 25)) if len(fullness) else 0.0


def features(samples: FloatArray) -> FloatArray:
    """Everything at once for a whole piece of mono audio, float32 (n,) at 44.1 kHz: float32 (frames, BANDS)."""
    blocks = list(spectrum_blocks(samples))
    if not blocks:
        return np.zeros((0, BANDS), np.float32)
    bands = np.concatenate([block for block, _ in blocks])
    return relative(bands, local_level(np.concatenate([loudness for _, loudness in blocks])))
