"""A note map as the TOML file that a musician edits, with what can be written in it explained."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from backbeat.outputs.note_fallback import USUAL_CHAINS
from backbeat.outputs.note_map import NoteMap
from backbeat.outputs.note_map_table import MapStatus, NoteRow
from backbeat.values import Instrument

_HELP = f"""\
#
# Each row of [notes] gives a drum its MIDI note, 0 to 127 (36 is C1 in some programs, C2 in others):
#     kick = 36
#     kick = {{ note = 36, articulation = "Kick Hit", also = [35] }}   what sounds there; further notes that play the same drum
#     ride_bell = {{ fallback = ["ride", "crash"] }}                   no note of its own: the first of these that has one
# A drum without a row falls back as the comment in its place says. `backbeat presets check` finds mistakes.
# status says how sure the numbers are: {", ".join(MapStatus)}.
"""


def note_map_to_toml(note_map: NoteMap, *, comment: str = "") -> str:
    """The text of the file; `read_note_map` reads back an equal map. comment: what it says first, may have several lines."""
    first = [f"# {line}".rstrip() for line in (comment or note_map.title).splitlines()]
    texts = {
        "name": note_map.name,
        "title": note_map.title,
        "version": note_map.version,
        "source": note_map.source,
        "verified_by": note_map.verified_by,
        "status": str(note_map.status),
    }
    lines = [f"{key} = {_string(text)}" for key, text in texts.items()]
    return "\n".join([*first, _HELP + lines[0], *lines[1:], "", "[notes]", *_rows(note_map.rows)]) + "\n"


def _rows(rows: Mapping[Instrument, NoteRow]) -> Iterator[str]:
    for instrument in Instrument:
        if instrument in rows:
            yield f"{instrument} = {_row(rows[instrument])}"
        else:
            yield f"# {instrument} falls back to {', '.join(USUAL_CHAINS[instrument])}"


def _row(row: NoteRow) -> str:
    if row.note is not None and not row.articulation and not row.also:
        return str(row.note)
    parts = []
    if row.note is not None:
        parts.append(f"note = {row.note}")
    if row.fallback:
        parts.append(f"fallback = [{', '.join(map(_string, row.fallback))}]")
    if row.articulation:
        parts.append(f"articulation = {_string(row.articulation)}")
    if row.also:
        parts.append(f"also = [{', '.join(map(str, row.also))}]")
    return f"{{ {', '.join(parts)} }}"


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
