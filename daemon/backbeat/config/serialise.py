"""The configuration as JSON and back: how the worker process gets it."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from backbeat.config.schema import SECTIONS, TOP_KEYS, Config, WatchConfig, options_of
from backbeat.settings import WRITTEN_AS_TEXT, Settings


def config_to_json(config: Config) -> str:
    """One line of JSON with everything in `config`."""
    return json.dumps(plain(config), sort_keys=True)


def config_from_json(text: str) -> Config:
    """The inverse of `config_to_json`."""
    data = json.loads(text)
    return Config(
        **_parsed(TOP_KEYS, data),
        **{name: section(**_parsed(options_of(section), data[name])) for name, section in SECTIONS.items()},
        watch=tuple(_watch(entry) for entry in data["watch"]),
    )


def plain(value: Any) -> Any:
    """Dataclasses, tuples, paths and our own small values as what JSON has."""
    if isinstance(value, WRITTEN_AS_TEXT):
        return str(value)
    if is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def _watch(entry: dict[str, Any]) -> WatchConfig:
    settings = Settings(**_parsed(options_of(Settings), entry["settings"]))
    return WatchConfig(**_parsed(options_of(WatchConfig), entry), settings=settings)


def _parsed(options: Any, data: dict[str, Any]) -> dict[str, Any]:
    return {key: None if data[key] is None else option["parse"](data[key]) for key, option in options.items()}
