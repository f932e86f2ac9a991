"""The trained network as a function: features in, activations out, by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from backbeat.engines.net.picking import Activations
from backbeat.engines.net.session import open_session
from backbeat.records import FloatArray

Network = Callable[[FloatArray], Activations]
"""Features, float32 (frames, BANDS), to the activations of as many frames."""

_MOST_THREADS = 4


def load_network(path: Path) -> Network:
    """Open an exported network; raises ModelError when the file is missing or is none."""
    session = open_session(path, whose="recogniser", most_threads=_MOST_THREADS)

    def network(features: FloatArray) -> Activations:
        instruments, velocities = session.run(["instruments", "velocities"], {"features": features[np.newaxis]})
        return Activations(instruments=instruments[0], velocities=velocities[0])

    return network
