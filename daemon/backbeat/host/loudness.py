"""How loud a sound is to an ear, so that two can be compared: ITU-R BS.1770-4, over the whole of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from backbeat.records import FloatArray, TimeArray

BLOCK_S, HOP_S = 0.4, 0.1
ABSOLUTE_GATE, RELATIVE_GATE_DB = -70.0, -10.0
_OFFSET_DB = -0.691


def loudness(samples: FloatArray, sample_rate_hz: int) -> float:
    """Integrated loudness in LUFS of float32 (channels, n), left and right; -inf for silence and less than 0.4 s."""
    block, hop = round(BLOCK_S * sample_rate_hz), round(HOP_S * sample_rate_hz)
    if samples.shape[1] < block:
        return -np.inf
    weights = _k_weighting(np.fft.rfftfreq(block, 1 / sample_rate_hz)) * 2 / block**2
    starts = range(0, samples.shape[1] - block + 1, hop)
    powers = np.array([np.sum(np.abs(np.fft.rfft(samples[:, at : at + block])) ** 2 * weights) for at in starts])
    heard = powers[_decibels(powers) > ABSOLUTE_GATE]
    if not len(heard):
        return -np.inf
    heard = heard[_decibels(heard) > _decibels(heard.mean()) + RELATIVE_GATE_DB]
    return float(_decibels(heard.mean()))


def _decibels(power: TimeArray | np.floating) -> TimeArray:
    with np.errstate(divide="ignore"):
        decibels: TimeArray = _OFFSET_DB + 10 * np.log10(power)
    return decibels


def _k_weighting(hz: NDArray[np.floating]) -> TimeArray:
    """Squared gain of the recommendation's two filters, from their analogue prototypes (its table is for 48 kHz only)."""
    s = 1j * np.maximum(hz, 1e-3)
    head, v = s / 1681.974, 10 ** (3.999843853 / 20)
    q = 0.7071752370
    shelf = (v * head**2 + v**0.4996667742 / q * head + 1) / (head**2 + head / q + 1)
    low = s / 38.13547
    cut = low**2 / (low**2 + low / 0.5003270373 + 1)
    gain: TimeArray = np.abs(shelf * cut) ** 2
    return gain
