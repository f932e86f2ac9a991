"""The trained network to the ONNX file that ships, and the proof that both say the same."""

from __future__ import annotations

import hashlib
import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from backbeat.engines.net_features import BANDS
from backbeat.engines.net_runtime import load_network
from backbeat.errors import EngineFailed
from backbeat.records import FloatArray
from backbeat.training.network import DrumNetwork

_OPSET = 17
_TOLERANCE = 1e-4


class ExportedNetwork(nn.Module):
    """Features to probabilities: the weight that positives had in training is taken out of the logits again.

    The families' head stays behind: it has done its work in training.
    """

    def __init__(self, network: DrumNetwork, positive_weight: float) -> None:
        super().__init__()
        self.network = network.eval()
        self.offset = math.log(positive_weight)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, frames, BANDS) to instruments and velocities, each 0..1."""
        instruments, _, velocities = self.network(features)
        return torch.sigmoid(instruments - self.offset), velocities


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A written file: its SHA-256 and the largest difference to torch, over lengths from one frame to half a minute."""

    sha256: str
    largest_difference: float


def export(network: DrumNetwork, positive_weight: float, path: Path) -> Exported:
    """Write `network` to `path` as ONNX, any number of frames; raises EngineFailed when ONNX Runtime hears otherwise."""
    module = ExportedNetwork(network, positive_weight).eval()
    with warnings.catch_warnings():  # torch advertises its other exporter, which needs more packages and writes more files
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module,
            (torch.zeros(1, 300, BANDS),),
            str(path),
            input_names=["features"],
            output_names=["instruments", "velocities"],
            dynamic_axes={name: {1: "frames"} for name in ("features", "instruments", "velocities")},
            opset_version=_OPSET,
            dynamo=False,
        )
    difference = largest_difference(module, path)
    if difference > _TOLERANCE:
        raise EngineFailed(f"The exported network differs from the trained one by {difference:.2g}.")
    return Exported(sha256=hashlib.sha256(path.read_bytes()).hexdigest(), largest_difference=difference)


def largest_difference(module: ExportedNetwork, path: Path) -> float:
    """Between torch and ONNX Runtime, over features like real ones, of several lengths."""
    random = np.random.default_rng(0)
    runtime = load_network(path)
    worst = 0.0
    for frames in (1, 7, 300, 3158):
        features: FloatArray = (random.random((frames, BANDS)) ** 2 * 3).astype(np.float32)
        with torch.no_grad():
            expected = [part[0].numpy() for part in module(torch.from_numpy(features)[None])]
        heard = runtime(features)
        for ours, theirs in zip((heard.instruments, heard.velocities), expected, strict=True):
            worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst
