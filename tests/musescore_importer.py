"""A MIDI file as MuseScore imports it: bars, meters and notes of the score that it makes of the file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET


@dataclass(frozen=True, kw_only=True)
class MuseScoreBar:
    """meter: as written, 4/4; length: in quarter notes, shorter than the meter's in a pickup."""

    meter: str
    length: Fraction


@dataclass(frozen=True, kw_only=True)
class MuseScoreImport:
    """notes: bar from 0, quarter notes from its start, MIDI note; sorted."""

    bars: tuple[MuseScoreBar, ...]
    notes: tuple[tuple[int, Fraction, int], ...]
    parts: tuple[str, ...]


def imported_by_musescore(musescore: str, midi: Path, folder: Path) -> MuseScoreImport:
    """Open the file without a screen and read the MusicXML that MuseScore saves it as."""
    musicxml = folder / f"{midi.stem}.musescore.musicxml"
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = [musescore, "-o", str(musicxml), str(midi)]
    subprocess.run(command, env=environment, check=True, timeout=300, capture_output=True)
    root = ET.parse(musicxml).getroot()
    sounds = {i.get("id"): int(i.findtext("midi-unpitched", "0")) - 1 for i in root.iter("midi-instrument")}
    parts = root.findall("part")
    bars = _bars(parts[0])
    notes = [note for part in parts for note in _notes(part, sounds)]
    names = tuple(name.text or "" for name in root.iter("part-name"))
    return MuseScoreImport(bars=tuple(bars), notes=tuple(sorted(notes)), parts=names)


def _bars(part: ET.Element) -> list[MuseScoreBar]:
    bars, meter, divisions = [], "", 1
    for measure in part.findall("measure"):
        divisions = int(measure.findtext("attributes/divisions", str(divisions)))
        if (time := measure.find("attributes/time")) is not None:
            meter = f"{time.findtext('beats')}/{time.findtext('beat-type')}"
        bars.append(MuseScoreBar(meter=meter, length=Fraction(_walk(measure)[1], divisions)))
    return bars


def _notes(part: ET.Element, sounds: dict[str | None, int]) -> list[tuple[int, Fraction, int]]:
    notes, divisions = [], 1
    for number, measure in enumerate(part.findall("measure")):
        divisions = int(measure.findtext("attributes/divisions", str(divisions)))
        for at, element in _walk(measure)[0]:
            is_stroke = element.find("rest") is None and all(tie.get("type") != "stop" for tie in element.findall("tie"))
            instrument = element.find("instrument")
            if is_stroke and instrument is not None:
                notes.append((number, Fraction(at, divisions), sounds[instrument.get("id")]))
    return notes


def _walk(measure: ET.Element) -> tuple[list[tuple[int, ET.Element]], int]:
    """Each note of a measure with its place, and the measure's length, in divisions."""
    at, end, found = 0, 0, []
    for element in measure:
        length = int(element.findtext("duration", "0"))
        if element.tag == "note":
            is_chord = element.find("chord") is not None
            found.append((at - length if is_chord else at, element))
            at += 0 if is_chord else length
        elif element.tag in ("backup", "forward"):
            at += -length if element.tag == "backup" else length
        end = max(end, at)
    return found, end
