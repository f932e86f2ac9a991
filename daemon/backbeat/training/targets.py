"""Strokes to what the network is to answer, frame by frame."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from backbeat.engines.net_features import FPS
from backbeat.engines.net_vocabulary import COLUMN, INSTRUMENTS
from backbeat.values import Instrument

REACH_FRAMES = 2.0
"""A stroke exactly on a frame gives 1 there and 0.5 on its neighbours; between two frames, the nearer one gets more."""

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
