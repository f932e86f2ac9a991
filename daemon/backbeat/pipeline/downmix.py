"""Many channels to one or two, and samples that are not numbers to silence."""

from __future__ import annotations

import numpy as np

from backbeat.records import FloatArray

LOUDEST = 1e9
"""Float files may go over full scale, and some hold 32-bit integers as floats; beyond this a value is damage."""


class Downmix:
    """Brings blocks of sound to `out_channels` channels, finite everywhere.

    One or two channels stay as they are, or become their mean. More than two become one: their sum, divided in `gain`
    by how many of them are not silent throughout, so that empty channels of a surround bounce do not make it quiet.
    """

    def __init__(self, in_channels: int, max_channels: int) -> None:
        self._in_channels = in_channels
        self.out_channels = 1 if in_channels > 2 else min(in_channels, max_channels)
        self.bad_values = 0
        self._sounds = np.zeros(in_channels, dtype=bool)

    def mix(self, block: FloatArray) -> FloatArray:
        """Float32, shape (n, in_channels), to float32, shape (n, out_channels), C order. May change `block`."""
        # Reductions over all of a block or one column: over rows of two values they take ten times as long.
        if block.size and not max(float(block.max()), -float(block.min())) <= LOUDEST:  # true for NaN as well
            bad = ~(np.abs(block) <= LOUDEST)
            self.bad_values += int(np.count_nonzero(bad))
            block[bad] = 0.0
        for channel in np.flatnonzero(~self._sounds):
            self._sounds[channel] = block[:, channel].any()
        if self.out_channels == self._in_channels:
            return np.ascontiguousarray(block)
        if self._in_channels == 2:
            pair: FloatArray = block[:, :1] + block[:, 1:]
            return np.multiply(pair, np.float32(0.5), out=pair)
        mixed: FloatArray = block.sum(axis=1, keepdims=True, dtype=np.float32)
        return mixed

    @property
    def sounding_channels(self) -> int:
        """How many channels were not silent so far."""
        return int(np.count_nonzero(self._sounds))

    @property
    def gain(self) -> float:
        """What the mixed samples are to be multiplied with once all blocks are mixed."""
        return 1.0 if self._in_channels <= 2 else 1.0 / max(self.sounding_channels, 1)
