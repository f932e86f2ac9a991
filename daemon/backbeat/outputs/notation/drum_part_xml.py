"""What music21 leaves out of a drum part, put into its MusicXML tree.

music21 9 knows one instrument for each class and part, one velocity for each chord, and neither swing nor repeated bars; it
writes stems for the lowest note of a chord only. See its issue 1696 for the instruments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, SubElement

import backbeat
from backbeat.outputs.notation.drum_page import DrumPage, Swing, number_of_stroke
from backbeat.values import Instrument, Paper

PART_ID = "P1"
MIDI_CHANNEL = 10  # counted from 1, as MusicXML does
MIDI_PROGRAM = 1  # the standard kit, counted from 1

_SOUNDS: Mapping[Instrument, str] = {
    Instrument.KICK: "drum.bass-drum",
    Instrument.SNARE: "drum.snare-drum",
    Instrument.SIDE_STICK: "drum.snare-drum",
    Instrument.TOM_HIGH: "drum.tom-tom",
    Instrument.TOM_MID: "drum.tom-tom",
    Instrument.TOM_LOW: "drum.tom-tom",
    Instrument.HIHAT_CLOSED: "metal.hi-hat",
    Instrument.HIHAT_PEDAL: "metal.hi-hat",
    Instrument.HIHAT_OPEN: "metal.hi-hat",
    Instrument.RIDE: "metal.cymbal.ride",
    Instrument.RIDE_BELL: "metal.cymbal.ride",
    Instrument.CRASH: "metal.cymbal.crash",
    Instrument.CHINA: "metal.cymbal.chinese",
    Instrument.SPLASH: "metal.cymbal.splash",
}
"""MusicXML 4.0's standard sounds (its sounds.xml)."""

_DRUM_SET_SOUND = "drum.group.set"
"""For the first instrument: MuseScore 4.0 to 4.4 make the whole part what the first is, a bass drum by its own sound."""

_DYNAMICS_OF_VELOCITY = 100 / 90  # MusicXML: `dynamics` is a percentage of forte, which is velocity 90
_PAGES_MM: Mapping[Paper, tuple[float, float]] = {Paper.A4: (210, 297), Paper.LETTER: (215.9, 279.4)}
_MARGIN_MM = 15
_STAFF_MM = 6.5  # the height of a staff: four bars of sixteenths on a line are still legible
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


@dataclass(frozen=True, kw_only=True)
class DrumNote:
    """What one note has of its own. label: the drum's name. midi_note: 0..127. velocity: 1..127. stem: up or down."""

    instrument: Instrument
    label: str
    midi_note: int
    velocity: int
    stem: str

    @property
    def instrument_id(self) -> str:
        """MuseScore's own way to name a drum: the MIDI note, counted from 1."""
        return f"{PART_ID}-I{self.midi_note + 1}"


def finished_document(root: Element, notes: Sequence[DrumNote], page: DrumPage, paper: Paper) -> bytes:
    """The finished file. The ids of the tree's notes, which number `notes`, are taken out."""
    _set_part(root, notes)
    for element in root.iter("note"):
        stroke = element.attrib.pop("id", None)
        if stroke is not None:
            _set_note(element, notes[number_of_stroke(stroke)])
    measures = list(root.iter("measure"))
    for index, bpm in page.tempi.items():
        _set_tempo(measures[index], bpm, is_rough=page.score.tempo_unreliable)
    if page.swing is not None:
        _set_swing(measures[0], page.swing)
    for index in sorted(page.repeated):
        _set_repeat(measures, index, page)
    _set_origin(root)
    _set_page(root, paper)
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
    first = min(used, default="")
    for instrument_id, note in used.items():
        instrument = SubElement(score_part, "score-instrument", id=instrument_id)
        SubElement(instrument, "instrument-name").text = note.label
        sound = _DRUM_SET_SOUND if instrument_id == first else _SOUNDS[note.instrument]
        SubElement(instrument, "instrument-sound").text = sound
    for note in used.values():
        midi = SubElement(score_part, "midi-instrument", id=note.instrument_id)
        SubElement(midi, "midi-channel").text = str(MIDI_CHANNEL)
        SubElement(midi, "midi-program").text = str(MIDI_PROGRAM)
        SubElement(midi, "midi-unpitched").text = str(note.midi_note + 1)


