"""Score to MIDI files: one with a constant tempo for dragging into a DAW, one with the recording's tempo map.

Tick 0 is sample 0 in both, and strokes are at their true times whatever the tempo says, unless they are pulled to the grid.
"""

from __future__ import annotations

from backbeat.outputs.midi.notes import score_to_notes
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.midi.timeline import Timeline, mapped_timeline, steady_timeline
from backbeat.outputs.midi.tracks import midi_file
from backbeat.records import Score
from backbeat.values import Meter


def score_to_midi(score: Score, style: MidiStyle, *, tempo_bpm: float, meter: Meter) -> bytes:
    """A file with the one tempo `tempo_bpm` (quarter notes per minute) and one meter.

    It lands on the audio also where a host plays it at this tempo of its own and ignores the file's. Quantised strokes
    are at their places in the bars as they were played, which need not be this grid's.
    """
    return _file(score, style, steady_timeline(score.bars, tempo_bpm, meter))


def score_to_tempomap_midi(score: Score, style: MidiStyle) -> bytes:
    """A file whose bar lines lie where they were played: one tempo per bar, and every change of meter.

    Wholly quantised strokes are on exactly the ticks of their places.
    """
    silent_bars = min((note.bar for note in score.notes), default=len(score.bars))
    return _file(score, style, mapped_timeline(score.bars, silent_bars=silent_bars))


def _file(score: Score, style: MidiStyle, timeline: Timeline) -> bytes:
    return midi_file(score_to_notes(score, timeline, style), timeline, style, title=score.title)
