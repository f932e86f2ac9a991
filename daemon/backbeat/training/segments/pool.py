"""Rendered segments in memory, drawn at random; files that appear later join in."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from backbeat.records import FloatArray


class Batch(NamedTuple):
    """features (segments, frames, BANDS), onset targets and velocities (segments, frames, 14), all float32."""

    features: FloatArray
    onsets: FloatArray
    velocities: FloatArray


class SegmentPool:
    """All segments of the `.npz` files in a folder (arrays F, Y, V, see `segments.files`), kept as they are stored.

    A file of 64 segments takes 11 MB; 200 files (28 hours) take 2.3 GB.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self._random = np.random.default_rng(seed)
        self._known: set[str] = set()
        self._segments: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._deck: list[int] = []
        self.rescan()

    def __len__(self) -> int:
        return len(self._segments)

    def rescan(self) -> None:
        """Read the files that were added since the last look."""
        for path in sorted(self._folder.glob("*.npz")):
            mark = f"{path.name} {path.stat().st_mtime_ns}"
            if mark in self._known:
                continue
            self._known.add(mark)
            with np.load(path) as file:
                features, onsets, velocities = file["F"], file["Y"], file["V"]
            first = len(self._segments)
            self._segments += zip(features, onsets, velocities, strict=True)
            self._deck += range(first, len(self._segments))
            self._random.shuffle(self._deck)

    def batch(self, size: int) -> Batch:
        """`size` segments; none comes again before all have come. Raises ValueError while there are none at all."""
        if not self._segments:
            raise ValueError(f"there are no rendered segments in {self._folder}")
        chosen = []
        for _ in range(size):
            if not self._deck:
                self._deck = list(self._random.permutation(len(self._segments)))
            chosen.append(self._segments[self._deck.pop()])
        return _stacked(chosen)

    def in_order(self, size: int) -> list[Batch]:
        """Everything once, in batches of up to `size`."""
        return [_stacked(self._segments[first : first + size]) for first in range(0, len(self._segments), size)]


def _stacked(segments: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Batch:
    features, onsets, velocities = (np.stack(part).astype(np.float32) for part in zip(*segments, strict=True))
    return Batch(features, onsets, velocities)
