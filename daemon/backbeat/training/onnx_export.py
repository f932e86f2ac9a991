"""A trained network as an ONNX file, and the proof that ONNX Runtime hears the same from it."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from backbeat.errors import EngineFailed
from backbeat.records import FloatArray

TOLERANCE = 1e-4
"""The largest difference between the two, in activation (0..1)."""

_OPSET = 17
_COMPARED_FRAMES = (1, 7, 300, 3158)

Heard = Callable[[FloatArray], Sequence[FloatArray]]
"""Features, float32 (frames, bands), to the outputs in ONNX Runtime, each (frames, ...)."""


def write_onnx(module: nn.Module, path: Path, *, bands: int, outputs: Sequence[str]) -> str:
    """Write a network of features (1, frames, bands) to `outputs` (1, frames, ...), any number of frames; returns the SHA-256."""
    with warnings.catch_warnings():  # torch advertises its other exporter, which needs more packages and writes more files
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module,
            (torch.zeros(1, 300, bands),),
            str(path),
            input_names=["features"],
            output_names=list(outputs),
            dynamic_axes={name: {1: "frames"} for name in ("features", *outputs)},
            opset_version=_OPSET,
            dynamo=False,
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()


def difference(
    module: nn.Module, heard: Heard, *, bands: int, padded: Callable[[FloatArray], FloatArray] = lambda features: features
) -> float:
    """The largest between torch and ONNX Runtime, over features like real ones, from one frame to half a minute.

    padded: what `heard` does to the features before they come to the network, which `module` alone does not.
    """
    random = np.random.default_rng(0)
    worst = 0.0
    for frames in _COMPARED_FRAMES:
        features: FloatArray = (random.random((frames, bands)) ** 2 * 3).astype(np.float32)
        with torch.no_grad():
            expected = [part[0, :frames].numpy() for part in module(torch.from_numpy(padded(features))[None])]
        for ours, theirs in zip(heard(features), expected, strict=True):
            worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst


def check_difference(found: float) -> None:
    """Raises EngineFailed when ONNX Runtime hears otherwise than the trained network."""
    if not found <= TOLERANCE:
        raise EngineFailed(f"The exported network differs from the trained one by {found:.2g}.")
