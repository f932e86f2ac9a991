"""Attacks louder or softer, whatever the level: a transient shaper. Runs in the plugin process.

The method is that of SPL's Transient Designer ("differential envelope technology", 1998): two followers of the level, a fast
and a slow one; where the fast one is above the slow one there is an attack, where it is below a sound dies away. No threshold.
"""

from __future__ import annotations

import math

import numpy as np
import pedalboard

from backbeat.records import FloatArray

FAST_S, SLOW_S = 0.001, 0.025
ATTACK_RANGE_DB, SUSTAIN_RANGE_DB = 12.0, 6.0
"""At which distance of the followers the whole of a knob works."""

_FLOOR = 1e-5
"""Below -100 dB there is nothing to shape."""


class TransientShaper:
    """attack_db: gain of attacks. sustain_db: gain of what follows them."""

    def __init__(self, sample_rate_hz: int, *, attack_db: float, sustain_db: float) -> None:
        self._sample_rate_hz = sample_rate_hz
        self._attack_db, self._sustain_db = attack_db, sustain_db
        self._fast, self._slow = (pedalboard.LowpassFilter(1 / (2 * math.pi * time_s)) for time_s in (FAST_S, SLOW_S))

    def process(self, block: FloatArray) -> FloatArray:
        """The block, float32 (channels, n), with the same gain on all channels."""
        if block.shape[1] == 0:
            return block
        level = np.abs(block).max(axis=0, keepdims=True)
        fast, slow = (np.maximum(self._followed(follower, level), _FLOOR) for follower in (self._fast, self._slow))
        distance_db = 20 * np.log10(fast / slow)
        attack = np.clip(distance_db / ATTACK_RANGE_DB, 0, 1)
        sustain = np.clip(-distance_db / SUSTAIN_RANGE_DB, 0, 1)
        gain_db = self._attack_db * attack + self._sustain_db * sustain
        shaped: FloatArray = (block * 10 ** (gain_db / 20)).astype(np.float32)
        return shaped

    def _followed(self, follower: pedalboard.LowpassFilter, level: FloatArray) -> FloatArray:
        followed: FloatArray = follower.process(level, self._sample_rate_hz, reset=False)
        return followed
