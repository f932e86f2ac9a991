"""Bands without a drummer, synthesised: what hides drums in a full mix, and what is mistaken for them.

Distorted guitars (which cover hats and snares), plucked and strummed strings, bass, organ and pads, horns, and sung syllables
with the hiss of their consonants (which recognisers take for hats). Nothing here is sampled, so nothing needs a licence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.values import ANALYSIS_RATE_HZ

_RATE = ANALYSIS_RATE_HZ
_SCALE = (0, 2, 3, 5, 7, 8, 10, 12)
_VOWELS_HZ = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (570, 840, 2410))
"""First three formants of a, i, u, e, o (Peterson and Barney, JASA 24, 1952, men)."""


@dataclass(frozen=True, kw_only=True)
class _Song:
    """Tempo and harmony that the parts of one backing share. roots: semitones above the key, one per `chord_steps`."""

    rng: np.random.Generator
    samples: int
    step_s: float
    key_hz: float
    roots: tuple[int, ...]
    chord_steps: int = 8

    @property
    def steps(self) -> int:
        return int(self.samples / _RATE / self.step_s)

    def root(self, step: int) -> int:
        return self.roots[(step // self.chord_steps) % len(self.roots)]

    def hz(self, semitones: float) -> float:
        return float(self.key_hz * 2 ** (semitones / 12))


def draw_backing(rng: np.random.Generator, duration_s: float, *, step_s: float | None = None, chord_steps: int = 8) -> FloatArray:
    """A few seconds of two to five parts at various levels, float32 mono 44.1 kHz, RMS about 1.

    step_s: its shortest notes, drawn where not given; chord_steps: how many of them a chord lasts.
    """
    drawn_s = 15 / rng.uniform(65, 190)
    song = _Song(
        rng=rng,
        samples=int(duration_s * _RATE),
        step_s=step_s or drawn_s,
        key_hz=55 * 2 ** (rng.integers(12) / 12),
        roots=tuple(int(rng.choice(_SCALE)) for _ in range(4)),
        chord_steps=chord_steps,
    )
    total = np.zeros(song.samples, np.float32)
    for index in rng.choice(len(_PARTS), int(rng.integers(1, 5)), replace=False, p=_PART_SHARES):
        part = _PARTS[index](song)
        total += part * np.float32(10 ** (rng.normal(0, 5) / 20) / (np.sqrt(np.mean(part**2)) + 1e-9))
    level: FloatArray = (total / (np.sqrt(np.mean(total**2)) + 1e-9)).astype(np.float32)
    return level


def _seconds(length: int) -> FloatArray:
    seconds: FloatArray = (np.arange(length) / _RATE).astype(np.float32)
    return seconds


def _saw(hz: FloatArray | float, length: int, phase: float = 0.0) -> FloatArray:
    """A sawtooth, its step rounded over two samples (PolyBLEP; Valimaki, Huovilainen, IEEE SPM 24(2), 2007).

    hz: one frequency, or one per sample; phase: 0..1 of a turn.
    """
    step = np.broadcast_to(np.asarray(hz, np.float32) / _RATE, (length,))
    at = (np.cumsum(step, dtype=np.float64) + phase) % 1.0
    wave = 2 * at - 1
    low, high = at < step, at > 1 - step
    wave[low] -= (2 * at / step - (at / step) ** 2 - 1)[low]
    wave[high] -= (((at - 1) / step) ** 2 + 2 * (at - 1) / step + 1)[high]
    saw: FloatArray = wave.astype(np.float32)
    return saw


def _filtered(samples: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    """Band pass, second order slopes, without delay."""
    length = fft.next_fast_len(len(samples), real=True)
    hz = np.fft.rfftfreq(length, 1 / _RATE).astype(np.float32) + np.float32(1e-3)
    gain = 1 / (1 + (low_hz / hz) ** 4) / (1 + (hz / high_hz) ** 4)
    out: FloatArray = fft.irfft(fft.rfft(samples, length) * gain, length)[: len(samples)].astype(np.float32)
    return out


def _place(total: FloatArray, note: FloatArray, start_s: float) -> None:
    start = max(int(start_s * _RATE), 0)
    stop = min(start + len(note), len(total))
    if stop > start:
        total[start:stop] += note[: stop - start]


def _bass(song: _Song) -> FloatArray:
    """Plucked bass: a saw whose brightness falls, with a click of the string."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    every = int(rng.choice([1, 2, 2, 4]))
    for step in range(0, song.steps, every):
        if rng.random() < 0.15:
            continue
        length = int(song.step_s * every * rng.uniform(0.6, 1.0) * _RATE)
        at = _seconds(length)
        hz = song.hz(song.root(step) + rng.choice([0, 0, 0, 7, 12]))
        note = _saw(hz, length) * np.exp(-at / 0.15) + np.sin(2 * np.pi * hz * at)
        note += rng.standard_normal(length, np.float32) * np.exp(-at / 0.004) * np.float32(rng.uniform(0, 0.8))
        _place(total, note * np.exp(-at / rng.uniform(0.2, 0.8)) * rng.uniform(0.6, 1), step * song.step_s)
    return _filtered(total, 35, rng.uniform(400, 4000))


def _distorted_guitar(song: _Song) -> FloatArray:
    """Power chords through a hard clip and a loudspeaker; palm mutes and held chords, doubled."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    every = int(rng.choice([1, 2, 4, 8, 16]))
    muted = rng.uniform(0.04, 0.15) if every <= 2 and rng.random() < 0.7 else 2.0
    for step in range(0, song.steps, every):
        length = int(song.step_s * every * _RATE)
        at = _seconds(length)
        chord = np.zeros(length, np.float32)
        for interval in (0, 7, 12):
            chord += _saw(song.hz(song.root(step) + interval + 12) * (1 + rng.normal(0, 0.002)), length, float(rng.random()))
        pick = rng.standard_normal(length, np.float32) * np.exp(-at / 0.006)
        _place(total, (chord + pick) * np.exp(-at / muted), step * song.step_s)
    driven = np.tanh(total * np.float32(rng.uniform(2, 30)))
    return _filtered(driven, rng.uniform(80, 150), rng.uniform(3000, 6500))


def _strings_plucked(song: _Song) -> FloatArray:
    """Acoustic strums and arpeggios: Karplus-Strong strings (Computer Music Journal 7(2), 1983)."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    strummed = rng.random() < 0.6
    every = int(rng.choice([1, 2, 4]))
    tones = (0, 7, 12, 15 if rng.random() < 0.5 else 16, 19)
    for step in range(0, song.steps, every):
        if rng.random() < 0.2:
            continue
        chosen = tones if strummed else (tones[int(rng.integers(len(tones)))],)
        for order, interval in enumerate(chosen):
            note = _string(rng, song.hz(song.root(step) + interval + 12), min(song.step_s * every * 2, 0.9))
            _place(total, note * np.float32(rng.uniform(0.4, 1)), step * song.step_s + order * rng.uniform(0.003, 0.012))
    return _filtered(total, 100, rng.uniform(5000, 15000))


def _string(rng: np.random.Generator, hz: float, duration_s: float) -> FloatArray:
    period = max(int(_RATE / hz), 2)
    turns = max(int(duration_s * _RATE / period), 1)
    ring = fft.rfft(rng.uniform(-1, 1, period).astype(np.float32))
    loss = 0.498 * (1 + np.exp(-2j * np.pi * np.arange(len(ring)) / period))  # mean of two neighbours, once per turn
    per_turn = np.exp(np.log(loss + 1e-9) * np.arange(turns)[:, None]).astype(np.complex64)
    string: FloatArray = fft.irfft(ring * per_turn, period, axis=1).ravel()
    return string


def _organ(song: _Song) -> FloatArray:
    """Held chords of drawbars, or a pad of detuned saws."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    pad = rng.random() < 0.5
    bars = rng.random(6)
    for step in range(0, song.steps, song.chord_steps):
        length = int(song.step_s * song.chord_steps * _RATE)
        at = _seconds(length)
        swell = np.minimum(at / (0.3 if pad else 0.01), 1) * np.minimum((length / _RATE - at) / 0.05, 1)
        for interval in (0, 7, 12 + int(rng.choice([3, 4]))):
            hz = song.hz(song.root(step) + interval + 24)
            if pad:
                tone = _saw(hz * 1.004, length) + _saw(hz * 0.996, length, 0.5)
            else:
                harmonics = (0.5, 1, 1.5, 2, 3, 4)
                tone = np.sum([b * np.sin(2 * np.pi * hz * h * at) for b, h in zip(bars, harmonics, strict=True)], axis=0)
            _place(total, (tone * swell).astype(np.float32), step * song.step_s)
    return _filtered(total, 80, rng.uniform(1200, 7000))


def _horns(song: _Song) -> FloatArray:
    """Stabs of three voices whose brightness opens with the attack."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    for step in range(song.steps):
        if rng.random() > 0.16:
            continue
        length = int(song.step_s * rng.choice([1, 2, 4]) * _RATE)
        at = _seconds(length)
        stab = sum(_saw(song.hz(song.root(step) + i + 24), length, float(rng.random())) for i in (0, 4, 7))
        shape = np.minimum(at / 0.02, 1) * np.exp(-at / 0.5)
        _place(total, (stab * shape).astype(np.float32), step * song.step_s)
    return _filtered(total, 200, rng.uniform(2500, 8000))


