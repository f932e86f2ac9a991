"""Other cymbals than were recorded: recorded ones recast band by band, and forged ones of modes and noise.

A bank has a handful of rides, and who learns from a handful of rides knows those. Both ways work on twelve bands over log
frequency: `Timbre` changes the level, the ringing and the attack of each band and lends some bands from another cymbal;
`forge` gives a random spectrum of inharmonic modes the rise and the two-stage decay that each band of such a cymbal has
(Fletcher and Rossing, "The Physics of Musical Instruments", 1998, chapter 20: the high modes of a crash are fed by the low ones
and come tens of milliseconds later; a ride's stick sound is short and bright over a long wash).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.training.sounds.bank import Shot, Source
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

BANDS = 12
_EDGES_HZ = (150.0, 16_000.0)
_LONGEST_SAMPLES = 1 << 17
_LEAD_SAMPLES = 66  # 1.5 ms before the attack, as recorded one-shots have
_LAYERS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Timbre:
    """How one cymbal differs from the recording it is made of, the same for all its strokes. All arrays: (BANDS,), low to high.

    gains: linear. damping: 1/s, added to the decay of each band; negative rings longer. attack_gains: linear, of the first
    moments. lent: 0..1, how much of each band the partner sounds instead.
    """

    gains: FloatArray
    damping: FloatArray
    attack_gains: FloatArray
    attack_s: float
    lent: FloatArray | None

    def applied(self, shot: Shot, partner: Shot | None) -> Shot:
        """The stroke with this timbre, peak 1."""
        length = min(len(shot.samples), _LONGEST_SAMPLES)
        own = split(shot.samples[:length])
        if partner is not None and self.lent is not None:
            own = own + (split(_aligned(partner, shot, length)) - own) * self.lent[:, None]
        since_s = np.maximum(_seconds(length) - np.float32(shot.attack_samples / ANALYSIS_RATE_HZ), 0)
        ringing = np.exp(np.minimum(-self.damping[:, None] * since_s, 1.4))
        striking = 1 + (self.attack_gains[:, None] - 1) * np.exp(-since_s / np.float32(self.attack_s))
        samples = np.einsum("bn,bn,bn,b->n", own, ringing, striking, self.gains).astype(np.float32)
        fade = min(2205, length)
        samples[length - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
        return _normalised(samples, shot.attack_samples)


def draw_timbre(rng: np.random.Generator, *, lent: bool) -> Timbre:
    """A random timbre: bands some decibels up and down, rings longer or shorter, harder or softer sticks."""
    tilt = np.linspace(-1, 1, BANDS)
    gains_db = _smooth(rng, 4.0) + tilt * rng.normal(0, 3)
    attack_db = rng.normal(0, 3) + _smooth(rng, 2.0) + tilt * rng.normal(0, 2)
    damping = np.clip(rng.normal(0.3, 1.5) + _smooth(rng, 1.0), -0.8, 6)
    return Timbre(
        gains=(10 ** (gains_db / 20)).astype(np.float32),
        damping=damping.astype(np.float32),
        attack_gains=(10 ** (attack_db / 20)).astype(np.float32),
        attack_s=float(rng.uniform(0.006, 0.03)),
        lent=np.clip(rng.uniform(0, 1) + _smooth(rng, 0.5), 0, 1).astype(np.float32) if lent else None,
    )


def draw_wires_off(rng: np.random.Generator) -> Timbre:
    """A snare drum whose wires are thrown off: its rattle, from about 1 kHz up, is gone after the stick."""
    place = np.arange(BANDS)
    gains_db = -np.clip((place - rng.uniform(3.5, 6.0)) * rng.uniform(3, 7), 0, rng.uniform(18, 36))
    return Timbre(
        gains=(10 ** (gains_db / 20)).astype(np.float32),
        damping=np.full(BANDS, rng.uniform(-1, 3), np.float32),
        attack_gains=(10 ** (-gains_db * rng.uniform(0.2, 0.7) / 20)).astype(np.float32),
        attack_s=float(rng.uniform(0.002, 0.006)),
        lent=None,
    )


def _smooth(rng: np.random.Generator, deviation: float) -> FloatArray:
    """Random values per band, straight between five knots."""
    knots = rng.normal(0, deviation, 5)
    curve: FloatArray = np.interp(np.linspace(0, 4, BANDS), np.arange(5), knots).astype(np.float32)
    return curve


def split(samples: FloatArray) -> FloatArray:
    """Bands of a sound, float32 (BANDS, n), that sum to it."""
    length = fft.next_fast_len(len(samples), real=True)
    bands: FloatArray = fft.irfft(fft.rfft(samples, length) * _masks(length), length, axis=1)[:, : len(samples)]
    return bands


@lru_cache(maxsize=64)
def _masks(length: int) -> FloatArray:
    """Triangles over log frequency that sum to 1, float32 (BANDS, length // 2 + 1)."""
    low, high = np.log(_EDGES_HZ)
    hz = np.maximum(np.fft.rfftfreq(length, 1 / ANALYSIS_RATE_HZ), 1.0)
    place = np.clip((np.log(hz) - low) / (high - low), 0, 1) * (BANDS - 1)
    masks: FloatArray = np.maximum(1 - np.abs(place - np.arange(BANDS)[:, None]), 0).astype(np.float32)
    return masks


def _aligned(partner: Shot, shot: Shot, length: int) -> FloatArray:
    """The partner's samples with its attack where the shot's is, as loud as the shot over its first half second."""
    shift = shot.attack_samples - partner.attack_samples
    placed = np.zeros(length, np.float32)
    start = max(shift, 0)
    piece = partner.samples[max(-shift, 0) :][: length - start]
    placed[start : start + len(piece)] = piece
    head = slice(shot.attack_samples, shot.attack_samples + ANALYSIS_RATE_HZ // 2)
    wanted, there = (float(np.sqrt(np.mean(x[head] ** 2) + 1e-12)) for x in (shot.samples, placed))
    return placed * np.float32(wanted / there)


def _normalised(samples: FloatArray, attack_samples: int) -> Shot:
    peak = np.float32(max(float(np.abs(samples).max()), 1e-6))
    return Shot(samples=np.ascontiguousarray(samples / peak, np.float32), attack_samples=attack_samples)


@dataclass(frozen=True, kw_only=True)
class _Alloy:
    """What a kind of cymbal is like; pairs are ranges to draw from.

    low_hz: its lowest modes. modes: how many ring apart. noise: of the modes that do not, against those, 0..1.
    rise_s: of the highest band. ring_s: time constants of the decay, of the lowest and of the highest band. stick: level of the
    stick's click. wash: share of the long decay. tilt_db: of the highest against the lowest band.
    """

    low_hz: tuple[float, float]
    modes: tuple[int, int]
    noise: tuple[float, float]
    rise_s: tuple[float, float]
    ring_s: tuple[tuple[float, float], tuple[float, float]]
    stick: tuple[float, float]
    wash: tuple[float, float]
    tilt_db: tuple[float, float]


_ALLOYS: Mapping[Instrument, _Alloy] = {
    Instrument.RIDE: _Alloy(
        low_hz=(250, 500),
        modes=(60, 250),
        noise=(0.1, 0.6),
        rise_s=(0.0005, 0.003),
        ring_s=((0.6, 2.0), (0.15, 0.8)),
        stick=(0.2, 1.5),
        wash=(0.15, 0.6),
        tilt_db=(-9, 6),
    ),
    Instrument.RIDE_BELL: _Alloy(
        low_hz=(500, 1100),
        modes=(8, 30),
        noise=(0.02, 0.2),
        rise_s=(0.0003, 0.002),
        ring_s=((0.4, 1.6), (0.1, 0.5)),
        stick=(0.1, 0.8),
        wash=(0.3, 0.9),
        tilt_db=(-14, 0),
    ),
    Instrument.CRASH: _Alloy(
        low_hz=(250, 600),
        modes=(100, 500),
        noise=(0.4, 1.0),
        rise_s=(0.004, 0.04),
        ring_s=((0.5, 1.5), (0.3, 1.2)),
        stick=(0.05, 0.6),
        wash=(0.3, 0.8),
        tilt_db=(-7, 7),
    ),
    Instrument.CHINA: _Alloy(
        low_hz=(300, 800),
        modes=(100, 400),
        noise=(0.7, 1.0),
        rise_s=(0.001, 0.012),
        ring_s=((0.2, 0.7), (0.15, 0.6)),
        stick=(0.05, 0.6),
        wash=(0.3, 0.8),
        tilt_db=(-12, 2),
    ),
    Instrument.SPLASH: _Alloy(
        low_hz=(500, 1200),
        modes=(60, 300),
        noise=(0.4, 1.0),
        rise_s=(0.001, 0.01),
        ring_s=((0.1, 0.35), (0.08, 0.3)),
        stick=(0.05, 0.6),
        wash=(0.2, 0.7),
        tilt_db=(-6, 7),
    ),
}
FORGED = frozenset(_ALLOYS)
"""What can be forged."""


def forge(rng: np.random.Generator, instrument: Instrument) -> Source:
    """A cymbal that nobody recorded, in four loudnesses, the softer ones darker. instrument: one of FORGED."""
    alloy = _ALLOYS[instrument]
    bands = _decaying(rng, alloy, split(_modes(rng, alloy)))
    level_db = np.linspace(0, rng.uniform(*alloy.tilt_db), BANDS, dtype=np.float32) + _smooth(rng, 3)
    rise_s = np.geomspace(0.0006, rng.uniform(*alloy.rise_s), BANDS).astype(np.float32)
    click = _click(rng, bands.shape[1]) * np.float32(rng.uniform(*alloy.stick))
    shots = tuple(_struck(bands, level_db, rise_s, click, strength=strength) for strength in _LAYERS)
    return Source(kit="forged", electronic=False, sound=instrument, name=f"forged/{instrument}", shots=shots)


def _decaying(rng: np.random.Generator, alloy: _Alloy, steady: FloatArray) -> FloatArray:
    """Every band falling in two stages: the stroke, and a share of wash that outlasts it."""
    ring_s = np.geomspace(rng.uniform(*alloy.ring_s[0]), rng.uniform(*alloy.ring_s[1]), BANDS) * np.exp(_smooth(rng, 0.2))
    wash = np.clip(rng.uniform(*alloy.wash) + _smooth(rng, 0.1), 0.05, 0.95).astype(np.float32)[:, None]
    at_s = _seconds(steady.shape[1])
    stroke = np.exp(-at_s / (ring_s * rng.uniform(0.08, 0.3))[:, None].astype(np.float32))
    decaying: FloatArray = steady * (stroke * (1 - wash) + np.exp(-at_s / ring_s[:, None].astype(np.float32)) * wash)
    return decaying


def _seconds(length: int) -> FloatArray:
    seconds: FloatArray = np.arange(length, dtype=np.float32) / np.float32(ANALYSIS_RATE_HZ)
    return seconds


def _modes(rng: np.random.Generator, alloy: _Alloy) -> FloatArray:
    """Steady sound of random modes and of noise, each band about as loud as the next, float32 (n,)."""
    length = int(rng.integers(_LONGEST_SAMPLES // 2, _LONGEST_SAMPLES))
    length = fft.next_fast_len(length, real=True)
    hz = np.fft.rfftfreq(length, 1 / ANALYSIS_RATE_HZ)
    low_hz = rng.uniform(*alloy.low_hz)
    count = int(rng.integers(*alloy.modes))
    mode_hz = low_hz * (17_000 / low_hz) ** (rng.random(count) ** rng.uniform(0.6, 1.1))
    spectrum = np.zeros(len(hz), np.complex64)
    phases = np.exp(2j * np.pi * rng.random(count)) * 10 ** (rng.normal(0, 7, count) / 20)
    np.add.at(spectrum, np.round(mode_hz / (hz[1])).astype(int).clip(1, len(hz) - 1), phases.astype(np.complex64))
    noise = (rng.standard_normal(len(hz)) + 1j * rng.standard_normal(len(hz))).astype(np.complex64)
    noise *= (1 / (1 + (low_hz / np.maximum(hz, 1)) ** 4)).astype(np.float32)
    balance = np.float32(rng.uniform(*alloy.noise))
    for mask in _masks(length):
        power = [float(np.sum(mask * (part.real**2 + part.imag**2))) + 1e-9 for part in (spectrum, noise)]
        if power[0] > 1e-6:
            noise += noise * mask * np.float32(np.sqrt(power[0] / power[1]) - 1)
    steady: FloatArray = fft.irfft((spectrum * (1 - balance) + noise * balance) * np.float32(length), length)
    return steady


def _click(rng: np.random.Generator, length: int) -> FloatArray:
    """The stick: a few milliseconds of bright noise."""
    burst = rng.standard_normal(length, np.float32) * np.exp(-_seconds(length) / np.float32(rng.uniform(0.001, 0.006)))
    bands = split(burst)
    centre = rng.uniform(6, 11)
    weights = np.exp(-(((np.arange(BANDS) - centre) / 2.0) ** 2)).astype(np.float32)
    click: FloatArray = np.einsum("bn,b->n", bands, weights)
    return click


def _struck(bands: FloatArray, level_db: FloatArray, rise_s: FloatArray, click: FloatArray, *, strength: float) -> Shot:
    """One stroke, the softer the darker and the slower. strength: 0..1."""
    darker_db = np.linspace(0, -10 * (1 - strength), BANDS)
    slower_s = (rise_s * (1.5 - 0.5 * strength))[:, None].astype(np.float32)
    rise = 1 - np.exp(-_seconds(bands.shape[1]) / slower_s)
    gains = (10 ** ((level_db + darker_db) / 20)).astype(np.float32)
    ring = np.einsum("bn,bn,b->n", bands, rise, gains)
    loudness = [
        float(np.sqrt(np.mean(part**2))) + 1e-9 for part in (ring[: ANALYSIS_RATE_HZ // 20], click[: ANALYSIS_RATE_HZ // 200])
    ]
    samples = np.pad(ring + click * np.float32(loudness[0] / loudness[1]), (_LEAD_SAMPLES, 0)).astype(np.float32)
    fade = ANALYSIS_RATE_HZ // 10
    samples[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return _normalised(samples, _LEAD_SAMPLES)
