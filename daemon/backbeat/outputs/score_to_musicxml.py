"""Score to MusicXML, as notation programs expect a drum part.

    Score -> voices, rhythm, marks, lines (`drum_page`) -> music21's tree (`music21_part`) -> the file (`drum_part_xml`)

music21 makes the document; what belongs to single drums, and some signs that it does not know, are put into its tree.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from importlib import import_module
from typing import Any

from backbeat.outputs.notation.drum_page import drum_page
from backbeat.outputs.notation.drum_part_xml import DrumNote, finished_document
from backbeat.outputs.notation.staff_map import STEMS, StaffMap, load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.records import Score
from backbeat.values import Paper

_import_lock = threading.Lock()


def score_to_musicxml(
    score: Score, *, staff_map: StaffMap | None = None, repeat_bars: bool = False, paper: Paper = Paper.A4
) -> bytes:
    """One percussion part, hands in voice 1 and feet in voice 2, complete in every bar; UTF-8, MusicXML 4.0.

    Staff places and noteheads come from `staff_map`, the standard one where none is given, MIDI notes from General MIDI.
    Each note names its instrument and carries its velocity. Rolled strokes are not written on their own: the roll's first
    stands for them, with tremolo bars. Rests that a reader does not need are hidden. `repeat_bars` puts repeat signs on bars
    like the one before. The same score gives the same bytes.
    """
    staff_map = load_staff_map() if staff_map is None else staff_map
    midi_notes = load_note_map("general-midi").notes
    notes = [
        DrumNote(
            instrument=note.instrument,
            label=staff_map.places[note.instrument].label,
            midi_note=midi_notes[note.instrument],
            velocity=note.velocity,
            stem=STEMS[staff_map.places[note.instrument].limb],
        )
        for note in score.notes
    ]
    page = drum_page(score, staff_map, repeat_bars=repeat_bars)
    return finished_document(_music21_part().music21_tree(page), notes, page, paper)


def _music21_part() -> Any:
    """Import music21 without the user's settings for it, which it reads from the home folder while it is imported.

    They are for interactive work, cannot help here, and damaged ones would stop the import.
    """
    with _import_lock:
        if "music21" in sys.modules:
            return import_module("backbeat.outputs.notation.music21_part")
        variable = "APPDATA" if os.name == "nt" else "HOME"
        home = os.environ.get(variable)
        with tempfile.TemporaryDirectory() as empty:
            os.environ[variable] = empty
            try:
                return import_module("backbeat.outputs.notation.music21_part")
            finally:
                if home is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = home
