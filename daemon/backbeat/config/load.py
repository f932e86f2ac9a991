"""Shipped defaults < file < environment < command line, into one frozen object, or all mistakes at once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backbeat.config.check import settings_mistakes
from backbeat.config.environment import CONFIG_VARIABLE, environment_to_layer
from backbeat.config.folders import default_config_file
from backbeat.config.layers import Given, Layer, Mistake, Place, WatchGiven, file_to_layer
from backbeat.config.schema import KEYS, SECTIONS, WATCH_KEYS, Config, WatchConfig
from backbeat.config.suggest import suggest
from backbeat.errors import ConfigError
from backbeat.settings import OPTIONS, Settings

DEFAULTS_FILE = Path(__file__).with_name("defaults.toml")
DEFAULT = Place(source="default")
COMMAND_LINE = Place(source="command line")


@dataclass(frozen=True, kw_only=True)
class LoadedConfig:
    """The configuration, where each value came from, and the file that was looked for.

    origins: full key (`osc.port`, `watch[0].path`) to the place that decided it.
    file: the user's config file; it need not exist unless somebody named it.
    """

    config: Config
    origins: Mapping[str, Place]
    file: Path


def load_config(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    watch: Sequence[Path] = (),
) -> LoadedConfig:
    """Load the configuration.

    path: the config file; else BACKBEAT_CONFIG, else the platform's config folder.
    overrides: full key to value, from the command line. watch: folders to watch besides those configured.
    Raises ConfigError that lists every mistake in every layer, with place, key and suggestion.
    """
    environ = os.environ if environ is None else environ
    file, named = _find_file(path, environ)
    layers = [
        file_to_layer(DEFAULTS_FILE, source=DEFAULT.source),
        file_to_layer(file) if named or file.exists() else Layer(),
        environment_to_layer(environ),
        _command_line_layer(overrides or {}, watch),
    ]
    mistakes = [mistake for layer in layers for mistake in layer.mistakes]
    values, origins = _merge([layer.values for layer in layers], KEYS, mistakes)
    transcribe = Settings(**_section(values, "transcribe"))
    watched = _watched([entry for layer in layers for entry in layer.watch], transcribe, origins, mistakes)
    config = _config(values, transcribe, watched)
    mistakes += settings_mistakes(config, origins)
    if mistakes:
        raise _config_error(mistakes)
    return LoadedConfig(config=config, origins=origins, file=file)


def config_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The config file that would be read: `path`, else BACKBEAT_CONFIG, else the platform's config folder."""
    return _find_file(path, os.environ if environ is None else environ)[0]


def _find_file(path: Path | None, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """The config file, and whether somebody named it (then it has to be there)."""
    if path is None and environ.get(CONFIG_VARIABLE, "").strip():
        path = Path(environ[CONFIG_VARIABLE])
    if path is None:
        return default_config_file(), False
    return Path.cwd() / path.expanduser(), True


def _command_line_layer(overrides: Mapping[str, object], watch: Sequence[Path]) -> Layer:
    base = Path.cwd()
    return Layer(
        values={key: Given(value=value, place=COMMAND_LINE, base=base) for key, value in overrides.items()},
        watch=tuple(
            WatchGiven(values={"path": Given(value=path, place=COMMAND_LINE, base=base)}, place=COMMAND_LINE) for path in watch
        ),
    )


def _merge(
    layers: Iterable[Mapping[str, Given]], keys: Mapping[str, Any], mistakes: list[Mistake]
) -> tuple[dict[str, Any], dict[str, Place]]:
    """Parse what every layer says, lowest first; a mistake is reported even where a higher layer decides."""
    values: dict[str, Any] = {}
    origins: dict[str, Place] = {}
    for layer in layers:
        for key, given in layer.items():
            if key not in keys:
                mistakes.append(_unknown_key(key, given.place, keys))
                continue
            try:
                values[key] = _anchored(keys[key]["parse"](given.value), given.base)
                origins[key] = DEFAULT if given.place.source == DEFAULT.source else given.place
            except (ValueError, TypeError) as error:
                mistakes.append(Mistake(place=given.place, message=f"{key}: {error}.", suggestion=_hint(key, keys)))
    return values, origins


def _hint(key: str, keys: Mapping[str, Any]) -> str:
    return f"Meaning: {keys[key]['help']}."


def _unknown_key(key: str, place: Place, keys: Mapping[str, Any]) -> Mistake:
    meant = suggest(key, keys)
    message = f"there is no setting {key}."
    return Mistake(place=place, message=message, suggestion=f"Did you mean {meant}?" if meant else None)


def _anchored(value: Any, base: Path) -> Any:
    """Make relative paths start where they were written."""
    if isinstance(value, Path):
        return base / value
    if isinstance(value, tuple):
        return tuple(_anchored(item, base) for item in value)
    return value


def _watched(
    entries: Iterable[WatchGiven], transcribe: Settings, origins: dict[str, Place], mistakes: list[Mistake]
) -> tuple[WatchConfig, ...]:
    """One WatchConfig per entry; the settings of a job that an entry leaves out are those of [transcribe]."""
    watched: dict[Path, WatchConfig] = {}
    for entry in entries:
        values, places = _merge([entry.values], WATCH_KEYS, mistakes)
        path = values.get("path")
        if "path" not in entry.values:
            mistakes.append(
                Mistake(place=entry.place, message="this watched folder has no path.", suggestion='Add: path = "~/Bounces"')
            )
        if path is None:
            continue
        if path in watched:
            if entry.place.line is not None:  # the command line may repeat a folder of the file
                mistakes.append(Mistake(place=places["path"], message=f"{path} is already watched by an earlier [[watch]]."))
            continue
        origins |= {f"watch[{len(watched)}].{key}": place for key, place in places.items()}
        settings = replace(transcribe, **{key: value for key, value in values.items() if key in OPTIONS})
        own = {key: value for key, value in values.items() if key not in OPTIONS}
        watched[path] = WatchConfig(**own, settings=settings)
    return tuple(watched.values())


def _section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}


def _config(values: Mapping[str, Any], transcribe: Settings, watched: tuple[WatchConfig, ...]) -> Config:
    top = {key: value for key, value in values.items() if "." not in key}
    sections = {name: section(**_section(values, name)) for name, section in SECTIONS.items() if name != "transcribe"}
    inbox = top.pop("inbox", None) or sections["jobs"].data_folder / "inbox"
    return Config(inbox=inbox, **top, transcribe=transcribe, watch=watched, **sections)


def _config_error(mistakes: Sequence[Mistake]) -> ConfigError:
    lines = list(dict.fromkeys(str(mistake) for mistake in mistakes))
    count = "is a mistake" if len(lines) == 1 else f"are {len(lines)} mistakes"
    return ConfigError(
        "\n".join([f"There {count} in the configuration:", *(f"  {line}" for line in lines)]),
        advice="`backbeat config path` tells where the file is; its settings are explained by `backbeat config init --print`.",
    )
