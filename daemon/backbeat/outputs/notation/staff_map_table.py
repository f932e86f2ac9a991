"""What may stand in a staff map's TOML file, and everything that is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from backbeat.did_you_mean import did_you_mean
from backbeat.values import Instrument

STEPS = "CDEFGAB"
OCTAVES = range(3, 8)
"""What still can be read with ledger lines: the staff's lines are E4 to F5."""


class Limb(StrEnum):
    """The two voices of a drum part: hands have stems up, feet down."""

    HANDS = "hands"
    FEET = "feet"


class Notehead(StrEnum):
    """MusicXML's names of the heads that drum parts use."""

    NORMAL = "normal"
    CROSS = "x"
    CIRCLED_CROSS = "circle-x"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    SQUARE = "square"
    SLASH = "slash"


class HatMarks(StrEnum):
    """Where hi-hat strokes get an o (open) or a + (closed)."""

    CHANGES = "changes"
    """An o where the hat opens, a + where it closes: the open hat has a head of its own."""
    EVERY = "every"
    """An o on every open stroke, a + where it closes."""
    NONE = "none"


_TEXTS = ("name", "title", "source", "hat_marks")
_PLACE_KEYS = ("step", "octave", "head", "voice", "label")
_CHOICES: Mapping[str, tuple[str, ...]] = {"step": tuple(STEPS), "head": tuple(Notehead), "voice": tuple(Limb)}


def mistakes_in(table: Mapping[str, Any], file_name: str) -> list[str]:
    """One sentence for each mistake; `file_name` is that of the file, without `notation-` and `.toml`."""
    mistakes = [f"{key!r} is missing" for key in (*_TEXTS, "places") if key not in table]
    mistakes += [f"{key!r} is not known{did_you_mean(key, _TEXTS)}" for key in table if key not in (*_TEXTS, "places")]
    mistakes += [f"{key!r} must be a text" for key in _TEXTS if key in table and not isinstance(table[key], str)]
    name, marks = table.get("name"), table.get("hat_marks")
    if isinstance(name, str) and name != file_name:
        mistakes.append(f"'name' is {name!r}, but the file is called 'notation-{file_name}'")
    if isinstance(marks, str) and marks not in tuple(HatMarks):
        mistakes.append(f"'hat_marks' is {marks!r}, and can be {', '.join(HatMarks)}")
    places = table.get("places", {})
    if not isinstance(places, dict):
        return [*mistakes, "'places' must be a table with a row for each instrument"]
    if "places" in table:
        mistakes += _instrument_mistakes(places)
    in_order = {instrument: places[instrument] for instrument in Instrument if instrument in places}
    of_rows = [mistake for instrument, row in in_order.items() for mistake in _row_mistakes(instrument, row)]
    return mistakes + (of_rows or list(_same_looks(in_order, marks)))


def _instrument_mistakes(places: Mapping[str, Any]) -> Iterator[str]:
    instruments = tuple(map(str, Instrument))
    for instrument in instruments:
        if instrument not in places:
            yield f"{instrument} has no place"
    for key in places:
        if key not in instruments:
            yield f"{key!r} is not an instrument{did_you_mean(key, instruments)}"


def _row_mistakes(instrument: str, row: object) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"{instrument} must be a row {{ {', '.join(f'{key} = ...' for key in _PLACE_KEYS)} }}"
        return
    for key in row:
        if key not in _PLACE_KEYS:
            yield f"{instrument}: {key!r} is not known{did_you_mean(key, _PLACE_KEYS)}"
    for key in _PLACE_KEYS:
        if key not in row:
            yield f"{instrument} has no {key}"
        elif key in _CHOICES and row[key] not in _CHOICES[key]:
            yield f"{instrument}: {key} {row[key]!r} is not one of {', '.join(_CHOICES[key])}"
    octave, label = row.get("octave", OCTAVES[0]), row.get("label", "-")
    if isinstance(octave, bool) or not isinstance(octave, int) or octave not in OCTAVES:
        yield f"{instrument}: octave {octave!r} is not a whole number from {OCTAVES[0]} to {OCTAVES[-1]}"
    if not isinstance(label, str) or not label.strip():
        yield f"{instrument}: label {label!r} is not a name"


def _same_looks(places: Mapping[Instrument, Mapping[str, Any]], marks: object) -> Iterator[str]:
    """Two drums that a reader cannot tell apart; an o on every open stroke tells the hats apart."""
    owners: dict[tuple[object, ...], str] = {}
    for instrument, row in places.items():
        has_mark = instrument is Instrument.HIHAT_OPEN and marks == HatMarks.EVERY
        looks = (row["step"], row["octave"], row["head"], row["voice"], has_mark)
        if looks in owners:
            yield f"{owners[looks]} and {instrument} look the same: {row['step']}{row['octave']} with head {row['head']}"
        owners.setdefault(looks, instrument)
