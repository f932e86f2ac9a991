"""What rooms, overhead microphones, snare wires and long cymbals add: a pool of impulse responses as spectra.

All are decaying noise with a shape in time and frequency (Moorer, "About this reverberation business", 1979), drawn once per
renderer; a segment takes one of each kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from backbeat.records import FloatArray
from backbeat.values import ANALYSIS_RATE_HZ

Spectrum = NDArray[np.complex64]

CURVE_POINTS = 256
_LOWEST_HZ = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Frequencies:
    """The bins of the transform that a segment is mixed in, `samples` long, and where each lies on a logarithmic scale."""

    samples: int
    hz: FloatArray
    place: NDArray[np.int16]

    @classmethod
    def of(cls, samples: int) -> Frequencies:
        hz = np.fft.rfftfreq(samples, 1 / ANALYSIS_RATE_HZ).astype(np.float32)
        octaves = np.log2(np.maximum(hz, _LOWEST_HZ) / _LOWEST_HZ) / np.log2(ANALYSIS_RATE_HZ / 2 / _LOWEST_HZ)
        return cls(samples=samples, hz=hz, place=np.round(octaves * (CURVE_POINTS - 1)).astype(np.int16))

    def gain(self, decibels: FloatArray) -> FloatArray:
        """A curve of CURVE_POINTS values in dB over log frequency (20 Hz to 22.05 kHz) as linear gain per bin."""
        linear: FloatArray = (10 ** (decibels / 20)).astype(np.float32)[self.place]
        return linear


def curve_hz() -> FloatArray:
    """The frequencies of the points of a curve."""
    top = np.log2(ANALYSIS_RATE_HZ / 2 / _LOWEST_HZ)
    points: FloatArray = (_LOWEST_HZ * 2 ** (np.linspace(0, top, CURVE_POINTS))).astype(np.float32)
    return points


def smooth_curve(rng: np.random.Generator, deviation_db: float, knots: int = 7) -> FloatArray:
    """A random equaliser: normal values at knots over log frequency, straight between them, dB."""
    at = np.linspace(0, 1, knots)
    curve: FloatArray = np.interp(np.linspace(0, 1, CURVE_POINTS), at, rng.normal(0, deviation_db, knots)).astype(np.float32)
    return curve


def band_curve(low_hz: float, high_hz: float, slope_db: float = 12.0) -> FloatArray:
    """A band pass in dB, falling by `slope_db` per octave outside."""
    hz = curve_hz()
    below = np.maximum(np.log2(low_hz / hz), 0)
    above = np.maximum(np.log2(hz / high_hz), 0)
    curve: FloatArray = np.maximum(-slope_db * (below + above), -90).astype(np.float32)
    return curve


@dataclass(frozen=True, kw_only=True, eq=False)
class Rooms:
    """Spectra of impulse responses of unit energy, several of each kind."""

    overheads: tuple[Spectrum, ...]
    rooms: tuple[Spectrum, ...]
    washes: tuple[Spectrum, ...]
    wires: tuple[Spectrum, ...]


def draw_rooms(rng: np.random.Generator, frequencies: Frequencies, each: int = 5) -> Rooms:
    """A pool of `each` of every kind."""
    return Rooms(
        overheads=tuple(_overhead(rng, frequencies) for _ in range(each)),
        rooms=tuple(_room(rng, frequencies) for _ in range(2 * each)),
        washes=tuple(_wash(rng, frequencies) for _ in range(each)),
        wires=tuple(_wire(rng, frequencies) for _ in range(max(each // 2, 1))),
    )


def _overhead(rng: np.random.Generator, frequencies: Frequencies) -> Spectrum:
    """A few milliseconds of distance and scattered early reflections."""
    response = np.zeros(frequencies.samples, np.float32)
    delay_s = rng.uniform(0.002, 0.009)
    taps_s = delay_s + np.concatenate([[0.0], rng.exponential(0.012, 14)])
    gains = np.concatenate([[1.0], rng.normal(0, 0.35, 14)]) * np.exp(-(taps_s - delay_s) / 0.03)
    np.add.at(response, (taps_s * ANALYSIS_RATE_HZ).astype(int), gains.astype(np.float32))
    return _unit(response, frequencies, smooth_curve(rng, 3))


def _room(rng: np.random.Generator, frequencies: Frequencies) -> Spectrum:
    """Noise tail of 0.15 to 1.8 s (time to -60 dB), shorter at high frequencies."""
    reverb_s = float(np.exp(rng.uniform(np.log(0.15), np.log(1.8))))
    delay_s = rng.uniform(0.003, 0.03)
    low = _decaying_noise(rng, frequencies, reverb_s, delay_s)
    high = _decaying_noise(rng, frequencies, reverb_s * rng.uniform(0.3, 0.8), delay_s)
    split_hz = rng.uniform(1500, 5000)
    bright = _unit(high, frequencies, band_curve(split_hz, rng.uniform(3000, 12000))) * np.float32(
        10 ** (rng.uniform(-14, 0) / 20)
    )
    return _scaled(_unit(low, frequencies, band_curve(60, split_hz)) + bright)


def _wash(rng: np.random.Generator, frequencies: Frequencies) -> Spectrum:
    """The ringing of cymbals that the one-shots were cut off from: bright noise of 2 to 6 s that swells for a moment."""
    noise = _decaying_noise(rng, frequencies, rng.uniform(2, 6), rng.uniform(0.0, 0.03))
    seconds = np.arange(frequencies.samples, dtype=np.float32) / ANALYSIS_RATE_HZ
    noise *= 1 - np.exp(-seconds / rng.uniform(0.01, 0.15))
    curve = band_curve(rng.uniform(300, 4000), rng.uniform(6000, 14000), slope_db=9) + smooth_curve(rng, 5, knots=24)
    return _unit(noise, frequencies, curve)


def _wire(rng: np.random.Generator, frequencies: Frequencies) -> Spectrum:
    """Snare wires that buzz along with kick and toms."""
    noise = _decaying_noise(rng, frequencies, rng.uniform(0.15, 0.5), rng.uniform(0.001, 0.006))
    return _unit(noise, frequencies, band_curve(rng.uniform(800, 2000), rng.uniform(4000, 9000)))


def _decaying_noise(rng: np.random.Generator, frequencies: Frequencies, reverb_s: float, delay_s: float) -> FloatArray:
    """White noise that falls by 60 dB within `reverb_s` after a delay; at most half the transform long, so it cannot overlap."""
    out = np.zeros(frequencies.samples, np.float32)
    start = int(delay_s * ANALYSIS_RATE_HZ)
    length = min(int(reverb_s * ANALYSIS_RATE_HZ), frequencies.samples // 2)
    fall = np.exp(-6.9 / (reverb_s * ANALYSIS_RATE_HZ) * np.arange(length, dtype=np.float32))
    out[start : start + length] = rng.standard_normal(length, np.float32) * fall
    return out


def _unit(response: FloatArray, frequencies: Frequencies, curve_db: FloatArray) -> Spectrum:
    return _scaled((fft.rfft(response) * frequencies.gain(curve_db)).astype(np.complex64))


def _scaled(spectrum: Spectrum) -> Spectrum:
    """The same with a mean power of 1: it leaves the level of white noise as it is."""
    power = float(np.mean(spectrum.real**2 + spectrum.imag**2))
    scaled: Spectrum = (spectrum / np.sqrt(power)).astype(np.complex64)
    return scaled
