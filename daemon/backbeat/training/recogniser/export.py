"""The trained network to the ONNX file that ships, and the proof that both say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from backbeat.engines.net.features import BANDS
from backbeat.engines.net.runtime import load_network
from backbeat.records import FloatArray
from backbeat.training.onnx_export import check_difference, difference, write_onnx
from backbeat.training.recogniser.network import DrumNetwork, Ensemble


class ExportedNetwork(nn.Module):
    """Features to probabilities: the weight that positives had in training is taken out of the logits again.

    The families' head stays behind: it has done its work in training.
    """

    def __init__(self, network: DrumNetwork | Ensemble, positive_weight: float) -> None:
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


def export(network: DrumNetwork | Ensemble, positive_weight: float, path: Path) -> Exported:
    """Write `network` to `path` as ONNX, any number of frames; raises EngineFailed when ONNX Runtime hears otherwise."""
    module = ExportedNetwork(network, positive_weight).eval()
    sha256 = write_onnx(module, path, bands=BANDS, outputs=("instruments", "velocities"))
    found = largest_difference(module, path)
    check_difference(found)
    return Exported(sha256=sha256, largest_difference=found)


def largest_difference(module: ExportedNetwork, path: Path) -> float:
    """Between torch and ONNX Runtime, over features like real ones, of several lengths."""
    network = load_network(path)

    def heard(features: FloatArray) -> tuple[FloatArray, FloatArray]:
        activations = network(features)
        return activations.instruments, activations.velocities

    return difference(module, heard, bands=BANDS)
