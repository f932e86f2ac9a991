"""Activations of the network `net` to strokes: where a family of drums peaks, which of its instruments it was, how hard.

A peak is looked for in the most active instrument of a family at each moment, and that instrument gets the stroke: a soft ride
that is a little ride and a little crash is one stroke. Further instruments of the family join only when they are sure of
themselves (crash and ride at once).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.engines.net_features import FPS
from backbeat.engines.net_vocabulary import COLUMN, FAMILIES, INSTRUMENTS
from backbeat.records import FloatArray, Hit, IntArray, TimeArray
from backbeat.values import Instrument

MIN_DISTANCE_FRAMES = 3
"""30 ms: closer strokes of one family are one; the strokes of a flam lie 30 ms and more apart."""

_PEAK_REACH_FRAMES = 2
_CLEAR_DENSITY, _DENSE_DENSITY = 0.4, 0.55


@dataclass(frozen=True, kw_only=True)
class Activations:
    """What the network says about a recording, 100 frames per second.

    instruments: float32 (frames, 14), 0..1.
    velocities: float32 (frames, 14), 0..1; meaningful where there is a stroke.
    density: of the recording, see `net_features.density`.
    """

    instruments: FloatArray
    velocities: FloatArray
    density: float = 0.0

    def family(self, members: Sequence[Instrument]) -> FloatArray:
        """How sure the network is of any of `members`, float32 (frames,), 0..1: as sure as of the surest."""
        highest: FloatArray = self.instruments[:, [COLUMN[instrument] for instrument in members]].max(axis=1)
        return highest


@dataclass(frozen=True, kw_only=True)
class PickSettings:
    """From activation to stroke.

    clear, dense: per instrument, the activation from which a stroke on it counts, 0..1, in drums alone and in full mixes. Music
        over the drums makes the network less sure of what it hears rightly; in between, the threshold is in between.
    joining: the activation from which a second instrument of the family is struck at the same time.
    calibration: per instrument (slope, offset) that turn the logit of the activation into that of being right.
    """

    clear: Mapping[Instrument, float]
    dense: Mapping[Instrument, float]
    joining: float
    calibration: Mapping[Instrument, tuple[float, float]]

    def thresholds(self, density: float) -> dict[Instrument, float]:
        """The thresholds for a recording of that density."""
        share = float(np.interp(density, (_CLEAR_DENSITY, _DENSE_DENSITY), (0.0, 1.0)))
        return {instrument: (1 - share) * self.clear[instrument] + share * self.dense[instrument] for instrument in self.clear}


def pick(activations: Activations, settings: PickSettings) -> list[Hit]:
    """All strokes, sorted by time and then in the order of `Instrument`."""
    rows: list[Hit] = []
    thresholds = settings.thresholds(activations.density)
    for members in FAMILIES.values():
        rows += _strokes(activations, members, settings, thresholds)
    order = {instrument: column for column, instrument in enumerate(INSTRUMENTS)}
    return sorted(rows, key=lambda hit: (hit.time_s, order[hit.instrument]))


def peak_frames(activation: FloatArray, threshold: float) -> IntArray:
    """Frames that are the highest within +-20 ms and at least `threshold`; of two closer than 30 ms the higher one."""
    if not len(activation):
        return np.zeros(0, np.int64)
    reach = _PEAK_REACH_FRAMES
    padded = np.pad(activation, reach, constant_values=-1.0)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    candidates = np.flatnonzero((activation >= around) & (activation >= threshold))
    kept: list[int] = []
    for frame in candidates:
        if kept and frame - kept[-1] < MIN_DISTANCE_FRAMES:
            if activation[frame] > activation[kept[-1]]:
                kept[-1] = int(frame)
        else:
            kept.append(int(frame))
    return np.array(kept, np.int64)


def refined_times_s(activation: FloatArray, peaks: IntArray) -> TimeArray:
    """Times of peaks, finer than the frames: the targets are triangles four frames wide, whose lean tells the rest.

    A triangle of height h whose tip lies d frames (|d| <= 0.5) after frame k has h (1 - |d| / 2) there, and its right
    neighbour is h d above its left one. The first and the last frame lack a neighbour and keep their time.
    """
    exact = activation.astype(np.float64)
    inner = (peaks > 0) & (peaks < len(exact) - 1)
    left, right = np.maximum(peaks - 1, 0), np.minimum(peaks + 1, len(exact) - 1)
    lean = np.where(inner, exact[right] - exact[left], 0.0)
    height = exact[peaks] + np.abs(lean) / 2
    offset = np.clip(lean / np.maximum(height, 1e-9), -0.5, 0.5)
    times_s: TimeArray = np.maximum((peaks + offset) / FPS, 0.0)
    return times_s


def _strokes(
    activations: Activations, members: tuple[Instrument, ...], settings: PickSettings, thresholds: Mapping[Instrument, float]
) -> list[Hit]:
    activation = activations.family(members)
    peaks = peak_frames(activation, min(thresholds[instrument] for instrument in members))
    strengths = activation[peaks]
    times_s = refined_times_s(activation, peaks)
    columns = [COLUMN[instrument] for instrument in members]
    near = np.clip(peaks[:, None] + np.arange(-1, 2), 0, len(activations.instruments) - 1)
    scores = activations.instruments[near][:, :, columns].max(axis=1)
    velocities = activations.velocities[peaks][:, columns]
    rows: list[Hit] = []
    for k, time_s in enumerate(times_s):
        best = int(scores[k].argmax())
        for place, instrument in enumerate(members):
            joins = place == best or scores[k, place] >= max(settings.joining, thresholds[instrument])
            if joins and strengths[k] >= thresholds[instrument]:
                velocity = int(np.clip(np.round(velocities[k, place] * 127), 1, 127))
                confidence = calibrated(float(scores[k, place]), settings.calibration[instrument])
                rows.append(Hit(float(time_s), instrument, velocity, confidence))
    return rows


def calibrated(activation: float, line: tuple[float, float]) -> float:
    """The chance, 0..1, that a stroke of this activation is right: logit(chance) = slope * logit(activation) + offset."""
    activation = min(max(activation, 1e-6), 1 - 1e-6)
    logit = line[0] * np.log(activation / (1 - activation)) + line[1]
    return float(1 / (1 + np.exp(-logit)))
