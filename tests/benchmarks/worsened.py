"""Recordings made worse in ways that effect chains are for; every way is the same at every call.

Samples in and out: float32, mono, at the rate given; the same length, starting at the same sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_SEED = 7


def _spectral(samples: Samples, rate_hz: int, gain: Callable[[Samples], Samples]) -> Samples:
    hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    return np.fft.irfft(np.fft.rfft(samples) * gain(hz), len(samples)).astype(np.float32)


def _falling(corner_hz: float, decibels_per_octave: float) -> Callable[[Samples], Samples]:
    """A low pass without phase: flat to the corner, then falling."""
    return lambda hz: 10 ** (-decibels_per_octave * np.maximum(np.log2(np.maximum(hz, 1) / corner_hz), 0) / 20)


def _rising(corner_hz: float, decibels_per_octave: float) -> Callable[[Samples], Samples]:
    return lambda hz: 10 ** (-decibels_per_octave * np.maximum(np.log2(corner_hz / np.maximum(hz, 1)), 0) / 20)


def _noise(samples: Samples, below_db: float) -> Samples:
    noise = np.random.default_rng(_SEED).standard_normal(len(samples))
    return (noise * np.sqrt(np.mean(samples**2)) * 10 ** (-below_db / 20)).astype(np.float32)


def muffled(samples: Samples, rate_hz: int, _mix: Samples) -> Samples:
    """A blanket: 18 dB per octave from 2 kHz up."""
    return _spectral(samples, rate_hz, _falling(2000, 18))


def room(samples: Samples, rate_hz: int, _mix: Samples) -> Samples:
    """A hall of 1.2 s (decaying noise), as loud as what comes directly."""
    length = int(1.2 * rate_hz)
    noise = np.random.default_rng(_SEED).standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    noise[0] = 0
    size = len(samples) + length
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(noise, size), size)[: len(samples)]
    return (samples + wet * np.sqrt(np.mean(samples**2) / np.mean(wet**2))).astype(np.float32)


def quiet(samples: Samples, rate_hz: int, mix: Samples) -> Samples:
    """36 dB too soft, with noise 30 dB below the drums, rounded to 16 bits."""
    soft = (samples + _noise(samples, 30)) * np.float32(10 ** (-36 / 20))
    return (np.round(soft * 32768) / 32768).astype(np.float32)


def phone(samples: Samples, rate_hz: int, _mix: Samples) -> Samples:
    """300 Hz to 3.4 kHz with 12 dB per octave beyond, noise 30 dB below, driven into clipping."""
    thin = _spectral(_spectral(samples, rate_hz, _falling(3400, 12)), rate_hz, _rising(300, 12))
    driven = (thin + _noise(thin, 30)) / np.abs(thin).max() * 2
    return np.clip(driven, -1, 1).astype(np.float32)


def hum(samples: Samples, rate_hz: int, _mix: Samples) -> Samples:
    """50, 100 and 150 Hz, together as loud as the drums."""
    t = np.arange(len(samples)) / rate_hz
    tones = np.sin(2 * np.pi * 50 * t) + 0.5 * np.sin(2 * np.pi * 100 * t + 1) + 0.3 * np.sin(2 * np.pi * 150 * t + 2)
    return (samples + tones * np.sqrt(np.mean(samples**2) / np.mean(tones**2))).astype(np.float32)


def bleed(samples: Samples, rate_hz: int, mix: Samples) -> Samples:
    """The whole band 14 dB below the drums."""
    length = min(len(samples), len(mix))
    band = mix[:length] * np.sqrt(np.mean(samples**2) / np.mean(mix**2)) * 10 ** (-14 / 20)
    return (samples + np.pad(band, (0, len(samples) - length))).astype(np.float32)


WAYS: Mapping[str, Callable[[Samples, int, Samples], Samples]] = {
    "bleed": bleed,
    "muffled": muffled,
    "room": room,
    "quiet": quiet,
    "phone": phone,
    "hum": hum,
}
