"""What comes beside the beat network's weights: their version, how far they look, and the record of their training."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.errors import ModelError

_ADVICE = "Install Backbeat again: its files are damaged."


@dataclass(frozen=True, kw_only=True)
class BeatSettings:
    """The content of `net_beats.json`.

    version: changes with the weights. context_frames: how far around a frame of 20 ms the network looks. training: the record
    of the run that made the weights, for the model card.
    """

    version: str
    context_frames: int
    training: dict[str, Any]


def read_beat_settings(path: Path) -> BeatSettings:
    """Read `net_beats.json`; raises ModelError when it is missing or wrong."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return BeatSettings(
            version=str(content["version"]),
            context_frames=int(content["context_frames"]),
            training=dict(content["training"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"The built-in beat tracker's settings cannot be read: {error}", advice=_ADVICE) from error


def write_beat_settings(settings: BeatSettings, path: Path) -> None:
    """Write what `read_beat_settings` reads."""
    content = {"version": settings.version, "context_frames": settings.context_frames, "training": settings.training}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
