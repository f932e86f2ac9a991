"""A drum kit out of nothing but arithmetic: decaying sines and shaped noise, one sound for each instrument.

It is plain, but every drum can be told: for a check by ear where there is no drum plugin, and for the demo's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from backbeat.values import ANALYSIS_RATE_HZ, Instrument

Samples = NDArray[np.float64]
Sound = Callable[[np.random.Generator], Samples]
"""One stroke at full velocity, mono at ANALYSIS_RATE_HZ, its attack at sample 0; the generator gives the noise."""

_CLANG_HZ = (328.0, 487.0, 591.0, 836.0, 864.0, 1280.0)


def _time(length_s: float) -> Samples:
    samples: Samples = np.arange(round(length_s * ANALYSIS_RATE_HZ)) / ANALYSIS_RATE_HZ
    return samples


def _drum_head(length_s: float, *, start_hz: float, end_hz: float, drop_s: float, decay_s: float) -> Samples:
    """A sine whose pitch falls from `start_hz` to `end_hz`, as a struck skin's does."""
    t = _time(length_s)
    hz = end_hz + (start_hz - end_hz) * np.exp(-t / drop_s)
    head: Samples = np.sin(2 * np.pi * np.cumsum(hz) / ANALYSIS_RATE_HZ) * np.exp(-t / decay_s)
    return head


def _noise(source: np.random.Generator, length_s: float, *, low_hz: float, high_hz: float, decay_s: float) -> Samples:
    """Decaying noise between two frequencies, with edges an octave wide."""
    t = _time(length_s)
    noise: Samples = _between(source.standard_normal(len(t)), low_hz, high_hz) * np.exp(-t / decay_s)
    return noise


def _between(sound: Samples, low_hz: float, high_hz: float) -> Samples:
    """What of a sound lies between two frequencies, with edges an octave wide, at peak 1."""
    octave = np.log2(np.maximum(np.fft.rfftfreq(len(sound), 1 / ANALYSIS_RATE_HZ), 1.0))
    band = np.clip(octave - np.log2(low_hz) + 0.5, 0, 1) * np.clip(np.log2(high_hz) - octave + 0.5, 0, 1)
    shaped = np.fft.irfft(np.fft.rfft(sound) * band, len(sound))
    peaked: Samples = shaped / np.abs(shaped).max()
    return peaked


def _kick(source: np.random.Generator) -> Samples:
    skin = _drum_head(0.5, start_hz=170, end_hz=51, drop_s=0.03, decay_s=0.2)
    return 0.95 * skin + 0.7 * _noise(source, 0.5, low_hz=1000, high_hz=5000, decay_s=0.013)


def _snare(source: np.random.Generator) -> Samples:
    skin = _drum_head(0.4, start_hz=260, end_hz=163, drop_s=0.02, decay_s=0.063)
    wires = _noise(source, 0.4, low_hz=960, high_hz=8000, decay_s=0.12)
    return 0.47 * skin + 0.42 * wires


def _tom(hz: float) -> Sound:
    def sound(source: np.random.Generator) -> Samples:
        skin = _drum_head(0.7, start_hz=hz * 1.48, end_hz=hz, drop_s=0.073, decay_s=0.24)
        return 0.7 * skin + 0.25 * _noise(source, 0.7, low_hz=400, high_hz=8000, decay_s=0.02)

    return sound


def _hats(length_s: float, *, low_hz: float, decay_s: float, level: float) -> Sound:
    """Noise, and over it the clang of square waves that no scale knows, as drum machines make it."""

    def sound(source: np.random.Generator) -> Samples:
        t = _time(length_s)
        waves = [np.sign(np.sin(2 * np.pi * (hz * t + source.uniform()))) for hz in _CLANG_HZ]
        noise = _between(source.standard_normal(len(t)), low_hz, 17000)
        body = 0.3 * _between(np.sum(waves, axis=0), low_hz, 17000) + 0.7 * noise
        hats: Samples = level * (body * np.exp(-t / decay_s) + 0.6 * noise * np.exp(-t / 0.006))
        return hats

    return sound


def _cymbal(length_s: float, *, low_hz: float, decay_s: float, level: float) -> Sound:
    """Noise with a sharper edge at the stroke."""

    def sound(source: np.random.Generator) -> Samples:
        body = _noise(source, length_s, low_hz=low_hz, high_hz=16000, decay_s=decay_s)
        stick = _noise(source, length_s, low_hz=low_hz, high_hz=14000, decay_s=0.008)
        return level * (body + 0.6 * stick)

    return sound


def _side_stick(source: np.random.Generator) -> Samples:
    wood = _drum_head(0.12, start_hz=1900, end_hz=1650, drop_s=0.01, decay_s=0.018)
    return 0.4 * wood + 0.35 * _noise(source, 0.12, low_hz=1200, high_hz=6000, decay_s=0.008)


def _pinged(wash: Sound, hz: tuple[float, ...], *, decay_s: float, level: float) -> Sound:
    """A cymbal with tones that ring over its wash."""

    def sound(source: np.random.Generator) -> Samples:
        cymbal = wash(source)
        t = np.arange(len(cymbal)) / ANALYSIS_RATE_HZ
        tones = np.sum([np.sin(2 * np.pi * each * t + source.uniform(0, 2 * np.pi)) for each in hz], axis=0) / len(hz)
        pinged: Samples = cymbal + level * tones * np.exp(-t / decay_s)
        return pinged

    return sound


SOUNDS: Mapping[Instrument, Sound] = {
    Instrument.KICK: _kick,
    Instrument.SNARE: _snare,
    Instrument.SIDE_STICK: _side_stick,
    Instrument.TOM_HIGH: _tom(160.0),
    Instrument.TOM_MID: _tom(120.0),
    Instrument.TOM_LOW: _tom(88.0),
    Instrument.HIHAT_CLOSED: _hats(0.3, low_hz=6200, decay_s=0.05, level=0.35),
    Instrument.HIHAT_PEDAL: _hats(0.15, low_hz=5000, decay_s=0.022, level=0.25),
    Instrument.HIHAT_OPEN: _hats(0.8, low_hz=5600, decay_s=0.35, level=0.385),
    Instrument.RIDE: _pinged(
        _cymbal(1.6, low_hz=4200, decay_s=0.4, level=0.2), (3150.0, 4310.0, 5270.0), decay_s=0.35, level=0.12
    ),
    Instrument.RIDE_BELL: _pinged(
        _cymbal(1.6, low_hz=5000, decay_s=0.4, level=0.1), (1180.0, 2690.0, 3960.0), decay_s=0.45, level=0.35
    ),
    Instrument.CRASH: _cymbal(2.0, low_hz=2100, decay_s=0.35, level=0.38),
    Instrument.CHINA: _pinged(_cymbal(1.4, low_hz=1300, decay_s=0.25, level=0.36), (487.0, 836.0), decay_s=0.2, level=0.08),
    Instrument.SPLASH: _cymbal(0.8, low_hz=3200, decay_s=0.13, level=0.34),
}
"""Every instrument's."""
