"""The sound of a rendered band: noises of the players, an amplifier for the guitars, and the tone and level of a finished mix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.training.backing.roles import Noise
from backbeat.training.backing.songs import Part
from backbeat.training.mixing.dynamics import draw_compression, rms, saturate
from backbeat.values import ANALYSIS_RATE_HZ

_RATE = ANALYSIS_RATE_HZ
_SILENT = 1e-6


def noises(rng: np.random.Generator, parts: Sequence[Part], samples: int, *, level: float) -> FloatArray:
    """What hands and lips add to the strokes of these parts, float32; level: RMS of the music it belongs to."""
    total = np.zeros(samples, np.float32)
    for part in parts:
        if part.noise is Noise.NONE:
            continue
        shared_hz = _lowest_hz(rng, part.noise)
        for stroke in part.strokes:
            if part.noise is Noise.CONSONANT and rng.random() < 0.45:
                continue  # many syllables begin softly
            own_hz = _lowest_hz(rng, part.noise) if part.noise is Noise.CONSONANT else shared_hz
            burst = _burst(rng, part.noise, own_hz) * np.float32(
                level * 10 ** (part.noise_db / 20) * (stroke.velocity / 100) ** 2
            )
            before_s = len(burst) / _RATE * 0.7 if part.noise in {Noise.BREATH, Noise.CONSONANT} else 0.0
            start = max(round((stroke.start_s - before_s) * _RATE), 0)
            stop = min(start + len(burst), samples)
            if stop > start:
                total[start:stop] += burst[: stop - start]
    return total


def finish(rng: np.random.Generator, *, plain: FloatArray, driven: Sequence[FloatArray]) -> FloatArray:
    """All buses as one mix, float32, RMS 1: the driven ones amplified each for itself, then tone, compression, saturation."""
    mix = np.zeros_like(plain)
    for bus in (plain, *(_amplified(rng, guitar) for guitar in driven)):
        level = rms(bus)
        if level > _SILENT:
            mix = mix + bus * np.float32(10 ** (rng.normal(0, 3.5) / 20) / level)
    mix = _tilted(rng, mix)
    if rng.random() < 0.6:
        mix = draw_compression(rng, mix, hard=rng.random() < 0.15)
    if rng.random() < 0.3:
        mix = saturate(mix, rng.uniform(-6, 10))
    finished: FloatArray = (mix / np.float32(rms(mix))).astype(np.float32)
    return finished


def _amplified(rng: np.random.Generator, guitar: FloatArray) -> FloatArray:
    """High pass, valves, and a loudspeaker that ends between 3.5 and 8 kHz; brighter than a microphone hears it now and then."""
    if rms(guitar) < _SILENT:
        return guitar
    drive_db = rng.uniform(6, 40)
    tight = _shaped(guitar / np.float32(rms(guitar)), low_hz=float(rng.uniform(70, 250)), high_hz=12_000)
    bias = np.float32(rng.uniform(0, 0.3))
    driven = np.tanh(tight * np.float32(10 ** (drive_db / 20)) + bias) - np.tanh(bias)
    return _shaped(driven, low_hz=float(rng.uniform(60, 130)), high_hz=float(np.exp(rng.uniform(np.log(3500), np.log(8500)))))


def _shaped(samples: FloatArray, *, low_hz: float, high_hz: float) -> FloatArray:
    """Band pass, slopes of 24 dB per octave."""
    length = fft.next_fast_len(len(samples), real=True)
    hz = np.fft.rfftfreq(length, 1 / _RATE).astype(np.float32) + np.float32(1e-3)
    gain = 1 / (1 + (low_hz / hz) ** 4) / (1 + (hz / high_hz) ** 4)
    out: FloatArray = fft.irfft(fft.rfft(samples, length) * gain, length)[: len(samples)].astype(np.float32)
    return out


def _tilted(rng: np.random.Generator, mix: FloatArray) -> FloatArray:
    """A slope around 1 kHz (mostly up: sampled instruments are duller than records), a shelf of air, and one bump or dip."""
    length = fft.next_fast_len(len(mix), real=True)
    hz = np.maximum(np.fft.rfftfreq(length, 1 / _RATE), 20).astype(np.float32)
    octaves = np.log2(hz / 1000)
    gain_db = rng.normal(1.7, 1.5) * np.clip(octaves, -5, 4.5)
    if rng.random() < 0.6:
        gain_db = gain_db + rng.uniform(0, 9) / (1 + (rng.uniform(3000, 9000) / hz) ** 4)
    gain_db = gain_db + rng.normal(0, 4) * np.exp(-((octaves - rng.uniform(-3, 3.5)) ** 2))
    out: FloatArray = fft.irfft(fft.rfft(mix, length) * 10 ** (gain_db / 20), length)[: len(mix)].astype(np.float32)
    return out


def _lowest_hz(rng: np.random.Generator, noise: Noise) -> float:
    """Where the noise begins: it reaches two octaves up from there."""
    if noise is Noise.CONSONANT:
        return float(rng.uniform(4000, 7500) if rng.random() < 0.65 else rng.uniform(1500, 3500))
    return float(np.exp(rng.uniform(np.log(1500), np.log(5000))))


def _burst(rng: np.random.Generator, noise: Noise, low_hz: float) -> FloatArray:
    """One noise, its band RMS 1 where it is loudest: the scrape of a pick, a breath, a hiss or a click of the tongue."""
    long = noise is Noise.BREATH or (noise is Noise.CONSONANT and rng.random() < 0.6)
    length_s = rng.uniform(0.05, 0.18) if long else rng.uniform(0.012, 0.05)
    length = int(length_s * _RATE)
    at_s = np.arange(length, dtype=np.float32) / _RATE
    shape = np.sin(np.pi * at_s / length_s) if long else np.exp(-at_s / rng.uniform(0.002, 0.012))
    white = _shaped(rng.standard_normal(length, np.float32), low_hz=low_hz, high_hz=min(low_hz * 4, 16_000))
    burst: FloatArray = (white * shape / np.float32(rms(white))).astype(np.float32)
    return burst
