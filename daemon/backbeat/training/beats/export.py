"""The trained beat network to the two files that ship, and the proof that ONNX Runtime hears the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from backbeat.engines.net_beats.engine import NETWORK
from backbeat.engines.net_beats.features import BEAT_BANDS, padded
from backbeat.engines.net_beats.runtime import load_beat_network
from backbeat.engines.net_beats.settings import SETTINGS, BeatSettings, write_beat_settings
from backbeat.records import FloatArray
from backbeat.training.beats.network import BeatNetwork
from backbeat.training.beats.trainer import load_average
from backbeat.training.onnx_export import check_difference, difference, write_onnx


class ExportedBeatNetwork(nn.Module):
    """Features to probabilities."""

    def __init__(self, network: BeatNetwork) -> None:
        super().__init__()
        self.network = network.eval()

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, frames, BEAT_BANDS) to beats (batch, frames, 2) and meters (batch, frames, 5), each 0..1."""
        beats, meters = self.network(features)
        return torch.sigmoid(beats), torch.softmax(meters, dim=-1)


@dataclass(frozen=True, kw_only=True)
class ExportedBeats:
    """A written network: its SHA-256, how many weights it has, and the largest difference to torch."""

    sha256: str
    parameters: int
    largest_difference: float


def export_beats(average: Path, folder: Path) -> ExportedBeats:
    """Write `net_beats.onnx` and `net_beats.json` from a run's `average.pt`.

    Raises EngineFailed when ONNX Runtime hears otherwise.
    """
    network, record = load_average(average)
    module = ExportedBeatNetwork(network).eval()
    sha256 = write_onnx(module, folder / NETWORK, bands=BEAT_BANDS, outputs=("beats", "meters"))
    found = difference(module, _heard(folder / NETWORK), bands=BEAT_BANDS, padded=padded)
    check_difference(found)
    settings = BeatSettings(version=sha256[:12], context_frames=network.shape.context_frames, training=record)
    write_beat_settings(settings, folder / SETTINGS)
    parameters = sum(part.numel() for part in network.parameters())
    return ExportedBeats(sha256=sha256, parameters=parameters, largest_difference=found)


def _heard(path: Path) -> Callable[[FloatArray], tuple[FloatArray, FloatArray]]:
    network = load_beat_network(path)

    def heard(features: FloatArray) -> tuple[FloatArray, FloatArray]:
        activations = network(features)
        return activations.beats, activations.meters

    return heard
