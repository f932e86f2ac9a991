"""Rendered songs as batches to learn from: stretched in time, cut, with soft targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbeat.engines.net_beats.features import BEAT_FPS, FRAME_CENTRE_S
from backbeat.records import FloatArray, IntArray

CUT_FRAMES = 1280
TARGET_REACH_S = 0.030
"""A target falls from 1 at the beat to 0 so far from it."""
_STRETCH = (0.85, 1.16)
_AT_START_SHARE = 0.4


@dataclass(frozen=True, kw_only=True, eq=False)
class BeatBatch:
    """features: float32 (songs, frames, BEAT_BANDS). targets: float32 (songs, frames, 2), beat and downbeat, 0..1.

    meters: int64 (songs,), index into METER_CLASSES, -1 for no beat.
    """

    features: FloatArray
    targets: FloatArray
    meters: IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class RenderedSong:
    """features: float16 (frames, BEAT_BANDS); pulses_s: float32 (n,); numbers: (n,); meter: index, -1 for no beat."""

    features: FloatArray
    pulses_s: FloatArray
    numbers: FloatArray
    meter: int


class BeatPool:
    """The songs of a folder of rendered files; `rescan` takes in those that have appeared since."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.songs: list[RenderedSong] = []
        self._read: set[str] = set()
        self._rng = np.random.default_rng(seed)
        self.rescan()

    def __len__(self) -> int:
        return len(self.songs)

    def rescan(self) -> None:
        """Read the files that are new."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name in self._read:
                continue
            self._read.add(path.name)
            with np.load(path) as file:
                features, pulses, meters = file["features"], file["pulses"], file["meters"]
            for index, meter in enumerate(meters):
                own = pulses[pulses[:, 0] == index]
                song = RenderedSong(features=features[index], pulses_s=own[:, 1], numbers=own[:, 2], meter=int(meter))
                self.songs.append(song)

    def batch(self, songs: int) -> BeatBatch:
        """So many random songs, each at a random speed, from its start or from anywhere."""
        chosen = [self.songs[int(index)] for index in self._rng.integers(len(self.songs), size=songs)]
        cuts = [self._cut(song) for song in chosen]
        return BeatBatch(
            features=np.stack([features for features, _ in cuts]),
            targets=np.stack([targets for _, targets in cuts]),
            meters=np.array([song.meter for song in chosen], np.int64),
        )

    def _cut(self, song: RenderedSong) -> tuple[FloatArray, FloatArray]:
        speed = float(np.exp(self._rng.uniform(*np.log(_STRETCH))))
        speed = min(speed, (len(song.features) - 2) / CUT_FRAMES)
        free = len(song.features) - 1 - CUT_FRAMES * speed
        start = 0.0 if self._rng.random() < _AT_START_SHARE else float(self._rng.uniform(0, free))
        at = start + np.arange(CUT_FRAMES) * speed
        whole = at.astype(np.int64)
        share = (at - whole).astype(np.float32)[:, np.newaxis]
        features = song.features[whole] * (1 - share) + song.features[whole + 1] * share
        frames = ((song.pulses_s - FRAME_CENTRE_S) * BEAT_FPS - start) / speed
        return features.astype(np.float32), soft_targets(frames, song.numbers == 1, CUT_FRAMES)


def soft_targets(pulse_frames: FloatArray, down: NDArray[np.bool_], frames: int) -> FloatArray:
    """Triangles around each pulse, float32 (frames, 2): beat and downbeat.

    pulse_frames: where the pulses are, in frames and parts of them; down: which of them begin a bar.
    """
    reach = TARGET_REACH_S * BEAT_FPS
    targets = np.zeros((frames, 2), np.float32)
    for offset in (-1, 0, 1, 2):
        index = np.floor(pulse_frames).astype(np.int64) + offset
        height = np.clip(1 - np.abs(index - pulse_frames) / reach, 0, 1).astype(np.float32)
        inside = (index >= 0) & (index < frames)
        np.maximum.at(targets[:, 0], index[inside], height[inside])
        both = inside & down
        np.maximum.at(targets[:, 1], index[both], height[both])
    return targets
