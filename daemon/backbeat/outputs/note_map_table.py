"""What may stand in a note map's TOML file, and everything that is wrong with one.

`name` (the same as the file's), `title` (for people), `version` (of the plugin or standard), `source` (where the numbers
come from), `verified_by` (who or what agrees with them; may be left out), `status` (how sure they are), and the table
`[notes]` with a row for each instrument:

    kick = 36                                               # the note
    hihat_closed = { note = 49, articulation = "closed 1, tip", also = [50, 51] }
    ride_bell = { fallback = ["ride", "crash"] }            # no note of its own: the first of these that has one

An instrument without a row falls back as usual (`note_fallback.USUAL_CHAINS`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backbeat.did_you_mean import did_you_mean
from backbeat.outputs.note_fallback import Chains, circle, stand_in
from backbeat.values import FAMILY_OF, Instrument

NOTE_MAX = 127
TEXTS = ("name", "title", "version", "source", "status")
OPTIONAL_TEXTS = ("verified_by",)
_NOTES = "notes"
_ROW_KEYS = ("note", "articulation", "also", "fallback")


class MapStatus(StrEnum):
    """How sure the numbers are."""

    VERIFIED = "verified"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, kw_only=True)
class NoteRow:
    """One instrument's row: either a note, or who is asked for theirs.

    note: 0..127, or None. articulation: what sounds there, in the plugin's words; may be empty. also: further notes that
    play the same drum, which we never write but understand. fallback: instruments, the first choice first; empty with a note.
    """

    note: int | None = None
    articulation: str = ""
    also: tuple[int, ...] = ()
    fallback: tuple[Instrument, ...] = ()


Rows = Mapping[Instrument, NoteRow]


def chains_of(rows: Rows) -> Chains:
    """The fallback chains that differ from the usual ones."""
    return {instrument: row.fallback for instrument, row in rows.items() if row.fallback}


def with_note(rows: Rows) -> tuple[Instrument, ...]:
    """The instruments that have a note of their own."""
    return tuple(instrument for instrument, row in rows.items() if row.note is not None)


def read_rows(table: Mapping[str, Any]) -> dict[Instrument, NoteRow]:
    """The rows of `[notes]`, in the order of `Instrument`; those that are wrong are left out."""
    notes = table.get(_NOTES)
    if not isinstance(notes, dict):
        return {}
    return {
        instrument: _row(notes[instrument])
        for instrument in Instrument
        if instrument in notes and not list(_row_mistakes(instrument, notes[instrument]))
    }


def mistakes_in(table: Mapping[str, Any], file_name: str) -> list[str]:
    """Every reason why this is not a note map, as sentences without a full stop. file_name: without its ending."""
    known = (*TEXTS, *OPTIONAL_TEXTS, _NOTES)
    mistakes = [f"{key!r} is missing" for key in (*TEXTS, _NOTES) if key not in table]
    mistakes += [f"{key!r} is not known{did_you_mean(key.lower(), known)}" for key in table if key not in known]
    mistakes += [
        f"{key!r} must be a text" for key in (*TEXTS, *OPTIONAL_TEXTS) if key in table and not isinstance(table[key], str)
    ]
    if isinstance(table.get("name"), str) and table["name"] != file_name:
        mistakes.append(f"'name' is {table['name']!r}, but the file is called {file_name!r}")
    status = table.get("status")
    if isinstance(status, str) and status not in set(MapStatus):
        mistakes.append(f"'status' is {status!r}, and can be {', '.join(MapStatus)}")
    return mistakes + list(_notes_mistakes(table))


def doubts_in(rows: Rows) -> list[str]:
    """What can be meant so, but seldom is: a note for two drums, a drum that another kind of drum stands in for."""
    doubts = []
    owners: dict[int, Instrument] = {}
    for instrument, row in rows.items():
        for note in dict.fromkeys((*(() if row.note is None else (row.note,)), *row.also)):
            owner = owners.setdefault(note, instrument)
            if owner is not instrument:
                doubts.append(f"note {note} is both {owner} and {instrument}")
    for instrument in Instrument:
        other = stand_in(instrument, with_note(rows), chains_of(rows))
        if other is not None and FAMILY_OF[other] is not FAMILY_OF[instrument]:
            doubts.append(f"{instrument} has no note, and a different kind of drum, {other}, is played for it")
    return doubts


def _notes_mistakes(table: Mapping[str, Any]) -> Iterator[str]:
    if _NOTES not in table:
        return
    notes = table[_NOTES]
    if not isinstance(notes, dict):
        yield "'notes' must be a table of instrument = note"
        return
    wrong = False
    for key, value in notes.items():
        if key not in set(Instrument):
            yield f"{key!r} is not an instrument{did_you_mean(key.lower(), Instrument)}"
            continue
        for mistake in _row_mistakes(key, value):
            wrong = True
            yield mistake
    if not wrong:  # otherwise one slip would be told twice
        yield from _silent(read_rows(table))


def _silent(rows: Rows) -> Iterator[str]:
    """Instruments that end nowhere; a circle is told once, as the reason for all of them."""
    chains = chains_of(rows)
    told: set[frozenset[Instrument]] = set()
    for instrument in Instrument:
        if stand_in(instrument, with_note(rows), chains) is not None:
            continue
        way = circle(instrument, chains)
        if not way:
            yield f"{instrument} has no note, and neither has any drum that could stand in for it"
        elif frozenset(way) not in told:
            told.add(frozenset(way))
            yield f"the fallbacks {' -> '.join(way)} go in a circle, and none of them has a note"


def _row_mistakes(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        if not _is_note(value):
            yield f"{key} = {value!r} is not a MIDI note (0 to {NOTE_MAX})"
        return
    yield from (f"{key}: {name!r} is not known{did_you_mean(name.lower(), _ROW_KEYS)}" for name in value if name not in _ROW_KEYS)
    if ("note" in value) == ("fallback" in value):
        yield f"{key} needs either a note or a fallback"
    if "note" in value and not _is_note(value["note"]):
        yield f"{key} = {value['note']!r} is not a MIDI note (0 to {NOTE_MAX})"
    if not isinstance(value.get("articulation", ""), str):
        yield f"{key}: 'articulation' must be a text"
    yield from _also_mistakes(key, value.get("also", []))
    if "fallback" in value:
        yield from _fallback_mistakes(key, value["fallback"])


def _also_mistakes(key: str, also: object) -> Iterator[str]:
    if not isinstance(also, list):
        yield f"{key}: 'also' must be a list of notes"
        return
    yield from (f"{key}: {note!r} in 'also' is not a MIDI note (0 to {NOTE_MAX})" for note in also if not _is_note(note))


def _fallback_mistakes(key: str, fallback: object) -> Iterator[str]:
    if not isinstance(fallback, list) or not fallback:
        yield f"{key}: 'fallback' must be a list of instruments"
        return
    for name in fallback:
        if not isinstance(name, str) or name not in set(Instrument):
            yield f"{key}: {name!r} in 'fallback' is not an instrument{did_you_mean(str(name).lower(), Instrument)}"
        elif name == key:
            yield f"{key} falls back to itself"


def _row(value: Any) -> NoteRow:
    if not isinstance(value, dict):
        return NoteRow(note=value)
    return NoteRow(
        note=value.get("note"),
        articulation=value.get("articulation", ""),
        also=tuple(value.get("also", ())),
        fallback=tuple(Instrument(name) for name in value.get("fallback", ())),
    )


def _is_note(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= NOTE_MAX
