"""Score to MusicXML, as notation programs expect a drum part.

music21 makes the document (`music21_part.py`). It knows one instrument per class and part, and one velocity per chord,
so what belongs to single drums is put into its tree afterwards (`drum_part_xml.py`); see music21 issue 1696.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from importlib import import_module
from typing import Any

from backbeat.outputs.drum_part_xml import DrumNote, finished_document
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.staff_map import STEMS, load_staff_map
from backbeat.records import Score

_import_lock = threading.Lock()


def score_to_musicxml(score: Score) -> bytes:
    """One percussion part, hands in voice 1 and feet in voice 2, complete in every bar; UTF-8.

    Staff places and noteheads come from the standard staff map, MIDI notes from General MIDI. Each note names its
    instrument and carries its velocity. The feet's rests are hidden in a bar without strokes of theirs, and where the
    hands rest at the same time. The same score gives the same bytes.
    """
    places = load_staff_map()
    midi_notes = load_note_map("general-midi").notes
    notes = [
        DrumNote(
            label=places[note.instrument].label,
            midi_note=midi_notes[note.instrument],
            velocity=note.velocity,
            stem=STEMS[places[note.instrument].limb],
        )
        for note in score.notes
    ]
    return finished_document(_music21_part().DrumPart(score, places).tree(), notes, tempo_bpm=score.tempo_bpm)


def _music21_part() -> Any:
    """Import music21 without the user's settings for it, which it reads from the home folder while it is imported.

    They are for interactive work, cannot help here, and damaged ones would stop the import.
    """
    with _import_lock:
        if "music21" in sys.modules:
            return import_module("backbeat.outputs.music21_part")
        variable = "APPDATA" if os.name == "nt" else "HOME"
        home = os.environ.get(variable)
        with tempfile.TemporaryDirectory() as empty:
            os.environ[variable] = empty
            try:
                return import_module("backbeat.outputs.music21_part")
            finally:
                if home is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = home
