"""What music21 leaves out of a drum part, put into its MusicXML tree: the single drums and their velocities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

import backbeat

PART_ID = "P1"
MIDI_CHANNEL = 10  # counted from 1, as MusicXML does
MIDI_PROGRAM = 1  # the standard kit, counted from 1

_DYNAMICS_OF_VELOCITY = 100 / 90  # MusicXML: `dynamics` is a percentage of forte, which is velocity 90
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


@dataclass(frozen=True, kw_only=True)
class DrumNote:
    """What one note has of its own. label: the drum's name. midi_note: 0..127. velocity: 1..127. stem: up or down."""

    label: str
    midi_note: int
    velocity: int
    stem: str

    @property
    def instrument_id(self) -> str:
        """MuseScore's own way to name a drum: the MIDI note, counted from 1."""
        return f"{PART_ID}-I{self.midi_note + 1}"


def finished_document(root: Element, notes: Sequence[DrumNote], *, tempo_bpm: float) -> bytes:
    """The finished file. The tree's notes have the ids n0, n1, ..., which number `notes`; they are taken out."""
    _set_part(root, notes)
    for element in root.iter("note"):
        number = element.attrib.pop("id", None)
        if number is not None:
            _set_note(element, notes[int(number[1:])])
    for direction in root.iter("direction"):
        direction.set("placement", "above")
        _found(direction, "sound").set("tempo", f"{tempo_bpm:.3f}")
    _set_origin(root)
    _set_page(root)
    ET.indent(root)
    return (_HEAD + ET.tostring(root, encoding="unicode")).encode()


def _set_part(root: Element, notes: Sequence[DrumNote]) -> None:
    """One score-instrument and one midi-instrument per drum that is used, in the order of their notes."""
    score_part = _found(root, "part-list/score-part")
    score_part.set("id", PART_ID)
    _found(root, "part").set("id", PART_ID)
    for name in ("part-abbreviation", "score-instrument", "midi-instrument"):
        for element in score_part.findall(name):
            score_part.remove(element)
    used = {note.instrument_id: note for note in sorted(notes, key=lambda note: note.midi_note)}
    for note in used.values():
        instrument = SubElement(score_part, "score-instrument", id=note.instrument_id)
        SubElement(instrument, "instrument-name").text = note.label
    for note in used.values():
        midi = SubElement(score_part, "midi-instrument", id=note.instrument_id)
        SubElement(midi, "midi-channel").text = str(MIDI_CHANNEL)
        SubElement(midi, "midi-program").text = str(MIDI_PROGRAM)
        SubElement(midi, "midi-unpitched").text = str(note.midi_note + 1)


def _set_note(element: Element, note: DrumNote) -> None:
    element.set("dynamics", f"{note.velocity * _DYNAMICS_OF_VELOCITY:.2f}")
    for old in element.findall("instrument"):
        element.remove(old)
    names = [child.tag for child in element]
    element.insert(names.index("duration") + 1, Element("instrument", id=note.instrument_id))
    if "stem" not in names:  # the upper notes of a chord: MuseScore would give them a direction of its own
        stem = Element("stem")
        stem.text = note.stem
        before = ("time-modification", "dot", "type")
        last = max(n for n, child in enumerate(element) if child.tag in before)
        element.insert(last + 1, stem)


def _set_origin(root: Element) -> None:
    """Say who made it, without music21's date, so that the same score gives the same file."""
    root.remove(_found(root, "movement-title"))  # the same as the work's title, which programs would show twice
    identification = _found(root, "identification")
    for creator in identification.findall("creator"):
        identification.remove(creator)
    encoding = _found(identification, "encoding")
    for date in encoding.findall("encoding-date"):
        encoding.remove(date)
    software = Element("software")
    software.text = f"Backbeat {backbeat.__version__}"
    encoding.insert(0, software)


def _set_page(root: Element) -> None:
    """A4 with margins of 15 mm. music21's scaling is 7 mm to 40 tenths."""
    layout = SubElement(_found(root, "defaults"), "page-layout")
    SubElement(layout, "page-height").text = _tenths(297)
    SubElement(layout, "page-width").text = _tenths(210)
    margins = SubElement(layout, "page-margins", type="both")
    for side in ("left", "right", "top", "bottom"):
        SubElement(margins, f"{side}-margin").text = _tenths(15)


def _tenths(millimetres: float) -> str:
    return f"{millimetres * 40 / 7:.2f}"


def _found(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise ValueError(f"music21 wrote no {path}")
    return found
