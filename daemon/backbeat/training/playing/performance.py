"""Strokes played on a kit: one dry track per group of drums, and when each attack really sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from backbeat.records import FloatArray
from backbeat.training.playing.strokes import Stroke
from backbeat.training.sounds.bank import Bank, Shot
from backbeat.training.sounds.kit import Kit, resound
from backbeat.values import ANALYSIS_RATE_HZ, Instrument


class Group(StrEnum):
    """Drums that share a microphone and an equaliser."""

    KICK = "kick"
    SNARE = "snare"
    TOMS = "toms"
    HATS = "hats"
    RIDE = "ride"
    CRASHES = "crashes"
    PERCUSSION = "percussion"


GROUPS: Mapping[Instrument, Group] = {
    Instrument.KICK: Group.KICK,
    Instrument.SNARE: Group.SNARE,
    Instrument.SIDE_STICK: Group.SNARE,
    Instrument.TOM_HIGH: Group.TOMS,
    Instrument.TOM_MID: Group.TOMS,
    Instrument.TOM_LOW: Group.TOMS,
    Instrument.HIHAT_CLOSED: Group.HATS,
    Instrument.HIHAT_PEDAL: Group.HATS,
    Instrument.HIHAT_OPEN: Group.HATS,
    Instrument.RIDE: Group.RIDE,
    Instrument.RIDE_BELL: Group.RIDE,
    Instrument.CRASH: Group.CRASHES,
    Instrument.CHINA: Group.CRASHES,
    Instrument.SPLASH: Group.CRASHES,
}

CHOKE_S = 0.03
"""How long the closing of an open hat takes."""

_USUAL_CURVE = 1.5
"""Exponent from velocity to amplitude, midway between those that voices are drawn with."""

_HATS = {Instrument.HIHAT_CLOSED, Instrument.HIHAT_PEDAL, Instrument.HIHAT_OPEN}


@dataclass(frozen=True, kw_only=True, eq=False)
class Performance:
    """tracks: dry float32 tracks of one length; played: the strokes that sound.

    Their times are those of their attacks, their velocities how loud they came out among the voice's strokes: nobody can hear
    the curve from velocity to level that a voice was drawn with, so the labels are as if all had the same.
    """

    tracks: Mapping[Group, FloatArray]
    played: tuple[Stroke, ...]


def play(rng: np.random.Generator, kit: Kit, strokes: Sequence[Stroke], *, start_s: float, samples: int) -> Performance:
    """Every stroke with its attack exactly at its time, open hats choked by the next stroke on the hats.

    strokes: sorted; start_s: the time of the tracks' first sample. Strokes on instruments that the kit lacks are left out.
    """
    tracks: dict[Group, FloatArray] = {}
    played = []
    closings_s = np.array([stroke.time_s for stroke in strokes if stroke.instrument in _HATS])
    for stroke in strokes:
        voice = kit.voice(rng, stroke.instrument)
        if voice is None:
            continue
        shot, gain = voice.stroke(rng, stroke.velocity)
        group = GROUPS[stroke.instrument]
        track = tracks.setdefault(group, np.zeros(samples, np.float32))
        ring_s = _until_next(closings_s, stroke.time_s) if stroke.instrument in _HATS else None
        add_shot(track, shot, gain, at_s=stroke.time_s - start_s, ring_s=ring_s)
        if stroke.instrument is Instrument.HIHAT_CLOSED and kit.looseness:
            _add_looseness(rng, kit, stroke, track, gain, at_s=stroke.time_s - start_s, ring_s=ring_s)
        sounding = (gain / voice.gain) ** (1 / _USUAL_CURVE)
        played.append(stroke._replace(velocity=int(np.clip(round(127 * sounding), 1, 127))))
    return Performance(tracks=tracks, played=tuple(played))


def _until_next(times_s: FloatArray, time_s: float) -> float | None:
    """How long until the first of the sorted times that is more than 20 ms later; None where there is none."""
    index = int(np.searchsorted(times_s, time_s + 0.02))
    return float(times_s[index] - time_s) if index < len(times_s) else None


def _add_looseness(
    rng: np.random.Generator,
    kit: Kit,
    stroke: Stroke,
    track: FloatArray,
    gain: float,
    *,
    at_s: float,
    ring_s: float | None,
) -> None:
    """The ring of cymbals that do not quite touch, under a closed stroke."""
    opened = kit.voice(rng, Instrument.HIHAT_OPEN)
    if opened is not None:
        shot, _ = opened.stroke(rng, stroke.velocity)
        damped = resound(shot, pitch=1.0, decay_s=kit.loose_decay_s)
        add_shot(track, damped, gain * kit.looseness, at_s=at_s, ring_s=ring_s)


def add_shot(track: FloatArray, shot: Shot, gain: float, *, at_s: float, ring_s: float | None) -> None:
    """Add one sound in place so that its attack falls on `at_s`, cut off `ring_s` later (None: it rings out)."""
    samples = shot.samples
    if ring_s is not None:
        stop = shot.attack_samples + int(ring_s * ANALYSIS_RATE_HZ)
        fade = int(CHOKE_S * ANALYSIS_RATE_HZ)
        if stop < len(samples):
            samples = samples[: stop + fade].copy()
            samples[stop:] *= np.linspace(1, 0, len(samples) - stop, dtype=np.float32)
    start = round(at_s * ANALYSIS_RATE_HZ) - shot.attack_samples
    skipped = max(-start, 0)
    stop = min(start + len(samples), len(track))
    if stop > start + skipped:
        track[start + skipped : stop] += samples[skipped : stop - start] * np.float32(gain)


def play_percussion(rng: np.random.Generator, bank: Bank, *, samples: int) -> FloatArray:
    """A shaker, tambourine, clap or other percussion that keeps a steady pattern: to be heard and not to be taken for drums.

    Zeros where the bank has none.
    """
    track = np.zeros(samples, np.float32)
    if not bank.percussion:
        return track
    hissing = [s for s in bank.percussion if s.sound in {"tambourine", "shaker", "maraca", "cabasa"}]
    choice = hissing if hissing and rng.random() < 0.6 else bank.percussion
    source = choice[int(rng.integers(len(choice)))]
    pitch = float(2 ** (rng.normal(0, 2) / 12))
    takes = [resound(shot, pitch=pitch, decay_s=None) for shot in source.shots[-4:]]
    step_s = 15 / rng.uniform(70, 180)
    cell = rng.random(8) < rng.uniform(0.2, 0.95)
    accents = 10 ** (rng.uniform(-14, 0, 8) / 20)
    for step in range(int(samples / ANALYSIS_RATE_HZ / step_s)):
        if cell[step % 8]:
            take = takes[int(rng.integers(len(takes)))]
            add_shot(track, take, float(accents[step % 8]), at_s=step * step_s + rng.normal(0, 0.006), ring_s=None)
    return track
