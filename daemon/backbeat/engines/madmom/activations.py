"""Audio to beat and downbeat probabilities: madmom's features and network weights, piece by piece in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backbeat.engines.madmom.bars import FRAMES_PER_SECOND
from backbeat.engines.madmom.compat import import_madmom
from backbeat.engines.madmom.network import ensemble_from_madmom
from backbeat.records import FloatArray

RATE_HZ = 44_100
"""What the networks were trained on."""
HOP_SAMPLES = RATE_HZ // FRAMES_PER_SECOND
PIECE_FRAMES = 30 * FRAMES_PER_SECOND
MARGIN_FRAMES = 5 * FRAMES_PER_SECOND
"""Heard on both sides of a piece and thrown away. What lies farther off changes how sure the networks are, not of what."""
PIECES_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Frames start to end are wanted; they are heard within `length` frames from `heard` on."""

    heard: int
    length: int
    start: int
    end: int


def pieces_of(frames: int) -> list[Piece]:
    """Pieces of equal length that together give each of `frames` frames once; the last may overlap more."""
    length = min(frames, PIECE_FRAMES + 2 * MARGIN_FRAMES)
    return [
        Piece(
            heard=min(max(start - MARGIN_FRAMES, 0), frames - length),
            length=length,
            start=start,
            end=min(start + PIECE_FRAMES, frames),
        )
        for start in range(0, frames, PIECE_FRAMES)
    ]


class Activations:
    """The networks of madmom's `RNNDownBeatProcessor`, loaded."""

    def __init__(self) -> None:
        features, networks, _ = import_madmom("features.downbeats").RNNDownBeatProcessor().processors
        self._signal: Any = import_madmom("audio.signal").Signal
        self._features: Any = features
        self._ensemble = ensemble_from_madmom(networks.processors[0].processors)

    def run(self, samples: FloatArray, between: Callable[[float], None]) -> FloatArray:
        """Probability of a beat and of a downbeat, float32 (frames, 2), at 100 frames a second.

        samples: mono, float32 (n,), at 44.1 kHz. `between` gets the fraction done, about every second of work; what it
        raises passes through.
        """
        frames = -(-len(samples) // HOP_SAMPLES)
        chances = np.zeros((frames, 2), dtype=np.float32)
        pieces = pieces_of(frames)
        for first in range(0, len(pieces), PIECES_AT_ONCE):
            batch = pieces[first : first + PIECES_AT_ONCE]
            heard = []
            for n, piece in enumerate(batch):
                between((first + 0.7 * n) / len(pieces))
                heard.append(self._hear(samples, piece))
            done = (first + 0.7 * len(batch)) / len(pieces)
            answers = self._ensemble.run(np.stack(heard), lambda done=done: between(done))  # type: ignore[misc]
            for piece, answer in zip(batch, answers, strict=True):
                chances[piece.start : piece.end] = answer[piece.start - piece.heard : piece.end - piece.heard, 1:]
        return chances

    def _hear(self, samples: FloatArray, piece: Piece) -> FloatArray:
        """The spectral features of one piece, float32 (length, 314)."""
        part = samples[piece.heard * HOP_SAMPLES : (piece.heard + piece.length) * HOP_SAMPLES]
        features: FloatArray = np.asarray(self._features(self._signal(part, sample_rate=RATE_HZ)), dtype=np.float32)
        return features
