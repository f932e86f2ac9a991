"""Activations to a grid: which pulses, which bars, how sure.

The octave of the tempo is settled four times. The network has learned it from half-time and double-time feels among drums of
known tempo; a path through beats that it half believes in gains nothing from them; what is still open is decided by how fast
music usually is, a cost per pulse that grows with the distance from 112 a minute; and a tempo that the file states goes before
all of these where the same beats are counted in it, twice as fast or half as fast (`stated`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

import numpy as np

from backbeat.engines.net_beats.cycles import TRIED_METERS, Cycle, cycles_of
from backbeat.engines.net_beats.features import BEAT_FPS, FRAME_CENTRE_S
from backbeat.engines.net_beats.gains import HEARD, METER_S, DecodeSettings, hinted_lengths, near_chance, pulse_gains, smooth
from backbeat.engines.net_beats.lattice import Lattice, PulsePath
from backbeat.engines.net_beats.runtime import BeatActivations
from backbeat.engines.net_beats.stated import covered, octaves_apart
from backbeat.engines.protocols import BeatHint
from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import Meter

MIN_BPM, MAX_BPM = 50.0, 220.0
"""Pulses per minute that are looked for."""
_AS_LIKELY = 0.85
"""Pulses at the stated tempo that are about as likely as those that are heard freely are taken."""
_FREE_SHARE = 0.8  # of the time that both searches take


@dataclass(frozen=True, kw_only=True, eq=False)
class Counted:
    """times_s, numbers, meters: as in BeatGrid. confidence: 0..1. pulses_s: what was counted, float64 (at least 2,)."""

    times_s: TimeArray
    numbers: IntArray
    meters: tuple[Meter, ...]
    confidence: float
    pulses_s: TimeArray


_UNSURE, _SURE = 0.33, 0.85
"""Mean likelihoods of pulses that are a confidence of a half and of one."""
_DOUBTS = 4
"""Pulses that nobody heard, added to every mean: a few that happen to be likely say little."""


def decode(
    activations: BeatActivations,
    hint: BeatHint,
    between: Callable[[float], None],
    settings: DecodeSettings | None = None,
) -> Counted | None:
    """Count through a recording; None where nothing at all sounds like a beat.

    `between` is called with the fraction done; what it raises passes through.
    """
    settings = settings or DecodeSettings()
    if len(activations) < BEAT_FPS // 2:
        return None
    if float(near_chance(activations.beats)[:, 0].max()) < settings.floor:
        return None
    if hint.bpm is not None or hint.stated_bpm is None or not MIN_BPM <= hint.stated_bpm <= MAX_BPM:
        return _search(activations, hint, between, settings)
    free = _search(activations, hint, lambda done: between(done * _FREE_SHARE), settings)
    near = replace(hint, bpm=hint.stated_bpm)
    stated = _search(activations, near, lambda done: between(_FREE_SHARE + done * (1 - _FREE_SHARE)), settings)
    if free is None or stated is None:
        return free or stated
    return _likelier(free, stated)


def _likelier(free: Counted, stated: Counted) -> Counted:
    """Of what is heard freely and what is heard near the stated tempo.

    The stated tempo decides between octaves. Another tempo has to be about as likely as the one that is heard.
    """
    octaves = octaves_apart(free.pulses_s, stated.pulses_s)
    if octaves is None:
        likelihood = stated.confidence * covered(free.pulses_s, stated.pulses_s)
        return stated if likelihood >= _AS_LIKELY * free.confidence else free
    chosen = stated if octaves else free
    return replace(chosen, confidence=max(free.confidence, stated.confidence))


def _search(
    activations: BeatActivations, hint: BeatHint, between: Callable[[float], None], settings: DecodeSettings
) -> Counted | None:
    """The most likely way to count, at the tempo of `hint.bpm` or at any."""
    likely = near_chance(activations.beats)
    cycles = _cycles(activations.meters, hint, settings)
    shortest, longest = _lengths(cycles, hint)
    lattice = Lattice(cycles, shortest, longest, settings.costs)
    path = lattice.best_path(pulse_gains(likely, activations.meters, lattice, hint, settings), between)
    return _counted(activations.beats, likely, path, cycles)


def _cycles(meters: FloatArray, hint: BeatHint, settings: DecodeSettings) -> tuple[Cycle, ...]:
    """The ways to count that are worth trying: the meter given, or all; 6/8 and 7/8 only where the network hears them somewhere.

    A bar of two pulses is half a bar of 4/4 at half the tempo unless the pulses go in threes.
    """
    if hint.meter is not None:
        return cycles_of(hint.meter)
    strongest = smooth(meters, round(METER_S * BEAT_FPS)).max(axis=0)
    tried = [
        meter
        for meter, share in zip(TRIED_METERS, strongest, strict=True)
        if meter.unit == 4 or float(share) >= settings.tried_share
    ]
    return tuple(chain.from_iterable(cycles_of(meter) for meter in tried))


def _lengths(cycles: Sequence[Cycle], hint: BeatHint) -> tuple[int, int]:
    """The shortest and longest pulse in frames."""
    if hint.bpm is None:
        return int(60 * BEAT_FPS / MAX_BPM), int(np.ceil(60 * BEAT_FPS / MIN_BPM))
    ranges = [hinted_lengths(cycle, hint.bpm) for cycle in cycles]
    return min(shortest for shortest, _ in ranges), max(longest for _, longest in ranges)


def _counted(beats: FloatArray, likely: FloatArray, path: PulsePath, cycles: Sequence[Cycle]) -> Counted | None:
    """Pulses to beats of the meter, with the ends where nothing is heard cut off."""
    chance = likely[path.frames, 0]
    heard = np.flatnonzero(chance >= HEARD)
    if len(heard) < 2:
        return None
    kept = slice(int(heard[0]), int(heard[-1]) + 1)
    times_s = _timed(beats, chance, path.frames)[kept]
    return _divided(times_s, path.cycles[kept], path.places[kept], cycles, confidence=_confidence(chance[kept]))


def _timed(beats: FloatArray, chance: FloatArray, frames: IntArray) -> TimeArray:
    """Times of the pulses between the frames: the centre of three activations; where nothing is heard, evenly between those."""
    near = np.clip(frames[:, np.newaxis] + np.array([-1, 0, 1]), 0, len(beats) - 1)
    weight = beats[near, 0].astype(np.float64) + 1e-9
    centre = frames + (weight @ np.array([-1.0, 0.0, 1.0])) / weight.sum(axis=1)
    sure = chance >= HEARD
    index = np.arange(len(frames))
    blended = np.where(sure, centre, np.interp(index, index[sure], centre[sure]))
    times_s: TimeArray = np.maximum(blended / BEAT_FPS + FRAME_CENTRE_S, 0.0)
    return times_s


def _confidence(chance: FloatArray) -> float:
    """How likely the pulses are, on average, on a scale where above a half nine grids in ten are right.

    Measured by `tests/benchmarks/beats_synthetic.py --reliable`.
    """
    mean = float(chance.sum()) / (len(chance) + _DOUBTS)
    return float(np.interp(mean, [0.0, _UNSURE, _SURE], [0.0, 0.5, 1.0]))


def _divided(times_s: TimeArray, cycle_of: IntArray, places: IntArray, cycles: Sequence[Cycle], *, confidence: float) -> Counted:
    """Pulses to the beats of their meters: dotted quarters to eighths, and so on. The last pulse is not divided."""
    beats: list[tuple[float, int, Meter]] = []
    for index, time_s in enumerate(times_s):
        cycle, place = cycles[int(cycle_of[index])], int(places[index])
        start = sum(cycle.beats[:place], Fraction(0))
        if start.denominator != 1:  # in 2/2 every other pulse lies between beats
            continue
        last = index + 1 == len(times_s)
        parts = 1 if last else max(int(cycle.beats[place]), 1)
        step_s = 0.0 if last else (times_s[index + 1] - time_s) / parts
        beats += [(float(time_s + part * step_s), int(start) + part + 1, cycle.meter) for part in range(parts)]
    return Counted(
        times_s=np.array([time_s for time_s, _, _ in beats]),
        numbers=np.array([number for _, number, _ in beats], np.int64),
        meters=tuple(meter for index, (_, number, meter) in enumerate(beats) if number == 1 or index == 0),
        confidence=confidence,
        pulses_s=times_s,
    )