def _set_note(element: Element, note: DrumNote) -> None:
    element.set("dynamics", f"{note.velocity * _DYNAMICS_OF_VELOCITY:.2f}")
    for old in element.findall("instrument"):
        element.remove(old)
    if element.find("grace") is not None:  # music21 puts the place of these behind their voice
        place = _found(element, "unpitched")
        element.remove(place)
        element.insert(1 if element.find("chord") is None else 2, place)
    names = [child.tag for child in element]
    element.insert(names.index("voice"), Element("instrument", id=note.instrument_id))
    if "stem" not in names:  # the upper notes of a chord: MuseScore would give them a direction of its own
        stem = Element("stem")
        stem.text = note.stem
        before = ("time-modification", "dot", "type")
        last = max(n for n, child in enumerate(element) if child.tag in before)
        element.insert(last + 1, stem)


def _set_tempo(measure: Element, bpm: float, *, is_rough: bool) -> None:
    direction = _found(measure, "direction")
    direction.set("placement", "above")
    _found(direction, "sound").set("tempo", f"{bpm:.3f}")
    if is_rough:
        mark = _found(direction, ".//per-minute")
        mark.text = f"ca. {mark.text}"


def _set_swing(measure: Element, swing: Swing) -> None:
    """In words before the tempo, in one line with it: on their own they would be set like a remark to the first note."""
    direction = _found(measure, "direction")
    kind = Element("direction-type")
    SubElement(kind, "words", {"font-weight": "bold"}).text = f"{swing.words}  "
    direction.insert(0, kind)
    played = SubElement(_found(direction, "sound"), "swing")
    SubElement(played, "first").text = str(swing.first)
    SubElement(played, "second").text = str(swing.second)
    SubElement(played, "swing-type").text = swing.unit


def _set_repeat(measures: Sequence[Element], index: int, page: DrumPage) -> None:
    """The sign for one bar, or for the bars in a row that are all the same. They keep their notes, as MusicXML asks."""
    if index - 1 not in page.repeated:
        _measure_repeat(measures[index], "start").text = "1"
    if index + 1 not in page.repeated and index + 1 < len(measures):
        _measure_repeat(measures[index + 1], "stop")


def _measure_repeat(measure: Element, kind: str) -> Element:
    attributes = measure.find("attributes")
    if attributes is None:
        attributes = Element("attributes")
        measure.insert(1 if len(measure) and measure[0].tag == "print" else 0, attributes)
    return SubElement(SubElement(attributes, "measure-style"), "measure-repeat", type=kind)


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


def _set_page(root: Element, paper: Paper) -> None:
    scaling = _found(root, "defaults/scaling")
    _found(scaling, "millimeters").text = f"{_STAFF_MM:g}"
    _found(scaling, "tenths").text = "40"
    layout = SubElement(_found(root, "defaults"), "page-layout")
    width_mm, height_mm = _PAGES_MM[paper]
    SubElement(layout, "page-height").text = _tenths(height_mm)
    SubElement(layout, "page-width").text = _tenths(width_mm)
    margins = SubElement(layout, "page-margins", type="both")
    for side in ("left", "right", "top", "bottom"):
        SubElement(margins, f"{side}-margin").text = _tenths(_MARGIN_MM)


def _tenths(millimetres: float) -> str:
    return f"{millimetres * 40 / _STAFF_MM:.2f}"


def _found(element: Element, path: str) -> Element:
    found = element.find(path)
    if found is None:
        raise ValueError(f"music21 wrote no {path}")
    return found
