"""The outline of a waveform, as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from backbeat.records import FloatArray


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The lowest and highest sample of each of n stretches of sound.

    start_s: where the first stretch begins, seconds from the first sample of the recording. step_s: length of one, seconds.
    low: float32, shape (n,), 0 or below. high: float32, shape (n,), 0 or above.
    """

    start_s: float
    step_s: float
    low: FloatArray
    high: FloatArray

    @property
    def peak(self) -> float:
        """The greatest distance from 0; 0 for silence."""
        return max(float(self.high.max(initial=0.0)), float(-self.low.min(initial=0.0)))
