"""Effects that a recording goes through before it is heard: tables in TOML, shipped in `presets/chains/` or the user's own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backbeat.errors import PresetError
from backbeat.host.chain_table import EFFECTS, EffectKind, mistakes_in
from backbeat.outputs.preset_files import CHAINS_FOLDER, chain_files, preset_file
from backbeat.toml_text import TOMLDecodeError, parse_toml

NO_CHAIN = "none"


@dataclass(frozen=True, kw_only=True)
class BuiltInEffect:
    """knobs: a number for each knob of `EFFECTS[kind]`."""

    kind: EffectKind
    knobs: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class PluginEffect:
    """An effect plugin. file: VST3 or Audio Unit. name: which of several in it. state: a preset file, or None."""

    file: Path
    name: str | None = None
    state: Path | None = None
    parameters: Mapping[str, float | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One table. purpose: for which recordings it is. effects: in the order of the sound, at least one."""

    name: str
    title: str
    purpose: str
    effects: tuple[BuiltInEffect | PluginEffect, ...]


def load_chain(name: str, user_folder: Path | None = None) -> Chain | None:
    """The chain `name`, None for "none"; the user's own file goes before a shipped one of the same name.

    Raises PresetError that lists every mistake in the file, or the names there are.
    """
    if name == NO_CHAIN:
        return None
    return read_chain(_file(name, user_folder))


def read_chain(path: Path) -> Chain:
    """The chain in the file `path`; raises PresetError that lists every mistake in it."""
    table = _read_table(path)
    mistakes = mistakes_in(table, path.stem)
    if mistakes:
        raise PresetError(
            f"The chain {path} has mistakes: {'; '.join(mistakes)}.",
            advice=f"`backbeat presets check {path}` tells when they are gone.",
        )
    effects = tuple(_effect(row, path.parent) for row in table["effects"])
    return Chain(name=table["name"], title=table["title"], purpose=table["purpose"], effects=effects)


def is_chain(path: Path) -> bool:
    """Whether the file is meant as a chain, by its folder or by what is in it."""
    try:
        return path.parent.name == CHAINS_FOLDER or "effects" in _read_table(path)
    except PresetError:
        return False


def chain_mark(name: str, user_folder: Path | None = None) -> str:
    """What changes when the chain would sound differently: a digest of its file and of the state files it names.

    Empty for "none", and for a chain that is not there: using it says so. A plugin counts by its size and time.
    """
    if name == NO_CHAIN:
        return ""
    try:
        path = _file(name, user_folder)
        digest = hashlib.sha256(path.read_bytes())
        plugins = [effect for effect in read_chain(path).effects if isinstance(effect, PluginEffect)]
    except (OSError, PresetError):
        return ""
    for effect in plugins:
        for file in (effect.file, effect.state):
            digest.update(_stamp(file).encode())
    return digest.hexdigest()


def _stamp(file: Path | None) -> str:
    try:
        status = file.stat() if file is not None else None
    except OSError:
        status = None
    return f"\0{status.st_size} {status.st_mtime_ns}" if status else "\0"


def _file(name: str, user_folder: Path | None) -> Path:
    return preset_file(name, chain_files(user_folder), "chain")


def _effect(row: Mapping[str, Any], folder: Path) -> BuiltInEffect | PluginEffect:
    kind = EffectKind(row["effect"])
    if kind is EffectKind.PLUGIN:
        return PluginEffect(
            file=_beside(row["plugin"], folder),
            name=row.get("plugin_name"),
            state=_beside(row["state"], folder) if row.get("state") else None,
            parameters=row.get("parameters", {}),
        )
    return BuiltInEffect(kind=kind, knobs={name: float(row.get(name, knob.default)) for name, knob in EFFECTS[kind].items()})


def _beside(text: str, folder: Path) -> Path:
    return folder / Path(text).expanduser()


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
        raise PresetError(f"The chain {path} cannot be read: {error}.") from error
