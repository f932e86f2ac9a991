"""Which MIDI note each drum gets: tables in TOML, shipped in `presets/` or the user's own.

A file NAME.toml has `name` (as in the settings, the same as the file's), `title` (for people), `version` (of the plugin
or standard), `source` (where the numbers come from), `status` (how sure they are: `MapStatus`), and a table `[notes]`
with a note for every instrument, such as `kick = 36`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from backbeat.errors import PresetError
from backbeat.resources import presets_folder
from backbeat.values import Instrument

NOTATION_PREFIX = "notation-"
"""Presets whose name starts so are staff maps, not note maps."""

_TEXTS = ("name", "title", "version", "source", "status")
_NOTE_MAX = 127


class MapStatus(StrEnum):
    """How sure the numbers are."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, kw_only=True)
class NoteMap:
    """One table. notes: a MIDI note, 0..127, for every instrument; two instruments may share one."""

    name: str
    title: str
    version: str
    source: str
    status: MapStatus
    notes: Mapping[Instrument, int]


def note_map_names(user_folder: Path | None = None) -> tuple[str, ...]:
    """The names there are, sorted: the shipped ones, and the user's."""
    return tuple(sorted(_files(user_folder)))


def load_note_map(name: str, user_folder: Path | None = None) -> NoteMap:
    """The note map `name`; the user's own file goes before a shipped one of the same name.

    Raises PresetError that lists every mistake in the file, or the names there are.
    """
    files = _files(user_folder)
    if name not in files:
        close = get_close_matches(name, files, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise PresetError(f"There is no note map {name!r}.{hint}", advice=f"Note maps: {', '.join(sorted(files))}.")
    return _read(files[name])


def _files(user_folder: Path | None) -> dict[str, Path]:
    folders = [presets_folder()] + ([user_folder] if user_folder is not None and user_folder.is_dir() else [])
    paths = (path for folder in folders for path in folder.glob("*.toml"))
    return {path.stem: path for path in paths if not path.name.startswith(NOTATION_PREFIX)}


def _read(path: Path) -> NoteMap:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PresetError(f"The note map {path} cannot be read: {error}.") from error
    mistakes = _mistakes(table, path.stem)
    if mistakes:
        raise PresetError(f"The note map {path} has mistakes: {'; '.join(mistakes)}.")
    return NoteMap(
        name=table["name"],
        title=table["title"],
        version=table["version"],
        source=table["source"],
        status=MapStatus(table["status"]),
        notes={instrument: table["notes"][instrument] for instrument in Instrument},
    )


def _mistakes(table: Mapping[str, Any], file_name: str) -> list[str]:
    mistakes = [f"{key!r} is missing" for key in (*_TEXTS, "notes") if key not in table]
    mistakes += [f"{key!r} is not known" for key in table if key not in (*_TEXTS, "notes")]
    mistakes += [f"{key!r} must be a text" for key in _TEXTS if key in table and not isinstance(table[key], str)]
    if isinstance(table.get("name"), str) and table["name"] != file_name:
        mistakes.append(f"'name' is {table['name']!r}, but the file is called {file_name!r}")
    status = table.get("status")
    if isinstance(status, str) and status not in set(MapStatus):
        mistakes.append(f"'status' is {status!r}, and can be {', '.join(MapStatus)}")
    return mistakes + _note_mistakes(table.get("notes", {}))


def _note_mistakes(notes: object) -> list[str]:
    if not isinstance(notes, dict):
        return ["'notes' must be a table of instrument = note"]
    mistakes = [f"{instrument} has no note" for instrument in Instrument if instrument not in notes]
    for key, note in notes.items():
        if key not in set(Instrument):
            close = get_close_matches(key, [instrument.value for instrument in Instrument], n=1)
            mistakes.append(f"{key!r} is not an instrument" + (f", did you mean {close[0]!r}?" if close else ""))
        elif not isinstance(note, int) or isinstance(note, bool) or not 0 <= note <= _NOTE_MAX:
            mistakes.append(f"{key} = {note!r} is not a MIDI note (0 to {_NOTE_MAX})")
    return mistakes
