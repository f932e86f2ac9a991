"""What was chosen after training, beside the weights: thresholds, calibration, and the record of how they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.engines.net.files import read_json, write_json
from backbeat.engines.net.picking import PickSettings
from backbeat.values import Instrument


@dataclass(frozen=True, kw_only=True)
class NetSettings:
    """The content of `net.json`.

    version: changes with every change of weights or settings. context_frames: how far around a frame the network looks.
    training: the record of the run that made the weights, for the model card.
    """

    version: str
    context_frames: int
    picking: PickSettings
    training: dict[str, Any]


def read_settings(path: Path) -> NetSettings:
    """Read `net.json`; raises ModelError when it is missing or wrong."""
    return read_json(path, _settings_from_plain, "recogniser")


def _settings_from_plain(content: Mapping[str, Any]) -> NetSettings:
    return NetSettings(
        version=str(content["version"]),
        context_frames=int(content["context_frames"]),
        picking=picking_from_plain(content),
        training=dict(content["training"]),
    )


def picking_from_plain(content: Mapping[str, Any]) -> PickSettings:
    """The inverse of `picking_to_plain`; raises KeyError, ValueError, TypeError for anything else."""
    return PickSettings(
        clear={instrument: float(content["clear"][instrument]) for instrument in Instrument},
        dense={instrument: float(content["dense"][instrument]) for instrument in Instrument},
        joining=float(content["joining"]),
        calibration={instrument: _line(content["calibration"][instrument]) for instrument in Instrument},
    )


def _line(pair: list[float]) -> tuple[float, float]:
    slope, offset = pair
    return float(slope), float(offset)


def picking_to_plain(picking: PickSettings) -> dict[str, Any]:
    """Thresholds and calibration as JSON has them."""
    return {
        "clear": {str(instrument): value for instrument, value in picking.clear.items()},
        "dense": {str(instrument): value for instrument, value in picking.dense.items()},
        "joining": picking.joining,
        "calibration": {str(instrument): list(line) for instrument, line in picking.calibration.items()},
    }


def write_settings(settings: NetSettings, path: Path) -> None:
    """Write what `read_settings` reads."""
    content = {
        "version": settings.version,
        "context_frames": settings.context_frames,
        **picking_to_plain(settings.picking),
        "training": settings.training,
    }
    write_json(path, content)
