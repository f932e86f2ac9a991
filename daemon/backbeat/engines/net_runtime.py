"""The trained network as a function: features in, activations out, by ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from backbeat.engines.net_picking import Activations
from backbeat.errors import ModelError
from backbeat.records import FloatArray

Network = Callable[[FloatArray], Activations]
"""Features, float32 (frames, BANDS), to the activations of as many frames."""

_MOST_THREADS = 4  # the layers are small: more threads wait for one another


def load_network(path: Path) -> Network:
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
            f"The built-in recogniser's network cannot be loaded: {error}",
            advice="Install Backbeat again: its files are damaged.",
        ) from error

    def network(features: FloatArray) -> Activations:
        instruments, velocities = session.run(["instruments", "velocities"], {"features": features[np.newaxis]})
        return Activations(instruments=instruments[0], velocities=velocities[0])

    return network
