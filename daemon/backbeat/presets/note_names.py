"""The note names that a drum plugin or DAW has in a file: REAPER's text files, and MIDNAM.

A text file, REAPER's "MIDI note/CC name map", has a line such as `36 Kick` for each note. Names of controllers (`CC4 Pedal`),
the order of the rows (`NO 36`) and comments (`#`, `//`, `;`) may stand between them. MIDNAM is the MIDI Manufacturers
Association's XML (`midnam`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from backbeat.errors import PresetError
from backbeat.outputs.note_map_table import NOTE_MAX
from backbeat.outputs.plain_text import plain_text
from backbeat.presets.midnam import read_midnam

BYTES_MAX = 8_000_000
"""Far more than 128 names need: a MIDNAM has the sounds of a whole synthesiser too."""

_COMMENT = ("#", "//", ";")
_LINE = re.compile(r"(\d{1,4})(?:\s*[=:,\t]\s*|\s+)(\S.*)")
_NOT_A_NOTE = re.compile(r"(?:CC ?\d+\s.*|NO \d+)", re.IGNORECASE)
_NO_NAME = re.compile(r"[~-]*")
"""What generators write for unused notes."""
_UNICODE_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class NoteName:
    """What is on one note, 0..127, in the file's words."""

    note: int
    name: str


@dataclass(frozen=True, kw_only=True)
class NoteNameList:
    """One list. title: what it is called, empty in text files. names: each note once. unread: lines that say something else."""

    title: str
    names: tuple[NoteName, ...]
    unread: tuple[str, ...] = ()


def read_note_names(path: Path) -> tuple[NoteNameList, ...]:
    """Every list in the file with at least one name, in its order; raises PresetError when there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise PresetError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(data) > BYTES_MAX:
        raise PresetError(f"{path} is too large for a list of note names.", advice="Is it another kind of file?")
    if _decoded(data[:200]).lstrip().startswith("<"):
        lists = tuple(_list(found.title, found.notes) for found in read_midnam(data, path))
    else:
        lists = (_text_list(_decoded(data)),)
    lists = tuple(each for each in lists if each.names)
    if not lists:
        raise PresetError(f"{path} has no note names.", advice="A line of a note name file looks like: 36 Kick.")
    return lists


def _text_list(text: str) -> NoteNameList:
    pairs: list[tuple[str, str]] = []
    unread: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith(_COMMENT) or _NOT_A_NOTE.fullmatch(line):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            unread.append(line)
        else:
            pairs.append((match[1], match[2]))
    return _list("", pairs, unread)


def _list(title: str, pairs: Sequence[tuple[str, str]], unread: Sequence[str] = ()) -> NoteNameList:
    """Only numbers that are notes, and each once: its first name."""
    names: dict[int, str] = {}
    left = list(unread)
    for number, name in pairs:
        clean = plain_text(name.strip().strip('"'))
        if _NO_NAME.fullmatch(clean) and number.isdecimal():
            continue
        if not number.isdecimal() or int(number) > NOTE_MAX or int(number) in names:
            left.append(f"{number} {name}")
        else:
            names[int(number)] = clean
    return NoteNameList(
        title=plain_text(title),
        names=tuple(NoteName(note=note, name=name) for note, name in names.items()),
        unread=tuple(map(plain_text, left)),
    )


def _decoded(data: bytes) -> str:
    """UTF-8 or UTF-16 where it is marked, else what Windows programs write; nothing in it is essential."""
    if data.startswith(_UNICODE_MARKS):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
