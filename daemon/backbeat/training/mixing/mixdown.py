"""Dry tracks to a recording: close microphones, overheads, room, bleed, bus, mastering, backing, separation, noise.

Everything linear happens in one transform of the whole segment, which is what makes rendering fast; only compression, saturation
and separation work on the waveform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import fft

from backbeat.records import FloatArray
from backbeat.training.backing.music import Backing
from backbeat.training.mixing.dynamics import draw_compression, rms, saturate
from backbeat.training.mixing.rooms import CURVE_POINTS, Frequencies, Rooms, Spectrum, band_curve, curve_hz, smooth_curve
from backbeat.training.mixing.separation_artefacts import separate_badly
from backbeat.training.playing.performance import Group

_CYMBALS = (Group.HATS, Group.RIDE, Group.CRASHES)
_SILENT = 1e-7
_BACKING_DB = (-16, 9)
"""Music against drums, by RMS: real mixes have it as loud as the drums or louder."""


@dataclass(frozen=True, kw_only=True)
class MixChances:
    """How often each thing happens, 0..1; an ablation sets one of them to 0.

    backing and separated are exclusive: a full mix, or what a separator makes of one. The rest is drums alone.
    """

    equaliser: float = 0.9
    overheads: float = 0.8
    room: float = 0.9
    crushed_room: float = 0.15
    wash: float = 0.45
    wires: float = 0.4
    loud_wires: float = 0.08
    clicky_kick: float = 0.2
    bus_compression: float = 0.55
    pumping: float = 0.1
    saturation: float = 0.3
    low_pass: float = 0.2
    thin_band: float = 0.05
    backing: float = 0.45
    separated: float = 0.15
    noise: float = 0.6


def mix_down(
    rng: np.random.Generator,
    tracks: Mapping[Group, FloatArray],
    *,
    rooms: Rooms,
    frequencies: Frequencies,
    backing: Backing,
    chances: MixChances,
) -> FloatArray:
    """One mono recording, float32, as long as the tracks (all of `frequencies.samples`), peak between -24 and 0 dBFS.

    A reverberation that outlasts the segment comes in again at its start: cut off a second there.
    """
    drums = _desk(rng, _mic(rng, tracks, rooms, frequencies, chances), rng.random() < chances.pumping, chances)
    level = rms(drums)
    kind = rng.random()
    if level < _SILENT:  # nobody drums: music alone, or silence
        level, kind = (0.1, 0.0) if rng.random() < 0.8 else (0.0, 1.0)
    if kind < chances.backing + chances.separated:
        music = backing.draw(rng, len(drums))
        if kind < chances.backing:
            drums = drums + music * np.float32(level * 10 ** (rng.uniform(*_BACKING_DB) / 20))
            drums = _mastered(rng, drums)
        else:
            drums = separate_badly(rng, drums, music * np.float32(level * 10 ** (rng.uniform(-14, 6) / 20)))
    drums = _medium(rng, drums, frequencies, chances)
    if rng.random() < chances.noise:
        hiss = rng.standard_normal(len(drums), np.float32)
        drums = drums + hiss * np.float32(np.abs(drums).max() * 10 ** (rng.uniform(-95, -48) / 20))
    peak = float(np.abs(drums).max(initial=0.0))
    scaled: FloatArray = drums * np.float32(10 ** (rng.uniform(-24, 0) / 20) / max(peak, _SILENT))
    return scaled


def _mic(
    rng: np.random.Generator, tracks: Mapping[Group, FloatArray], rooms: Rooms, frequencies: Frequencies, chances: MixChances
) -> FloatArray:
    """Close, overhead and room microphones, sympathetic wires and cymbal wash, summed."""
    tilt_db = np.linspace(-1, 1, CURVE_POINTS, dtype=np.float32) * np.float32(rng.normal(-3, 4))
    tone = frequencies.gain(smooth_curve(rng, 2.5) + tilt_db)
    close = np.zeros(len(frequencies.hz), np.complex64)
    above, room, ringing, shaking = (np.zeros_like(close) for _ in range(4))
    spectra = fft.rfft(np.stack(list(tracks.values())), axis=1) if tracks else ()
    for group, dry in zip(tracks, spectra, strict=True):
        equalised = rng.random() < chances.equaliser
        spectrum = dry * frequencies.gain(smooth_curve(rng, rng.uniform(1, 5))) if equalised else dry
        if group is Group.KICK and rng.random() < chances.clicky_kick:
            spectrum = spectrum * frequencies.gain(_click(rng))
        close += spectrum
        above += spectrum * np.float32(10 ** (rng.normal(0 if group in _CYMBALS else -4, 3) / 20))
        room += spectrum * np.float32(10 ** (rng.normal(0, 3) / 20))
        if group in _CYMBALS:
            ringing += spectrum
        elif group in {Group.KICK, Group.TOMS}:
            shaking += spectrum
    if rng.random() < chances.overheads:
        close += above * _one(rng, rooms.overheads) * _decibels(rng, -22, 2)
    if rng.random() < chances.wash:
        close += ringing * _one(rng, rooms.washes) * _decibels(rng, -42, -12)
    if rng.random() < chances.loud_wires:
        close += shaking * _one(rng, rooms.wires) * _decibels(rng, -36, -16)
    elif rng.random() < chances.wires:
        close += shaking * _one(rng, rooms.wires) * _decibels(rng, -54, -30)
    close *= tone
    wet = room * tone * _one(rng, rooms.rooms) * _decibels(rng, -36, -6) if rng.random() < chances.room else None
    if wet is None or rng.random() >= chances.crushed_room:
        return _waveform(close if wet is None else close + wet, frequencies)
    return _waveform(close, frequencies) + draw_compression(rng, _waveform(wet, frequencies), hard=True)


def _click(rng: np.random.Generator) -> FloatArray:
    """A beater that clicks: up to 14 dB more from 2 to 4.5 kHz up. Without it, a click is heard as a hat."""
    rise = 1 / (1 + (rng.uniform(2000, 4500) / np.maximum(curve_hz(), 1)) ** 2)
    return (rise * rng.uniform(3, 14)).astype(np.float32)


def _waveform(spectrum: Spectrum, frequencies: Frequencies) -> FloatArray:
    waveform: FloatArray = fft.irfft(spectrum, frequencies.samples)
    return waveform


def _one(rng: np.random.Generator, pool: tuple[Spectrum, ...]) -> Spectrum:
    return pool[int(rng.integers(len(pool)))]


def _decibels(rng: np.random.Generator, low_db: float, high_db: float) -> np.float32:
    return np.float32(10 ** (rng.uniform(low_db, high_db) / 20))


def _desk(rng: np.random.Generator, drums: FloatArray, pumping: bool, chances: MixChances) -> FloatArray:
    """Bus compression, saturation."""
    if pumping:
        drums = draw_compression(rng, drums, hard=True)
    elif rng.random() < chances.bus_compression:
        drums = draw_compression(rng, drums, hard=False)
    if rng.random() < chances.saturation:
        drums = saturate(drums, rng.uniform(-6, 14))
    return drums


def _mastered(rng: np.random.Generator, mix: FloatArray) -> FloatArray:
    """A limited full mix: drums and music duck one another."""
    if rng.random() < 0.4:
        mix = draw_compression(rng, mix, hard=rng.random() < 0.2)
    return saturate(mix, rng.uniform(-6, 10)) if rng.random() < 0.3 else mix


def _medium(rng: np.random.Generator, drums: FloatArray, frequencies: Frequencies, chances: MixChances) -> FloatArray:
    """What it was kept on: a codec's low pass, or the narrow band of an old tape."""
    if rng.random() < chances.low_pass:
        curve = np.where(curve_hz() > rng.uniform(9_000, 17_000), -60, 0).astype(np.float32)
    elif rng.random() < chances.thin_band:
        curve = band_curve(rng.uniform(60, 250), rng.uniform(4000, 9000))
    else:
        return drums
    return _waveform(fft.rfft(drums) * frequencies.gain(curve), frequencies)
