"""The trained beat network to the two files that ship, and the proof that ONNX Runtime hears the same."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from backbeat.engines.net_beats_features import BEAT_BANDS, padded
from backbeat.engines.net_beats_runtime import load_beat_network
from backbeat.engines.net_beats_settings import BeatSettings, write_beat_settings
from backbeat.errors import EngineFailed
from backbeat.records import FloatArray
from backbeat.training.beat_fit import load_average
from backbeat.training.beat_network import BeatNetwork

_OPSET = 17
_TOLERANCE = 1e-4


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
    path = folder / "net_beats.onnx"
    with warnings.catch_warnings():  # torch advertises its other exporter, which needs more packages and writes more files
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module,
            (torch.zeros(1, 300, BEAT_BANDS),),
            str(path),
            input_names=["features"],
            output_names=["beats", "meters"],
            dynamic_axes={name: {1: "frames"} for name in ("features", "beats", "meters")},
            opset_version=_OPSET,
            dynamo=False,
        )
    difference = _largest_difference(module, path)
    if difference > _TOLERANCE:
        raise EngineFailed(f"The exported network differs from the trained one by {difference:.2g}.")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = BeatSettings(version=sha256[:12], context_frames=network.shape.context_frames, training=record)
    write_beat_settings(settings, folder / "net_beats.json")
    return ExportedBeats(
        sha256=sha256, parameters=sum(part.numel() for part in network.parameters()), largest_difference=difference
    )


def _largest_difference(module: ExportedBeatNetwork, path: Path) -> float:
    """Between torch and ONNX Runtime, over features like real ones, of several lengths."""
    random = np.random.default_rng(0)
    runtime = load_beat_network(path)
    worst = 0.0
    for frames in (1, 7, 300, 3158):
        features: FloatArray = (random.random((frames, BEAT_BANDS)) ** 2 * 3).astype(np.float32)
        with torch.no_grad():
            expected = [part[0, :frames].numpy() for part in module(torch.from_numpy(padded(features))[None])]
        heard = runtime(features)
        for ours, theirs in zip((heard.beats, heard.meters), expected, strict=True):
            worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst
