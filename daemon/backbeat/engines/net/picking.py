"""Activations of the network `net` to strokes: where a family of drums peaks, which of its instruments it was, how hard.

A peak is looked for in the most active instrument of a family at each moment, and that instrument gets the stroke: a soft ride
that is a little ride and a little crash is one stroke. Further instruments of the family join only when they are sure of
themselves (crash and ride at once).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backbeat.engines.net.features import FPS
from backbeat.engines.net.flams import VALLEY, flam_partners
from backbeat.engines.net.vocabulary import COLUMN, FAMILIES, INSTRUMENTS
from backbeat.records import FloatArray, Hit, IntArray, TimeArray
from backbeat.sensitivity import AS_SHIPPED, Sensitivity
from backbeat.values import Instrument

MIN_DISTANCE_FRAMES = 3
"""30 ms: closer strokes of one family are one, but for flams with a valley between their strokes (`flams`)."""

CYMBALS = frozenset((*FAMILIES["hihat"], *FAMILIES["cymbals"]))
"""Flams of less than 30 ms are played on drums, not on these. To look for them here too found two strokes in the development
mixes, both of them wrong."""

FAINTEST = 0.02
"""Peaks below this are no strokes at any sensitivity."""

LOGITS_PER_LEVEL = 0.05
"""How far one level of sensitivity moves a threshold: 10 levels make what counts as a stroke 1.6 times as improbable."""

SUREST = 1 - 1 / 8190
"""Activations are kept in steps of 1/4095 (`state`), and nothing is surer than half a step from certainty."""

_PEAK_REACH_FRAMES = 2
_CLEAR_DENSITY, _DENSE_DENSITY = 0.4, 0.55


@dataclass(frozen=True, kw_only=True)
class Activations:
    """What the network says about a recording, or a part of one, 100 frames per second.

    instruments: float32 (frames, 14), 0..1.
    velocities: float32 (frames, 14), 0..1; meaningful where there is a stroke.
    density: of the recording, see `features.density`.
    first_frame: where in the recording the first of these frames is.
    """

    instruments: FloatArray
    velocities: FloatArray
    density: float = 0.0
    first_frame: int = 0

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

    def at(self, sensitivity: Sensitivity) -> PickSettings:
        """The settings with thresholds moved; with more sensitivity no stroke is lost, and no other time or instrument given."""
        return replace(self, clear=_moved(self.clear, sensitivity), dense=_moved(self.dense, sensitivity))


def _moved(thresholds: Mapping[Instrument, float], sensitivity: Sensitivity) -> dict[Instrument, float]:
    return {instrument: _moved_by(value, sensitivity.level(instrument)) for instrument, value in thresholds.items()}


def _moved_by(threshold: float, level: int) -> float:
    if level == AS_SHIPPED:
        return threshold
    logit = np.log(threshold / (1 - threshold)) - LOGITS_PER_LEVEL * (level - AS_SHIPPED)
    return float(1 / (1 + np.exp(-logit)))


def pick(activations: Activations, settings: PickSettings) -> list[Hit]:
    """All strokes, sorted by time and then in the order of `Instrument`."""
    rows: list[Hit] = []
    thresholds = settings.thresholds(activations.density)
    for members in FAMILIES.values():
        rows += _strokes(activations, members, settings, thresholds)
    order = {instrument: column for column, instrument in enumerate(INSTRUMENTS)}
    return sorted(rows, key=lambda hit: (hit.time_s, order[hit.instrument]))


def peak_frames(activation: FloatArray, threshold: float) -> IntArray:
    """Frames that are the highest within +-20 ms and at least `threshold`; of two that are one stroke the higher one.

    One stroke: closer than 30 ms, or 30 ms apart without a valley between them, as where a broad peak is flat.
    """
    if not len(activation):
        return np.zeros(0, np.int64)
    reach = _PEAK_REACH_FRAMES
    padded = np.pad(activation, reach, constant_values=-1.0)
    around = np.maximum.reduce([padded[step : step + len(activation)] for step in range(2 * reach + 1)])
    candidates = np.flatnonzero((activation >= around) & (activation >= threshold))
    kept: list[int] = []
    for frame in candidates.tolist():
        if kept and _is_same_stroke(activation, kept[-1], frame):
            if activation[frame] > activation[kept[-1]]:
                kept[-1] = frame
        else:
            kept.append(frame)
    return np.array(kept, np.int64)


def _is_same_stroke(activation: FloatArray, earlier: int, later: int) -> bool:
    if later - earlier != MIN_DISTANCE_FRAMES:
        return later - earlier < MIN_DISTANCE_FRAMES
    lower = min(activation[earlier], activation[later])
    return bool(activation[earlier + 1 : later].min() > VALLEY * lower)


def refined_times_s(activation: FloatArray, peaks: IntArray, first_frame: int = 0) -> TimeArray:
    """Times of peaks, finer than the frames: the targets are triangles four frames wide, whose lean tells the rest.

    first_frame: where in the recording `activation` begins; the times count from the recording's beginning.
    A triangle of height h whose tip lies d frames (|d| <= 0.5) after frame k has h (1 - |d| / 2) there, and its right
    neighbour is h d above its left one. The first and the last frame lack a neighbour and keep their time.
    """
    exact = activation.astype(np.float64)
    inner = (peaks > 0) & (peaks < len(exact) - 1)
    left, right = np.maximum(peaks - 1, 0), np.minimum(peaks + 1, len(exact) - 1)
    lean = np.where(inner, exact[right] - exact[left], 0.0)
    height = exact[peaks] + np.abs(lean) / 2
    offset = np.clip(lean / np.maximum(height, 1e-9), -0.5, 0.5)
    times_s: TimeArray = np.maximum((first_frame + peaks + offset) / FPS, 0.0)
    return times_s


def _strokes(
    activations: Activations, members: tuple[Instrument, ...], settings: PickSettings, thresholds: Mapping[Instrument, float]
) -> list[Hit]:
    """The strokes on one family. Where it peaks does not depend on the thresholds: they only choose among the peaks."""
    columns = [COLUMN[instrument] for instrument in members]
    own = activations.instruments[:, columns]
    activation = own.max(axis=1)
    peaks = peak_frames(activation, FAINTEST)
    partners = peaks[:0] if members[0] in CYMBALS else flam_partners(own, peaks)
    frames = np.concatenate([peaks, partners])
    near = np.clip(frames[:, None] + np.arange(-1, 2), 0, len(own) - 1)
    scores = own[near].max(axis=1)

    wanted = np.array([thresholds[instrument] for instrument in members])
    is_best = scores.argmax(axis=1)[:, None] == np.arange(len(members))
    joins = scores >= np.maximum(settings.joining, wanted)
    joins[len(peaks) :] = False  # the strokes of a flam share a frame of their surroundings, but not what is struck with one
    rows, places = np.nonzero((is_best | joins) & (activation[frames, None] >= wanted))

    times_s = refined_times_s(activation, frames, activations.first_frame)[rows]
    velocities = activations.velocities[frames][:, columns][rows, places]
    midi = np.clip(np.round(velocities * 127), 1, 127).astype(int)
    found = [members[place] for place in places]
    lines = np.array([settings.calibration[instrument] for instrument in members])[places].reshape(-1, 2)
    confidences = _chances(scores[rows, places].astype(np.float64), lines[:, 0], lines[:, 1])
    return [Hit(*row) for row in zip(times_s.tolist(), found, midi.tolist(), confidences.tolist(), strict=True)]


def _chances(activations: TimeArray, slopes: TimeArray, offsets: TimeArray) -> TimeArray:
    """The chances, 0..1, that strokes of these activations are right: logit(chance) = slope * logit(activation) + offset."""
    inner = np.clip(activations, 1 - SUREST, SUREST)
    chances: TimeArray = 1 / (1 + np.exp(-(slopes * np.log(inner / (1 - inner)) + offsets)))
    return chances
