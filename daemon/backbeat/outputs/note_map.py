"""Which MIDI note each drum gets: tables in TOML, shipped in `presets/` or the user's own (`note_map_table` has the format)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from backbeat.errors import PresetError
from backbeat.outputs.note_fallback import stand_in
from backbeat.outputs.note_map_table import MapStatus, NoteRow, chains_of, doubts_in, mistakes_in, read_rows, with_note
from backbeat.outputs.preset_files import note_map_files, preset_file
from backbeat.toml_text import TOMLDecodeError, parse_toml
from backbeat.values import Instrument


@dataclass(frozen=True, kw_only=True)
class Pad:
    """Where an instrument ends in a note map. note: 0..127. borrowed_from: whose note it is; None when it is its own."""

    note: int
    articulation: str
    also: tuple[int, ...]
    borrowed_from: Instrument | None


@dataclass(frozen=True, kw_only=True)
class NoteMap:
    """One table, as its file has it. rows: at least one has a note, so that every instrument ends somewhere."""

    name: str
    title: str
    version: str
    source: str
    verified_by: str
    status: MapStatus
    rows: Mapping[Instrument, NoteRow]

    @cached_property
    def pads(self) -> Mapping[Instrument, Pad]:
        """Where every instrument ends."""
        return {instrument: self._pad(instrument) for instrument in Instrument}

    @cached_property
    def notes(self) -> Mapping[Instrument, int]:
        """The MIDI note, 0..127, that is written for every instrument; several instruments may share one."""
        return {instrument: pad.note for instrument, pad in self.pads.items()}

    def instrument(self, note: int) -> Instrument | None:
        """Which drum a MIDI note plays, if it is one of ours; a note that is written goes before one that is only understood."""
        written = (instrument for instrument, row in self.rows.items() if row.note == note)
        understood = (instrument for instrument, row in self.rows.items() if note in row.also)
        return next(chain(written, understood), None)

    def _pad(self, instrument: Instrument) -> Pad:
        owner = stand_in(instrument, with_note(self.rows), chains_of(self.rows))
        row = self.rows[owner] if owner is not None else NoteRow()
        if owner is None or row.note is None:
            raise PresetError(f"The note map {self.name!r} has no note for {instrument}.")
        borrowed_from = None if owner is instrument else owner
        return Pad(note=row.note, articulation=row.articulation, also=row.also, borrowed_from=borrowed_from)


def note_map_names(user_folder: Path | None = None) -> tuple[str, ...]:
    """The names there are, sorted: the shipped ones, and the user's."""
    return tuple(sorted(note_map_files(user_folder)))


def load_note_map(name: str, user_folder: Path | None = None) -> NoteMap:
    """The note map `name`; the user's own file goes before a shipped one of the same name.

    Raises PresetError that lists every mistake in the file, or the names there are.
    """
    return read_note_map(preset_file(name, note_map_files(user_folder), "note map"))


def read_note_map(path: Path) -> NoteMap:
    """The note map in the file `path`; raises PresetError that lists every mistake in it."""
    table = _read_table(path)
    mistakes = mistakes_in(table, path.stem)
    if mistakes:
        raise PresetError(
            f"The note map {path} has mistakes: {'; '.join(mistakes)}.",
            advice="`backbeat presets check` tells when they are gone.",
        )
    return NoteMap(
        name=table["name"],
        title=table["title"],
        version=table["version"],
        source=table["source"],
        verified_by=table.get("verified_by", ""),
        status=MapStatus(table["status"]),
        rows=read_rows(table),
    )


def check_note_map(path: Path) -> tuple[list[str], list[str]]:
    """Every mistake in the file (with one it cannot be used), and every doubt; raises PresetError when it is no TOML at all."""
    table = _read_table(path)
    return mistakes_in(table, path.stem), doubts_in(read_rows(table))


def _read_table(path: Path) -> dict[str, Any]:
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, TOMLDecodeError) as error:
        raise PresetError(f"The note map {path} cannot be read: {error}.") from error
