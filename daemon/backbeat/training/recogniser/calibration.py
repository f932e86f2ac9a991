"""Thresholds and confidences of a trained network, chosen on held-out segments and, once and globally, on recordings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backbeat.engines.net.picking import Activations, PickSettings, peak_frames, pick, refined_times_s
from backbeat.engines.net.vocabulary import COLUMN, FAMILIES, INSTRUMENTS
from backbeat.records import FloatArray, TimeArray
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches
from backbeat.training.segments.pool import SegmentPool
from backbeat.training.segments.targets import family_target, stroke_times_s
from backbeat.values import Instrument

THRESHOLDS = tuple(np.round(np.arange(0.05, 0.85, 0.025), 3).tolist())
JOINING = 0.6
DENSE = 0.475
"""Halfway between drums alone and mixes, see `engines.net.picking`."""
_SEGMENT_WEIGHT = 0.33
_LOWEST = 0.08
_IDENTITY = (1.0, 0.0)
_PRIOR_STROKES = 20.0  # how many strokes' weight the identity has in a calibration


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Activations of a recording and the strokes in it per family, and per instrument where those are known. Times rising."""

    activations: Activations
    families: dict[str, TimeArray]
    instruments: dict[Instrument, TimeArray] | None = None


def labelled_segments(activations: Sequence[Activations], pool: SegmentPool) -> list[Labelled]:
    """The held-out segments with the network's activations for them, in the pool's order."""
    targets = [target for batch in pool.in_order(16) for target in batch.onsets]
    return [_labelled(each, target) for each, target in zip(activations, targets, strict=True)]


def _labelled(activations: Activations, target: FloatArray) -> Labelled:
    families = {family: stroke_times_s(family_target(target, members)) for family, members in FAMILIES.items()}
    instruments = {instrument: stroke_times_s(target[:, COLUMN[instrument]]) for instrument in INSTRUMENTS}
    return Labelled(activations=activations, families=families, instruments=instruments)


def choose_thresholds(sets: Sequence[Sequence[Labelled]], *, dense: bool) -> dict[str, float]:
    """Per family, the threshold with the highest F for dense or for clear recordings.

    sets: the first one is held-out segments, the others are real recordings. F is averaged over those sets that have strokes of
    the family, segments with a third of the weight of recordings: what counts is how real ones are heard. In recordings
    without any, what is found all the same costs what it takes from their F over all families.
    """
    sets = [[each for each in labelled if (each.activations.density > DENSE) == dense] for labelled in sets]
    chosen = {}
    for family in FAMILIES:
        scores = np.zeros(len(THRESHOLDS))
        for weight, labelled in zip((_SEGMENT_WEIGHT, *(1.0 for _ in sets[1:])), sets, strict=True):
            counts = [_counts(labelled, family, threshold) for threshold in THRESHOLDS]
            if counts[0].expected:
                scores += [weight * count.f_measure for count in counts]
            elif strokes := sum(len(times_s) for each in labelled for times_s in each.families.values()):
                scores -= [weight * count.found / (2 * strokes) for count in counts]
        chosen[family] = float(THRESHOLDS[int(_smoothed(scores).argmax())])
    return chosen


def _smoothed(scores: TimeArray) -> TimeArray:
    """Means over five neighbours: a broad hill counts for more than a lucky peak."""
    return np.convolve(np.pad(scores, 2, mode="edge"), np.full(5, 0.2), mode="valid")


def _counts(labelled: Sequence[Labelled], family: str, threshold: float) -> Counts:
    counts = []
    for each in labelled:
        activation = each.activations.family(FAMILIES[family])
        found_s = refined_times_s(activation, peak_frames(activation, threshold))
        expected_s = each.families[family]
        matched = len(matches(expected_s, np.sort(found_s), WINDOW_S))
        counts.append(Counts(matched=matched, expected=len(expected_s), found=len(found_s)))
    return Counts.sum(counts)


def fit_confidence(labelled: Sequence[Labelled], clear: dict[str, float], dense: dict[str, float]) -> PickSettings:
    """Settings for `pick`, with a calibration per instrument from strokes of which the instrument is known.

    A stroke is right when one of the same instrument lies within 50 ms. Strokes a little below the threshold take part, so
    that the line is known where it is needed.
    """
    settings = PickSettings(
        clear={instrument: clear[family] for family, members in FAMILIES.items() for instrument in members},
        dense={instrument: dense[family] for family, members in FAMILIES.items() for instrument in members},
        joining=JOINING,
        calibration=dict.fromkeys(INSTRUMENTS, _IDENTITY),
    )
    lenient = replace(settings, clear=_halved(settings.clear), dense=_halved(settings.dense))
    scores: dict[Instrument, list[float]] = {instrument: [] for instrument in INSTRUMENTS}
    right: dict[Instrument, list[bool]] = {instrument: [] for instrument in INSTRUMENTS}
    for each in labelled:
        if each.instruments is None:
            continue
        hits = pick(each.activations, lenient)
        for instrument, expected_s in each.instruments.items():
            own = [hit for hit in hits if hit.instrument is instrument]
            matched = {there for _, there in matches(expected_s, np.array([hit.time_s for hit in own]), WINDOW_S)}
            scores[instrument] += [hit.confidence for hit in own]
            right[instrument] += [index in matched for index in range(len(own))]
    lines = {instrument: fitted_line(np.array(scores[instrument]), np.array(right[instrument])) for instrument in INSTRUMENTS}
    return replace(settings, calibration=lines)


def _halved(thresholds: Mapping[Instrument, float]) -> dict[Instrument, float]:
    return {instrument: max(value / 2, _LOWEST) for instrument, value in thresholds.items()}


def fitted_line(scores: TimeArray, right: np.ndarray) -> tuple[float, float]:
    """Slope and offset of logit(chance) over logit(score), by Newton's method; near (1, 0) where there is little to go by."""
    line = np.array(_IDENTITY)
    if not len(scores):
        return _IDENTITY
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    columns = np.stack([np.log(clipped / (1 - clipped)), np.ones(len(scores))], axis=1)
    for _ in range(25):
        chance = 1 / (1 + np.exp(-columns @ line))
        gradient = columns.T @ (right - chance) - _PRIOR_STROKES * (line - _IDENTITY)
        curvature = (columns * (chance * (1 - chance))[:, None]).T @ columns + _PRIOR_STROKES * np.eye(2)
        line = line + np.linalg.solve(curvature, gradient)
    return float(line[0]), float(line[1])
