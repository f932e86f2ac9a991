"""Strokes to what the network is to answer, frame by frame, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from backbeat.engines.net.features import FPS
from backbeat.engines.net.picking import peak_frames, refined_times_s
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.records import FloatArray, TimeArray
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument

REACH_FRAMES = 2.0
"""A stroke exactly on a frame gives 1 there and 0.5 on its neighbours; between two frames, the nearer one gets more."""

_STRUCK = 0.5  # the least that a stroke's highest frame has

Targets = NDArray[np.float16]


def hits_to_targets(hits: Iterable[tuple[float, Instrument, int]], frames: int) -> tuple[Targets, Targets]:
    """Onset targets and velocities of a piece that is `frames` long, both float16 (frames, 14), 0..1.

    hits: (time_s, instrument, velocity 1..127). The onset target is a triangle of half-width two frames around the true
    time, so that the network learns times finer than its frames. The velocity stands on all frames of the triangle. Where
    strokes of one instrument overlap, the higher target wins.
    """
    onsets = np.zeros((frames, len(INSTRUMENTS)), np.float16)
    velocities = np.zeros_like(onsets)
    for time_s, instrument, velocity in hits:
        column = COLUMN[instrument]
        centre = time_s * FPS
        for frame in range(max(int(np.ceil(centre - REACH_FRAMES)), 0), min(int(centre + REACH_FRAMES) + 1, frames)):
            height = 1 - abs(frame - centre) / REACH_FRAMES
            if height > onsets[frame, column]:
                onsets[frame, column] = height
                velocities[frame, column] = velocity / 127
    return onsets, velocities


def family_target(onsets: FloatArray, members: Sequence[Instrument]) -> FloatArray:
    """The onset target, float32 (frames,), of a family in the targets, float32 (frames, 14), of all instruments."""
    highest: FloatArray = onsets[:, [COLUMN[instrument] for instrument in members]].max(axis=1)
    return highest


def stroke_times_s(target: FloatArray) -> TimeArray:
    """The strokes that onset targets, float32 (frames,), were made of; strokes closer than 30 ms count as one."""
    return refined_times_s(target, peak_frames(target, _STRUCK))


def targets_to_strokes(onsets: FloatArray, velocities: FloatArray) -> list[Stroke]:
    """The strokes that targets, float32 (frames, 14), were made of, by time; strokes closer than 30 ms count as one."""
    strokes = []
    for column, instrument in enumerate(INSTRUMENTS):
        peaks = peak_frames(onsets[:, column], _STRUCK)
        for time_s, frame in zip(refined_times_s(onsets[:, column], peaks), peaks, strict=True):
            strokes.append(Stroke(float(time_s), instrument, round(float(velocities[frame, column]) * 127)))
    return sorted(strokes)
