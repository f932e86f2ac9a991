"""The trained beat network as a function: features in, activations out, by ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from backbeat.engines.net_beats_features import padded
from backbeat.errors import ModelError
from backbeat.records import FloatArray

_MOST_THREADS = 2  # the layers are small: more threads wait for one another


@dataclass(frozen=True, kw_only=True, eq=False)
class BeatActivations:
    """At 50 frames a second: how likely each frame is a beat, is a downbeat, float32 (frames, 2), and lies in each meter.

    meters: float32 (frames, 5), in the order of `net_beats_cycles.TRIED_METERS`.
    """

    beats: FloatArray
    meters: FloatArray

    def __len__(self) -> int:
        return len(self.beats)


BeatNetwork = Callable[[FloatArray], BeatActivations]
"""Features, float32 (frames, BEAT_BANDS), to the activations of as many frames."""


def load_beat_network(path: Path) -> BeatNetwork:
    """Open an exported network; raises ModelError when the file is missing or is none."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting daemon leaves the cores to the DAW
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # it raises a dozen kinds of its own
        raise ModelError(
            f"The built-in beat tracker's network cannot be loaded: {error}",
            advice="Install Backbeat again: its files are damaged.",
        ) from error

    def network(features: FloatArray) -> BeatActivations:
        frames = len(features)
        beats, meters = session.run(["beats", "meters"], {"features": padded(features)[np.newaxis]})
        return BeatActivations(beats=beats[0, :frames], meters=meters[0, :frames])

    return network