def _voice(song: _Song) -> FloatArray:
    """Sung syllables: a buzz with vibrato through three formants, led by a hiss, a burst or nothing."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    octave = int(rng.choice([12, 24, 31]))
    step = 0
    while step < song.steps:
        span = int(rng.choice([1, 2, 2, 4, 6]))
        length = int(song.step_s * span * _RATE)
        at = _seconds(length)
        hz = song.hz(song.root(step) + rng.choice(_SCALE) + octave) * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * at))
        vowel = _formants(_saw(hz.astype(np.float32), length), _VOWELS_HZ[int(rng.integers(len(_VOWELS_HZ)))])
        rise = np.minimum(at / 0.03, 1) * np.minimum((length / _RATE - at) / 0.04, 1)
        _place(total, vowel * rise.astype(np.float32), step * song.step_s)
        if rng.random() < 0.55:
            consonant = _consonant(rng)
            _place(total, consonant, step * song.step_s - len(consonant) / _RATE * 0.7)
        step += span + int(rng.choice([0, 0, 1, 2, 6]))
    return total


def _formants(buzz: FloatArray, peaks_hz: tuple[int, ...]) -> FloatArray:
    length = fft.next_fast_len(len(buzz), real=True)
    hz = np.fft.rfftfreq(length, 1 / _RATE).astype(np.float32)
    widths_hz = (80, 100, 140)
    gain = sum(
        0.6**order / (1 + ((hz - peak) / width) ** 2) for order, (peak, width) in enumerate(zip(peaks_hz, widths_hz, strict=True))
    )
    shaped = fft.irfft(fft.rfft(buzz, length) * (gain + 0.01), length)[: len(buzz)].astype(np.float32)
    level: FloatArray = shaped / (np.sqrt(np.mean(shaped**2)) + 1e-9)
    return level


def _consonant(rng: np.random.Generator) -> FloatArray:
    """s, sh, t or k: a band of noise, drawn out or a burst, up to the level of the vowels."""
    hiss = rng.random() < 0.6
    length = int(rng.uniform(0.05, 0.16) * _RATE) if hiss else int(rng.uniform(0.015, 0.05) * _RATE)
    at = _seconds(length)
    shape = np.sin(np.pi * at * _RATE / length) if hiss else np.exp(-at / 0.008)
    low_hz = rng.uniform(4500, 7000) if rng.random() < 0.6 else rng.uniform(1500, 3500)
    noise = _filtered(rng.standard_normal(length, np.float32) * shape.astype(np.float32), low_hz, low_hz * rng.uniform(1.5, 2.5))
    level: FloatArray = noise * np.float32(rng.uniform(0.2, 1.5) / (np.sqrt(np.mean(noise**2)) + 1e-9))
    return level


def _lead(song: _Song) -> FloatArray:
    """One line, clean or driven."""
    rng, total = song.rng, np.zeros(song.samples, np.float32)
    step = 0
    while step < song.steps:
        span = int(rng.choice([1, 1, 2, 4]))
        length = int(song.step_s * span * _RATE)
        at = _seconds(length)
        note = _saw(song.hz(song.root(step) + rng.choice(_SCALE) + 36), length) * np.exp(-at / 0.6) * np.minimum(at / 0.004, 1)
        _place(total, note.astype(np.float32), step * song.step_s)
        step += span
    return _filtered(np.tanh(total * np.float32(rng.uniform(0.5, 8))), 250, rng.uniform(2500, 8000))


_PART_CHANCES: tuple[tuple[Callable[[_Song], FloatArray], float], ...] = (
    (_bass, 0.22),
    (_distorted_guitar, 0.24),
    (_strings_plucked, 0.14),
    (_organ, 0.1),
    (_horns, 0.05),
    (_voice, 0.19),
    (_lead, 0.06),
)
_PARTS = tuple(part for part, _ in _PART_CHANCES)
_PART_SHARES = tuple(share for _, share in _PART_CHANCES)
