"""What comes beside the beat network's weights: their version, how far they look, and the record of their training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backbeat.engines.net.files import content_mark, read_json, write_json

SETTINGS = "net_beats.json"


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
    return read_json(path, _settings_from_plain, "beat tracker")


def beat_weights_mark() -> str:
    """Text that changes whenever the beat tracker's weights do; never raises. What was heard is kept under it."""
    return content_mark(Path(__file__).parent / SETTINGS)


def _settings_from_plain(content: Mapping[str, Any]) -> BeatSettings:
    return BeatSettings(
        version=str(content["version"]),
        context_frames=int(content["context_frames"]),
        training=dict(content["training"]),
    )


def write_beat_settings(settings: BeatSettings, path: Path) -> None:
    """Write what `read_beat_settings` reads."""
    write_json(path, asdict(settings))
