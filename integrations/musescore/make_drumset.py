"""Makes MuseScore's drumset files from Backbeat's own staff map and the notes of General MIDI.

    python make_drumset.py

The tables: `presets/notation-standard.toml` and `presets/general-midi.toml`. MuseScore 3 loads only files with its own version
(3.02 in 3.5 and 3.6); MuseScore 4 asks about others.
"""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

HERE = Path(__file__).resolve().parent
PRESETS = HERE.parents[1] / "presets"

VERSIONS = {"Backbeat.drm": "4.00", "Backbeat-MuseScore-3.drm": "3.02"}

STEPS = "CDEFGAB"
TOP_LINE = 7 * 5 + STEPS.index("F")  # F5; MuseScore counts places downwards from there
HEADS = {"normal": "normal", "x": "cross", "circle-x": "xcircle", "diamond": "diamond"}
VOICES = {"hands": "0", "feet": "1"}
STEMS = {"hands": "1", "feet": "2"}  # up, down


def drumset_xml(version: str, presets: Path = PRESETS) -> str:
    """The file's text: one drum for each instrument, by MIDI note."""
    places = tomllib.loads((presets / "notation-standard.toml").read_text("utf-8"))["places"]
    notes = tomllib.loads((presets / "general-midi.toml").read_text("utf-8"))["notes"]
    root = ET.Element("museScore", version=version)
    for instrument in sorted(places, key=lambda name: notes[name]["note"]):
        place = places[instrument]
        drum = ET.SubElement(root, "Drum", pitch=str(notes[instrument]["note"]))
        ET.SubElement(drum, "head").text = HEADS[place["head"]]
        ET.SubElement(drum, "line").text = str(TOP_LINE - 7 * place["octave"] - STEPS.index(place["step"]))
        ET.SubElement(drum, "voice").text = VOICES[place["voice"]]
        ET.SubElement(drum, "name").text = place["label"]
        ET.SubElement(drum, "stem").text = STEMS[place["voice"]]
    ET.indent(root, "  ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


if __name__ == "__main__":
    for name, version in VERSIONS.items():
        (HERE / name).write_text(drumset_xml(version), "utf-8")
