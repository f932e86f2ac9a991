"""The effective configuration as TOML, with where each value came from; and the commented file to start with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backbeat.config.layers import Place
from backbeat.config.load import DEFAULT, DEFAULTS_FILE, LoadedConfig
from backbeat.config.schema import SECTIONS, TOP_KEYS, WATCH_KEYS, options_of
from backbeat.config.serialise import plain
from backbeat.settings import OPTIONS


def config_to_toml(loaded: LoadedConfig) -> str:
    """TOML that can be read back; the comment behind a value says which layer decided it."""
    values = plain(loaded.config)
    lines = [_line(key, values[key], loaded.origins.get(key, DEFAULT)) for key in TOP_KEYS]
    for name, section in SECTIONS.items():
        lines += ["", f"[{name}]"]
        lines += [_line(key, values[name][key], loaded.origins.get(f"{name}.{key}", DEFAULT)) for key in options_of(section)]
    for n, watch in enumerate(values["watch"]):
        lines += ["", "[[watch]]"]
        lines += list(_watch_lines(n, watch | watch["settings"], loaded.origins))
    return "\n".join(lines) + "\n"


def config_with_origins(loaded: LoadedConfig) -> dict[str, Any]:
    """Full key to {"value", "from"}, for `config show --json`."""
    values = plain(loaded.config)
    flat = {key: values[key] for key in TOP_KEYS}
    flat |= {f"{name}.{key}": values[name][key] for name, section in SECTIONS.items() for key in options_of(section)}
    shown: dict[str, Any] = {key: {"value": value, "from": str(loaded.origins.get(key, DEFAULT))} for key, value in flat.items()}
    return shown | {"watch": values["watch"]}


def starting_file() -> str:
    """The shipped defaults with every value commented out, so that later defaults still arrive."""
    text = DEFAULTS_FILE.read_text("utf-8")
    return re.sub(r"^(?=[a-z_0-9]+ = )", "#", text, flags=re.MULTILINE)


def _watch_lines(n: int, values: Mapping[str, Any], origins: Mapping[str, Place]) -> Iterator[str]:
    for key in WATCH_KEYS:
        place = origins.get(f"watch[{n}].{key}")
        if place is not None or key not in OPTIONS:
            yield _line(key, values[key], place or DEFAULT)


def _line(key: str, value: Any, place: Place) -> str:
    """TOML's strings, numbers and booleans are written as JSON's are; what is not set is `auto` or empty text."""
    if value is None:
        value = "auto" if key in OPTIONS else ""
    return f"{key} = {_toml(value)}  # {place}"


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(item)}' for key, item in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)
