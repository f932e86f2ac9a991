"""A drum loop out of nothing but arithmetic: decaying sines and shaped noise, with every stroke known.

Eight bars of rock at 108 BPM: a crash at the head, closed hats with an open one before the fourth bar ends, and a
fill over the toms in the eighth. It shows a new user the whole path without a recording of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.values import ANALYSIS_RATE_HZ, Instrument

Samples = NDArray[np.float64]

TEMPO_BPM = 108.0
BARS = 8
BEATS_PER_BAR = 4
LEAD_IN_S = 0.05
"""Silence before the first stroke, as a bounce has it when it does not start on the sample."""

PEAK = 0.89
"""About -1 dBFS."""

_SEED = 108
_CLANG_HZ = (328.0, 487.0, 591.0, 836.0, 864.0, 1280.0)


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One known hit of the loop. velocity: 0..1."""

    time_s: float
    instrument: Instrument
    velocity: float


def demo_strokes() -> tuple[Stroke, ...]:
    """Every stroke of the loop, sorted by time."""
    beat_s = 60.0 / TEMPO_BPM
    strokes = (
        Stroke(time_s=LEAD_IN_S + (bar * BEATS_PER_BAR + beat) * beat_s, instrument=instrument, velocity=velocity)
        for bar in range(BARS)
        for beat, instrument, velocity in _bar(bar)
    )
    return tuple(sorted(strokes, key=lambda stroke: stroke.time_s))


def demo_audio() -> tuple[NDArray[np.float32], int]:
    """The loop as mono float32 (n,), peak 0.89, and its sample rate; the same at every call."""
    noise = np.random.default_rng(_SEED)
    length_s = LEAD_IN_S + BARS * BEATS_PER_BAR * 60.0 / TEMPO_BPM
    loop = np.zeros(round((length_s + 1.0) * ANALYSIS_RATE_HZ))
    for stroke in demo_strokes():
        sound = _SOUNDS[stroke.instrument](noise) * stroke.velocity
        start = round(stroke.time_s * ANALYSIS_RATE_HZ)
        end = min(start + len(sound), len(loop))
        loop[start:end] += sound[: end - start]
    loop *= PEAK / np.abs(loop).max()
    return loop.astype(np.float32), ANALYSIS_RATE_HZ


def _bar(bar: int) -> Iterator[tuple[float, Instrument, float]]:
    """(beat from 0, instrument, velocity) of one bar."""
    is_last = bar == BARS - 1
    if bar in (0, 4):
        yield 0.0, Instrument.CRASH, 0.9
    for beat, velocity in ((0.0, 1.0), (2.0, 0.95), (2.5, 0.8)):
        if not (is_last and beat > 2.0):
            yield beat, Instrument.KICK, velocity
    yield 1.0, Instrument.SNARE, 0.9
    if not is_last:
        yield 3.0, Instrument.SNARE, 0.95
    for eighth in range(4 if is_last else 8):
        beat = eighth / 2
        if beat == 0.0 and bar in (0, 4):
            continue  # that hand is on the crash
        if bar == 3 and eighth == 7:
            yield beat, Instrument.HIHAT_OPEN, 0.8
        else:
            yield beat, Instrument.HIHAT_CLOSED, 0.75 if eighth % 2 == 0 else 0.55
    if is_last:
        drums = (Instrument.SNARE, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW)
        yield from ((2.0 + n / 4, drums[n // 2], 0.7 + 0.03 * n) for n in range(8))


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


def _tom(hz: float) -> Callable[[np.random.Generator], Samples]:
    def sound(source: np.random.Generator) -> Samples:
        skin = _drum_head(0.7, start_hz=hz * 1.48, end_hz=hz, drop_s=0.073, decay_s=0.24)
        return 0.7 * skin + 0.25 * _noise(source, 0.7, low_hz=400, high_hz=8000, decay_s=0.02)

    return sound


def _hats(length_s: float, *, low_hz: float, decay_s: float, level: float) -> Callable[[np.random.Generator], Samples]:
    """Noise, and over it the clang of square waves that no scale knows, as drum machines make it."""

    def sound(source: np.random.Generator) -> Samples:
        t = _time(length_s)
        waves = [np.sign(np.sin(2 * np.pi * (hz * t + source.uniform()))) for hz in _CLANG_HZ]
        noise = _between(source.standard_normal(len(t)), low_hz, 17000)
        body = 0.3 * _between(np.sum(waves, axis=0), low_hz, 17000) + 0.7 * noise
        hats: Samples = level * (body * np.exp(-t / decay_s) + 0.6 * noise * np.exp(-t / 0.006))
        return hats

    return sound


def _cymbal(length_s: float, *, low_hz: float, decay_s: float, level: float) -> Callable[[np.random.Generator], Samples]:
    """Noise with a sharper edge at the stroke."""

    def sound(source: np.random.Generator) -> Samples:
        body = _noise(source, length_s, low_hz=low_hz, high_hz=16000, decay_s=decay_s)
        stick = _noise(source, length_s, low_hz=low_hz, high_hz=14000, decay_s=0.008)
        return level * (body + 0.6 * stick)

    return sound


_SOUNDS: dict[Instrument, Callable[[np.random.Generator], Samples]] = {
    Instrument.KICK: _kick,
    Instrument.SNARE: _snare,
    Instrument.TOM_HIGH: _tom(160.0),
    Instrument.TOM_MID: _tom(120.0),
    Instrument.TOM_LOW: _tom(88.0),
    Instrument.HIHAT_CLOSED: _hats(0.3, low_hz=6200, decay_s=0.05, level=0.35),
    Instrument.HIHAT_OPEN: _hats(0.8, low_hz=5600, decay_s=0.35, level=0.385),
    Instrument.CRASH: _cymbal(2.0, low_hz=2100, decay_s=0.35, level=0.38),
}
