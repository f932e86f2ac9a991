"""A note map that is written and read is the same map."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.note_map import NoteMap, load_note_map, note_map_names, read_note_map
from backbeat.outputs.note_map_table import MapStatus, NoteRow
from backbeat.presets.note_map_to_toml import note_map_to_toml
from backbeat.values import Instrument

NOTES = st.integers(0, 127)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
WITH_NOTE = st.builds(NoteRow, note=NOTES, articulation=TEXTS, also=st.lists(NOTES, max_size=4).map(tuple))


def without_note(instrument: Instrument) -> st.SearchStrategy[NoteRow]:
    others = st.sampled_from([other for other in Instrument if other is not instrument])
    return st.builds(NoteRow, fallback=st.lists(others, min_size=1, max_size=3, unique=True).map(tuple), articulation=TEXTS)


@st.composite
def note_maps(draw: st.DrawFn) -> NoteMap:
    rows = {Instrument.KICK: draw(WITH_NOTE)}
    for instrument in draw(st.sets(st.sampled_from(list(Instrument)[1:]))):
        rows[instrument] = draw(WITH_NOTE)
    for instrument in draw(st.sets(st.sampled_from(list(Instrument)[1:]), max_size=3)):
        if instrument not in rows:
            row = draw(without_note(instrument))
            rows[instrument] = NoteRow(fallback=(*row.fallback, Instrument.KICK), articulation=row.articulation)
    return NoteMap(
        name="mine",
        title=draw(TEXTS),
        version=draw(TEXTS),
        source=draw(TEXTS),
        verified_by=draw(TEXTS),
        status=draw(st.sampled_from(MapStatus)),
        rows={instrument: rows[instrument] for instrument in Instrument if instrument in rows},
    )


@given(note_maps())
def test_what_is_saved_is_loaded(note_map: NoteMap) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_bytes(note_map_to_toml(note_map, comment="one\ntwo").encode())
        read = read_note_map(path)
    assert read == note_map
    assert read.notes == note_map.notes


@pytest.mark.parametrize("name", note_map_names())
def test_every_shipped_map_survives_being_saved(name: str, tmp_path: Path) -> None:
    note_map = load_note_map(name)
    (tmp_path / f"{name}.toml").write_text(note_map_to_toml(note_map), encoding="utf-8")
    assert read_note_map(tmp_path / f"{name}.toml") == note_map


def test_the_file_explains_itself_and_every_drum_is_in_it() -> None:
    text = note_map_to_toml(load_note_map("roland-td"), comment="My pads\nin the cellar")
    assert text.startswith("# My pads\n# in the cellar\n#\n# Each row of [notes]")
    assert all(str(instrument) in text for instrument in Instrument)
    assert "\nsnare = { note = 38, " in text


def test_a_drum_without_a_row_is_told_in_a_comment() -> None:
    few = {Instrument.KICK: NoteRow(note=36), Instrument.SNARE: NoteRow(note=38)}
    note_map = NoteMap(name="x", title="x", version="1", source="x", verified_by="", status=MapStatus.VERIFIED, rows=few)
    text = note_map_to_toml(note_map)
    assert "\n# china falls back to crash, splash, " in text
    assert set(tomllib.loads(text)["notes"]) == {"kick", "snare"}
