"""Where presets lie, shipped in `presets/` or the user's own.

Note maps are `NAME.toml`, staff maps `notation-NAME.toml`, effect chains `chains/NAME.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from backbeat.errors import PresetError
from backbeat.resources import presets_folder

NOTATION_PREFIX = "notation-"
"""Presets whose name starts so are staff maps, not note maps."""

CHAINS_FOLDER = "chains"
"""Inside a folder of presets: effect chains, and what they need."""


def note_map_files(user_folder: Path | None = None) -> dict[str, Path]:
    """Every note map's file by its name; the user's own go before shipped ones of the same name."""
    return {name: path for name, path in _files(user_folder).items() if not name.startswith(NOTATION_PREFIX)}


def notation_files(user_folder: Path | None = None) -> dict[str, Path]:
    """Every staff map's file by its name (without `notation-`); the user's own go before shipped ones of the same name."""
    files = _files(user_folder).items()
    return {name.removeprefix(NOTATION_PREFIX): path for name, path in files if name.startswith(NOTATION_PREFIX)}


def chain_files(user_folder: Path | None = None) -> dict[str, Path]:
    """Every effect chain's file by its name; the user's own go before shipped ones of the same name."""
    return _files(user_folder, CHAINS_FOLDER)


def preset_file(name: str, files: Mapping[str, Path], kind: str) -> Path:
    """The file of a name. kind: for the message, such as "note map". Raises PresetError that lists the names there are."""
    if name not in files:
        close = get_close_matches(name, files, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        names = ", ".join(sorted(files))
        raise PresetError(f"There is no {kind} {name!r}.{hint}", advice=f"{kind.capitalize()}s: {names}.")
    return files[name]


def _files(user_folder: Path | None, inside: str = "") -> dict[str, Path]:
    folders = [presets_folder()] + ([user_folder] if user_folder is not None and user_folder.is_dir() else [])
    return {path.stem: path for folder in folders for path in (folder / inside).glob("*.toml")}
