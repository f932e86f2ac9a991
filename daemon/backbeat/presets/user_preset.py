"""Note maps of the user's own: copied from another, put into the presets folder, never over one that is there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from backbeat.errors import OutputError, PresetError
from backbeat.outputs.note_map import NoteMap
from backbeat.outputs.note_map_table import MapStatus
from backbeat.outputs.preset_files import NOTATION_PREFIX
from backbeat.outputs.write_atomic import write_atomic

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_ENDING = ".toml"


def check_name(name: str) -> str:
    """`name`, fit for a file and for the settings; raises PresetError."""
    if _NAME.fullmatch(name) is None or name.endswith((".", _ENDING)):
        close = preset_name(name.removesuffix(_ENDING))
        raise PresetError(
            f"{name!r} cannot be the name of a preset: small letters, digits, '-', '_' and '.' make one.",
            advice=f"Call it {close!r}, say." if close else "Call it my-kit, say.",
        )
    if name.startswith(NOTATION_PREFIX):
        raise PresetError(f"{name!r} would be a staff map: names of note maps do not begin with {NOTATION_PREFIX!r}.")
    return name


def preset_name(title: str) -> str:
    """A name made from a title or a file's name: `GetGood Drums (P4)` becomes `getgood-drums-p4`; may be empty."""
    return re.sub(r"[^a-z0-9._]+", "-", title.lower()).strip("-._")[:64].rstrip("-._")


def copy_of(other: NoteMap, name: str, *, title: str | None = None) -> NoteMap:
    """The user's version of another map: the same rows, but nobody has verified it yet."""
    return replace(
        other,
        name=check_name(name),
        title=title or f"{other.title} ({name})",
        source=f"copied from {other.name} ({other.status}): {other.source}",
        verified_by="",
        status=MapStatus.UNVERIFIED,
    )


def write_preset(folder: Path, name: str, text: str, *, overwrite: bool) -> Path:
    """Put `NAME.toml` into the user's presets folder, which is made if need be; returns where it is.

    Raises PresetError when it is there already and `overwrite` is not given, or when it cannot be written.
    """
    path = folder / f"{check_name(name)}{_ENDING}"
    if path.exists() and not overwrite:
        raise PresetError(
            f"{path} is already there and is left as it is.",
            advice="Choose another name, or replace it with --overwrite.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text.encode())
    except OSError as error:
        raise PresetError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error
    except OutputError as error:
        raise PresetError(error.message, advice=error.advice) from error
    return path
