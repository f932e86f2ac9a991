"""What AnNOTEator's network answers, and what a listener makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbeat.records import FloatArray, IntArray, TimeArray
from backbeat.values import Instrument

Network = Callable[[FloatArray], FloatArray]
"""Mel power clips, float32 (n, 128, 18, 1), to probabilities, float32 (n, 6) in the order of `OUTPUTS`."""

BoolArray = NDArray[np.bool_]

OUTPUTS = (
    Instrument.SNARE,
    Instrument.HIHAT_CLOSED,
    Instrument.KICK,
    Instrument.RIDE,
    Instrument.TOM_HIGH,
    Instrument.CRASH,
)
"""The six sigmoids in the network's order (seed, 2e). Open and closed hats are one class to it, and so are all toms."""

SNARE, HIHAT, KICK, RIDE, TOM, CRASH = range(6)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a listener hears at each onset.

    onset_samples: int64, shape (n,), rising, where each attack begins, at `ANALYSIS_RATE_HZ`.
    struck: bool, shape (n, 6), whether that output's instrument is struck there.
    confidence: float64, shape (n, 6), 0..1.
    """

    onset_samples: IntArray
    struck: BoolArray
    confidence: TimeArray

    @classmethod
    def nothing(cls) -> Heard:
        """No onset at all."""
        size = (0, len(OUTPUTS))
        return cls(
            onset_samples=np.zeros(0, dtype=np.int64),
            struck=np.zeros(size, dtype=bool),
            confidence=np.zeros(size, dtype=np.float64),
        )
