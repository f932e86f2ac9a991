"""A score as music21's objects, and as the MusicXML tree that music21 makes of them. Imports music21: heavy."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from music21 import (
    articulations,
    beam,
    clef,
    duration,
    expressions,
    instrument,
    layout,
    metadata,
    meter,
    note,
    percussion,
    stream,
    tempo,
    tie,
)
from music21 import bar as barline
from music21.musicxml.m21ToXml import ScoreExporter
from music21.stream.enums import ShowNumber

from backbeat.outputs.notation.bar_rhythm import Bracket, Onset, Tuplet, Written, bar_rhythm
from backbeat.outputs.notation.beams import Beam
from backbeat.outputs.notation.drum_page import PART_NAME, DrumPage, stroke_id
from backbeat.outputs.notation.drum_voices import DrumChord, Stroke, Voice
from backbeat.outputs.notation.hat_marks import HatMark
from backbeat.outputs.notation.hidden_rests import hidden_rests
from backbeat.outputs.notation.staff_map import STEMS
from backbeat.outputs.notation.staff_map_table import Limb
from backbeat.outputs.notation.tempo_marks import beat_of
from backbeat.outputs.plain_text import plain_text

_VOICES = {Voice.HANDS: 1, Voice.FEET: 2, Voice.ROLLS: 3}
_TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
_TYPE_OF_VALUE = {Fraction(4, 2**power): name for power, name in enumerate(_TYPES)}
_HAT_MARKS = {HatMark.OPEN: articulations.OpenString, HatMark.CLOSED: articulations.Stopped}  # an o and a +


def music21_tree(page: DrumPage) -> Element:
    """The MusicXML tree that music21 makes of `page`; its notes have the ids that `stroke_id` gives."""
    part = stream.Part()
    part.partName = PART_NAME
    drums = instrument.UnpitchedPercussion()
    drums.instrumentName = PART_NAME
    part.insert(0, drums)
    offset = Fraction(0)
    for index, bar in enumerate(page.score.bars):
        part.insert(offset, _measure(page, index))
        offset += bar.length
    document = stream.Score()
    document.metadata = metadata.Metadata(title=plain_text(page.score.title))
    document.insert(0, part)
    root: Element = ScoreExporter(document, makeNotation=False).parse()
    return root


def _measure(page: DrumPage, index: int) -> Any:
    bars = page.score.bars
    bar = bars[index]
    measure = stream.Measure(number=bar.number)
    if bar.is_pickup:
        measure.showNumber = ShowNumber.NEVER  # MusicXML calls it implicit
    if index in page.system_starts:
        measure.insert(0, layout.SystemLayout(isNew=True))
    if index == 0:
        measure.insert(0, clef.PercussionClef())
    if index == 0 or bar.meter != bars[index - 1].meter:
        measure.insert(0, meter.TimeSignature(str(bar.meter)))
    if index in page.tempi:
        beat = beat_of(bar.meter)
        measure.insert(0, tempo.MetronomeMark(number=round(page.tempi[index] / beat), referent=duration.Duration(beat)))
    if index == len(bars) - 1:
        measure.rightBarline = barline.Barline("final")
    for voice in _voices(page, index):
        measure.insert(0, voice)
    return measure


def _voices(page: DrumPage, index: int) -> list[Any]:
    bar, voices = page.score.bars[index], page.voices[index]
    rhythms = {
        voice: bar_rhythm(tuple(Onset(at, chord.lasts, chord.is_held) for at, chord in chords.items()), bar.meter, bar.length)
        for voice, chords in voices.items()
    }
    hidden = hidden_rests(rhythms)
    return [_Voice(page, voice, voices[voice]).music(rhythm, hidden[voice]) for voice, rhythm in rhythms.items()]


class _Voice:
    """Makes one voice of one bar."""

    def __init__(self, page: DrumPage, voice: Voice, chords: Mapping[Fraction, DrumChord]) -> None:
        self._places = page.staff_map.places
        self._voice = voice
        self._chords = chords

    def music(self, rhythm: Sequence[Written], hidden: Collection[Written]) -> Any:
        voice = stream.Voice(id=str(_VOICES[self._voice]))
        at = Fraction(0)
        for written in rhythm:
            if not written.sounds:
                voice.insert(written.start, _rest(written, is_hidden=written in hidden))
                continue
            at = written.start if written.start in self._chords else at
            for small in [] if written.is_held else self._graces(self._chords[at]):
                voice.insert(written.start, small)
            voice.insert(written.start, self._chord(self._chords[at], written))
        return voice

    def _chord(self, chord: DrumChord, written: Written) -> Any:
        """The chord; what a roll is tied to holds only the rolled drums."""
        strokes = [stroke for stroke in chord.strokes if stroke.note.roll_length or not written.is_held]
        notes = [self._note(stroke, is_ghost=stroke.note.is_ghost) for stroke in strokes]
        for drum, stroke in zip(notes, strokes, strict=True):
            if stroke.note.roll_length:
                drum.tie = _tie(written)
        made = self._joined(notes)
        made.duration = _duration(written)
        _add_beams(made, written.beams)
        if chord.tremolo:
            roll = expressions.Tremolo()
            roll.numberOfMarks = chord.tremolo
            made.expressions.append(roll)
        if not written.is_held:
            made.articulations += _marks(chord, self._voice.limb)
        return made

    def _graces(self, chord: DrumChord) -> list[Any]:
        """One is a slashed eighth, more are sixteenths under a beam."""
        count = len(chord.graces)
        made = []
        for number, strokes in enumerate(chord.graces):
            small = self._joined([self._note(stroke, is_ghost=False) for stroke in strokes])
            small.duration = duration.GraceDuration("eighth" if count == 1 else "16th")
            small.duration.slash = count == 1
            if count > 1:
                place = Beam.START if number == 0 else Beam.STOP if number == count - 1 else Beam.CONTINUE
                _add_beams(small, (place, place))
            made.append(small)
        return made

    def _joined(self, notes: list[Any]) -> Any:
        made = notes[0] if len(notes) == 1 else percussion.PercussionChord(notes)
        made.stemDirection = STEMS[self._voice.limb]
        return made

    def _note(self, stroke: Stroke, *, is_ghost: bool) -> Any:
        place = self._places[stroke.note.instrument]
        drum = note.Unpitched(displayName=f"{place.step}{place.octave}")
        drum.notehead = str(place.head)
        drum.noteheadParenthesis = is_ghost
        drum.id = stroke_id(stroke.number)
        return drum


def _marks(chord: DrumChord, limb: Limb) -> list[Any]:
    """Outside the staff, where the stems point."""
    marks = [articulations.Accent()] if chord.is_accent else []
    if chord.hat_mark is not None:
        marks.append(_HAT_MARKS[chord.hat_mark]())
    for mark in marks:
        mark.placement = "above" if limb is Limb.HANDS else "below"
    return marks


def _tie(written: Written) -> Any:
    if written.is_held:
        return tie.Tie("continue" if written.goes_on else "stop")
    return tie.Tie("start") if written.goes_on else None


def _add_beams(made: Any, beams: Sequence[Beam]) -> None:
    for number, place in enumerate(beams, 1):
        kind, _, direction = str(place).partition("-")
        made.beams.beamsList.append(beam.Beam(number=number, type=kind, direction=direction or None))


def _rest(written: Written, *, is_hidden: bool) -> Any:
    rest = note.Rest()
    if written.whole_bar:
        rest.duration.quarterLength = written.length
    else:
        rest.duration = _duration(written)
    rest.fullMeasure = written.whole_bar
    if is_hidden:
        rest.style.hideObjectOnPrint = True
    return rest


def _duration(written: Written) -> Any:
    is_dotted = written.value.numerator == 3
    plain = written.value * 2 / 3 if is_dotted else written.value
    length = duration.Duration(type=_TYPE_OF_VALUE[plain], dots=int(is_dotted))
    if written.tuplet is not None:
        length.appendTuplet(_tuplet(written.tuplet))
    return length


def _tuplet(tuplet: Tuplet) -> Any:
    unit = _TYPE_OF_VALUE[Fraction(4, tuplet.unit)]
    made = duration.Tuplet(tuplet.actual, tuplet.normal, unit)
    made.type = None if tuplet.bracket is Bracket.INSIDE else str(tuplet.bracket)
    made.bracket = True
    return made
