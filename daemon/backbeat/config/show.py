"""The effective configuration as TOML, with where each value came from; and the commented file to start with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backbeat.config.layers import Place
from backbeat.config.load import DEFAULT, DEFAULTS_FILE, LoadedConfig
from backbeat.config.schema import SECRET_KEYS, SECTIONS, TOP_KEYS, WATCH_KEYS, Config, options_of
from backbeat.config.serialise import plain
from backbeat.settings import OPTIONS

HIDDEN = "(hidden)"


def config_to_toml(loaded: LoadedConfig) -> str:
    """TOML that can be read back, except for what is secret; the comment behind a value says which layer decided it."""
    values = _shown(loaded.config)
    lines = [_line(key, values[key], loaded.origins.get(key, DEFAULT)) for key in TOP_KEYS]
    for name, section in SECTIONS.items():
        lines += ["", f"[{name}]"]
        lines += [_line(key, values[name][key], loaded.origins.get(f"{name}.{key}", DEFAULT)) for key in options_of(section)]
    for n, watch in enumerate(values["watch"]):
        lines += ["", "[[watch]]"]
        lines += list(_watch_lines(n, watch | watch["settings"], loaded.origins))
    return "\n".join(lines) + "\n"


def config_with_origins(loaded: LoadedConfig) -> dict[str, Any]:
    """Full key to {"value", "from"}, for `config show --json`; what is secret is hidden."""
    values = _shown(loaded.config)
    flat = {key: values[key] for key in TOP_KEYS}
    flat |= {f"{name}.{key}": values[name][key] for name, section in SECTIONS.items() for key in options_of(section)}
    shown: dict[str, Any] = {key: {"value": value, "from": str(loaded.origins.get(key, DEFAULT))} for key, value in flat.items()}
    return shown | {"watch": values["watch"]}


def _shown(config: Config) -> dict[str, Any]:
    """All values, for people: no tokens, and no passwords in addresses."""
    values: dict[str, Any] = plain(config)
    for key in SECRET_KEYS:
        section, name = key.split(".")
        values[section][name] = values[section][name] and HIDDEN
    for name in SECTIONS:
        values[name] = {key: without_password(value) for key, value in values[name].items()}
    return values


def without_password(value: Any) -> Any:
    """An address such as `redis://user:password@host` with its password hidden; anything else as it is."""
    return re.sub(r"(?<=://)([^/@:\s]*):[^/@\s]+@", rf"\1:{HIDDEN}@", value) if isinstance(value, str) else value


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
