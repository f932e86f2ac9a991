"""MIDNAM, the MIDI Manufacturers Association's XML with the names of a device's notes (MIDINameDocument 1.0).

Such a file names a DTD on the web. It is never fetched, and a file that declares entities of its own is refused: nothing
outside the file is read, and nothing in it can grow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from backbeat.errors import PresetError


@dataclass(frozen=True, kw_only=True)
class NamedNotes:
    """One `NoteNameList`. notes: number and name as they stand there, in order."""

    title: str
    notes: tuple[tuple[str, str], ...]


def read_midnam(data: bytes, path: Path) -> tuple[NamedNotes, ...]:
    """Every list of note names, in order; empty when the document has none.

    Raises PresetError when it is not XML, or declares entities. path: for the message.
    """
    reader = _Reader(path)
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise PresetError(f"{path} is damaged or is not a MIDNAM file: {error}.") from error
    return tuple(NamedNotes(title=title, notes=tuple(notes)) for title, notes in reader.lists)


@dataclass
class _Reader:
    """`Note` elements stand in a `NoteNameList`, some of them inside a `NoteGroup`."""

    path: Path
    lists: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    inside: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "NoteNameList":
            self.inside = True
            self.lists.append((attributes.get("Name", ""), []))
        elif tag == "Note" and self.inside:
            self.lists[-1][1].append((attributes.get("Number", "").strip(), attributes.get("Name", "")))

    def end(self, tag: str) -> None:
        if tag == "NoteNameList":
            self.inside = False

    def refuse_entity(self, name: str, *_: object) -> None:
        raise PresetError(
            f"{self.path} declares an XML entity, {name!r}, which a list of note names never needs, and is not read.",
            advice="Get the file from another place, or write its names as lines such as: 36 Kick.",
        )
