"""MuseScore's drumset files are what our own tables say."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from types import ModuleType

import pytest
from tests.script_module import script_module

from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.resources import integrations_folder
from backbeat.values import Instrument

FOLDER = integrations_folder() / "musescore"


@pytest.fixture(scope="module")
def make_drumset() -> ModuleType:
    return script_module(FOLDER / "make_drumset.py")


def test_the_files_equal_what_the_script_makes(make_drumset: ModuleType) -> None:
    made = {name: make_drumset.drumset_xml(version) for name, version in make_drumset.VERSIONS.items()}
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.drm")} == made


@pytest.mark.parametrize("instrument", Instrument)
def test_every_instrument_has_its_note_name_head_and_voice(instrument: Instrument) -> None:
    place, note = load_staff_map().places[instrument], load_note_map("general-midi").notes[instrument]
    (drum,) = ET.parse(FOLDER / "Backbeat.drm").getroot().findall(f"Drum[@pitch='{note}']")
    heads = {"normal": "normal", "x": "cross", "circle-x": "xcircle", "diamond": "diamond"}
    assert drum.findtext("name") == place.label
    assert drum.findtext("head") == heads[place.head]
    assert (drum.findtext("voice"), drum.findtext("stem")) == (("0", "1") if place.limb == "hands" else ("1", "2"))


@pytest.mark.parametrize(("note", "line"), [(51, 0), (42, -1), (38, 3), (36, 7), (44, 9), (49, -2), (52, -4)])
def test_lines_count_from_the_top_line_downwards(note: int, line: int) -> None:
    root = ET.parse(FOLDER / "Backbeat.drm").getroot()
    assert root.findtext(f"Drum[@pitch='{note}']/line") == str(line)


def test_no_drum_besides_ours() -> None:
    assert len(ET.parse(FOLDER / "Backbeat.drm").getroot()) == len(Instrument)
