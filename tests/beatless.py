"""Sounds without a beat, which a beat tracker must not be sure of, and a metronome. All float32 mono at 44.1 kHz."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tests.rhythms import RATE_HZ, FloatArray, Played, TimeArray, synthesise

Sound = Callable[[np.random.Generator, float], FloatArray]
"""Random numbers and a duration in seconds to a recording."""


def drone(random: np.random.Generator, duration_s: float) -> FloatArray:
    """A fifth that never changes."""
    at_s, hz = _times(duration_s), random.uniform(60, 200)
    return (0.2 * np.sin(2 * np.pi * hz * at_s) + 0.1 * np.sin(3 * np.pi * hz * at_s)).astype(np.float32)


def noise(random: np.random.Generator, duration_s: float) -> FloatArray:
    """White noise at -20 dB."""
    return (0.1 * random.standard_normal(round(duration_s * RATE_HZ))).astype(np.float32)


def near_silence(random: np.random.Generator, duration_s: float) -> FloatArray:
    """An empty track with its hiss, at -74 dB."""
    return noise(random, duration_s) * np.float32(0.002)


def random_strokes(random: np.random.Generator, duration_s: float) -> FloatArray:
    """Kicks, snares and toms at times without any order, one to six a second."""
    return _strokes(random, random.uniform(0, duration_s, round(duration_s * random.uniform(0.7, 6))), duration_s)


def rubato(random: np.random.Generator, duration_s: float) -> FloatArray:
    """Each stroke as long as it likes: intervals that differ by 40 %."""
    steps_s = random.uniform(0.3, 0.9) * np.exp(random.normal(0, 0.4, round(duration_s * 8)))
    return _strokes(random, np.cumsum(steps_s), duration_s)


def speech(random: np.random.Generator, duration_s: float) -> FloatArray:
    """Voiced syllables of 90 to 280 ms with formants, some with a hiss before them, and pauses."""
    samples = np.zeros(round((duration_s + 1) * RATE_HZ), np.float32)
    start_s = 0.0
    while start_s < duration_s:
        if random.random() < 0.12:
            start_s += random.uniform(0.3, 0.9)
            continue
        if random.random() < 0.4:
            hiss = 0.3 * np.diff(random.standard_normal(round(0.05 * RATE_HZ) + 1))
            _add(samples, start_s, hiss * np.hanning(len(hiss)))
            start_s += 0.05
        length_s = random.uniform(0.09, 0.28)
        at_s = _times(length_s)
        phase = 2 * np.pi * np.cumsum(random.uniform(90, 180) * (1 + 0.1 * np.sin(3 * at_s))) / RATE_HZ
        formant_hz = random.choice([500, 700, 1500])
        voice = sum(np.sin(n * phase) * np.exp(-(((n * 130 - formant_hz) / 400) ** 2)) for n in range(1, 20))
        _add(samples, start_s, 0.15 * voice * np.sin(np.pi * at_s / length_s))
        start_s += length_s + random.uniform(0, 0.06)
    return samples[: round(duration_s * RATE_HZ)]


def pads(random: np.random.Generator, duration_s: float) -> FloatArray:
    """Slow chords that fade in and out whenever they like."""
    samples = np.zeros(round((duration_s + 6) * RATE_HZ), np.float32)
    start_s = 0.0
    while start_s < duration_s:
        length_s = random.uniform(2, 5)
        at_s = _times(length_s)
        hz = 110 * 2 ** (random.integers(12) / 12)
        chord = sum(np.sin(2 * np.pi * hz * ratio * at_s) for ratio in (1, 1.26, 1.5, 2))
        _add(samples, start_s, 0.06 * chord * np.clip(np.minimum(at_s, length_s - at_s) / 0.8, 0, 1))
        start_s += length_s * random.uniform(0.5, 1)
    return samples[: round(duration_s * RATE_HZ)]


BEATLESS: tuple[Sound, ...] = (drone, noise, near_silence, random_strokes, rubato, speech, pads)


def metronome(bpm: float, duration_s: float, *, accent: int = 0) -> tuple[FloatArray, TimeArray]:
    """Clicks and nothing else, each `accent`-th higher; and their times."""
    at_s = _times(0.05)
    times_s = np.arange(0.3, duration_s, 60.0 / bpm)
    samples = np.zeros(round((duration_s + 1) * RATE_HZ), np.float32)
    for number, time_s in enumerate(times_s):
        hz = 1500 if accent and number % accent == 0 else 1000
        _add(samples, time_s, 0.6 * np.sin(2 * np.pi * hz * at_s) * np.exp(-90 * at_s))
    return samples[: round(duration_s * RATE_HZ)], times_s


def _times(duration_s: float) -> TimeArray:
    times_s: TimeArray = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return times_s


def _add(samples: FloatArray, start_s: float, sound: object) -> None:
    part = samples[round(start_s * RATE_HZ) :]
    sound = np.asarray(sound, np.float32)
    part[: len(sound)] += sound[: len(part)]


def _strokes(random: np.random.Generator, times_s: TimeArray, duration_s: float) -> FloatArray:
    strokes = tuple(
        (float(time_s), "kst"[int(random.integers(3))], float(random.uniform(0.4, 0.9)))
        for time_s in np.sort(times_s)
        if time_s < duration_s
    )
    none = np.zeros(0)
    played = Played(strokes=strokes, beats_s=none, numbers=none.astype(np.int64), meters=(), duration_s=duration_s)
    return synthesise(played, int(random.integers(1_000_000)))
