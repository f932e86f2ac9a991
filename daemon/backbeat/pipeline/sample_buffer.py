"""One array that a recording of roughly known length is written into."""

from __future__ import annotations

import numpy as np

from backbeat.records import FloatArray

_FIRST_FRAMES = 1 << 20
_GROWTH = 1.5
_MAX_SLACK = 0.05


class SampleBuffer:
    """Memory stays near the size of the result: it is reserved once, and grows only where the estimate was too low."""

    def __init__(self, channels: int, expected_frames: int | None) -> None:
        """Raises MemoryError."""
        self._samples: FloatArray = np.empty((channels, expected_frames or _FIRST_FRAMES), dtype=np.float32)
        self.frames = 0

    def append(self, block: FloatArray) -> None:
        """Add float32, shape (n, channels). Raises MemoryError."""
        end = self.frames + len(block)
        if end > self._samples.shape[1]:
            self._move_to(max(end, int(self._samples.shape[1] * _GROWTH)))
        self._samples[:, self.frames : end] = block.T
        self.frames = end

    def samples(self) -> FloatArray:
        """What was written, float32, shape (channels, frames); do not append after this."""
        if self.frames < self._samples.shape[1] * (1 - _MAX_SLACK):
            self._move_to(self.frames)
        return self._samples[:, : self.frames]

    def _move_to(self, capacity: int) -> None:
        larger = np.empty((self._samples.shape[0], capacity), dtype=np.float32)
        larger[:, : self.frames] = self._samples[:, : self.frames]
        self._samples = larger
