"""The trained beat network as a function: features in, activations out, by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backbeat.engines.net.session import open_session
from backbeat.engines.net_beats.features import padded
from backbeat.records import FloatArray

_MOST_THREADS = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class BeatActivations:
    """At 50 frames a second: how likely each frame is a beat, is a downbeat, float32 (frames, 2), and lies in each meter.

    meters: float32 (frames, 5), in the order of `cycles.TRIED_METERS`.
    """

    beats: FloatArray
    meters: FloatArray

    def __len__(self) -> int:
        return len(self.beats)


BeatNetwork = Callable[[FloatArray], BeatActivations]
"""Features, float32 (frames, BEAT_BANDS), to the activations of as many frames."""


def load_beat_network(path: Path) -> BeatNetwork:
    """Open an exported network; raises ModelError when the file is missing or is none."""
    session = open_session(path, whose="beat tracker", most_threads=_MOST_THREADS)

    def network(features: FloatArray) -> BeatActivations:
        frames = len(features)
        beats, meters = session.run(["beats", "meters"], {"features": padded(features)[np.newaxis]})
        return BeatActivations(beats=beats[0, :frames], meters=meters[0, :frames])

    return network
