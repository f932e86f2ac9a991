"""What a source separator leaves of drums and adds to them.

A soft mask from true drums and true backing (Wiener, with errors) is what separators approximate: where the backing is louder the
drums get holes, where both sound the residue of the backing comes through, and smearing over time softens attacks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from backbeat.records import FloatArray

_FRAME = 2048
_HOP = 1024


def _window() -> FloatArray:
    """Square root of a periodic Hann window: with half overlap, analysis and synthesis together give 1."""
    window: FloatArray = np.sin(np.pi * np.arange(_FRAME) / _FRAME).astype(np.float32)
    return window


def _stft(samples: FloatArray) -> NDArray[np.complex64]:
    padded = np.pad(samples, (_HOP, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    spectrum: NDArray[np.complex64] = fft.rfft(frames * _window(), axis=1)
    return spectrum


def _istft(spectrum: NDArray[np.complex64], length: int) -> FloatArray:
    frames = (fft.irfft(spectrum, _FRAME, axis=1) * _window()).astype(np.float32)
    out = np.zeros((len(frames) + 1) * _HOP, np.float32)
    first, second = frames[:, :_HOP], frames[:, _HOP:]
    out[: len(frames) * _HOP] += first.ravel()
    out[_HOP:] += second.ravel()
    return out[_HOP : _HOP + length]


def separate_badly(rng: np.random.Generator, drums: FloatArray, backing: FloatArray) -> FloatArray:
    """The drums as a separator would give them back from drums + backing; all float32 (n,).

    Both must be at the levels they have in the mix.
    """
    own, other = _stft(drums), _stft(backing)
    sharpness = rng.uniform(0.7, 2.0)
    wanted = np.abs(own) ** sharpness
    unwanted = np.abs(other) ** sharpness * 10 ** (rng.uniform(-10, 4) / 20)
    share = (wanted / (wanted + unwanted + 1e-9)).astype(np.float32)
    share = _smeared(share, over_time=rng.uniform(0, 0.5), over_bins=int(rng.integers(0, 4)))
    share = share * np.exp(rng.normal(0, rng.uniform(0.02, 0.35), share.shape).astype(np.float32))
    floor = 10 ** (rng.uniform(-60, -25) / 20)
    return _istft((own + other) * np.clip(share, floor, 1), len(drums))


def _smeared(share: FloatArray, *, over_time: float, over_bins: int) -> FloatArray:
    """Each frame takes `over_time` of its share from its neighbours; then a mean over 2 * over_bins + 1 bins."""
    out = share * (1 - over_time)
    out[1:] += share[:-1] * (over_time / 2)
    out[:-1] += share[1:] * (over_time / 2)
    if over_bins:
        total = np.cumsum(np.pad(out, ((0, 0), (over_bins + 1, over_bins)), mode="edge"), axis=1)
        out = (total[:, 2 * over_bins + 1 :] - total[:, : -2 * over_bins - 1]) / (2 * over_bins + 1)
    smeared: FloatArray = out.astype(np.float32)
    return smeared
