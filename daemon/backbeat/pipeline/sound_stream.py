"""What every decoder gives: blocks of sound, and what is known about them beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backbeat.records import FloatArray

BLOCK_FRAMES = 1 << 14
"""Frames per block: small enough to cancel at once and to say to a third of a second where a file breaks off."""


@dataclass(frozen=True, kw_only=True)
class SoundStream:
    """An opened recording.

    frames: how many frames (samples of each channel) the file declares; None where it does not say.
    frames_are_exact: fewer frames than declared mean that the file is cut off; where False the number is an estimate.
    blocks: float32, shape (n, channels), n above 0, in order; as decoded, so not always finite. Read it once.
    notes: what the decoder had to work around, in words; complete only when `blocks` is exhausted.
    """

    sample_rate_hz: int
    channels: int
    frames: int | None
    frames_are_exact: bool
    blocks: Iterator[FloatArray]
    notes: list[str]

    @property
    def duration_s(self) -> float | None:
        """The declared length in seconds."""
        return None if self.frames is None else self.frames / self.sample_rate_hz
