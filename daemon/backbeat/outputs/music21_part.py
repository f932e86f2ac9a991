"""A score as music21's objects, and as the MusicXML tree that music21 makes of them. Imports music21: heavy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element

from music21 import bar as barline
from music21 import clef, duration, instrument, metadata, meter, note, percussion, stream, tempo
from music21.musicxml.m21ToXml import ScoreExporter
from music21.stream.enums import ShowNumber

from backbeat.outputs.bar_rhythm import Bracket, Tuplet, Written, bar_rhythm
from backbeat.outputs.plain_text import plain_text
from backbeat.outputs.staff_map import STEMS, Limb, StaffMap, StaffPlace
from backbeat.records import Bar, Score, ScoreNote
from backbeat.values import Meter

PART_NAME = "Drumset"  # MuseScore takes a part of this name for a drum kit

_VOICES = {Limb.HANDS: 1, Limb.FEET: 2}
_TYPES = ("whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th")
_TYPE_OF_VALUE = {Fraction(4, 2**power): name for power, name in enumerate(_TYPES)}


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A note of the score with its number there, which leads back to it from the finished document."""

    number: int
    note: ScoreNote


class DrumPart:
    """Builds music21's stream of a score, and lets music21 make the tree of it."""

    def __init__(self, score: Score, staff_map: StaffMap) -> None:
        self._score = score
        self._staff_map = staff_map
        self._strokes: dict[int, list[_Stroke]] = defaultdict(list)
        for number, scored in enumerate(score.notes):
            self._strokes[scored.bar].append(_Stroke(number, scored))

    def tree(self) -> Element:
        part = stream.Part()
        part.partName = PART_NAME
        drums = instrument.UnpitchedPercussion()
        drums.instrumentName = PART_NAME
        part.insert(0, drums)
        offset = Fraction(0)
        for index, bar in enumerate(self._score.bars):
            part.insert(offset, self._measure(index, bar))
            offset += bar.length
        document = stream.Score()
        document.metadata = metadata.Metadata(title=plain_text(self._score.title))
        document.insert(0, part)
        root: Element = ScoreExporter(document, makeNotation=False).parse()
        return root

    def _measure(self, index: int, bar: Bar) -> Any:
        bars = self._score.bars
        measure = stream.Measure(number=bar.number)
        if bar.length != Fraction(4 * bar.meter.beats, bar.meter.unit):
            measure.showNumber = ShowNumber.NEVER  # a pickup: MusicXML calls it implicit
        if index == 0:
            measure.insert(0, clef.PercussionClef())
        if index == 0 or bar.meter != bars[index - 1].meter:
            measure.insert(0, meter.TimeSignature(str(bar.meter)))
        if index == 0:
            measure.insert(0, self._tempo_mark(bar.meter))
        if index == len(bars) - 1:
            measure.rightBarline = barline.Barline("final")
        rests: frozenset[Written] = frozenset()
        for limb in Limb:
            voice, rests = self._voice(limb, index, hidden=rests)
            measure.insert(0, voice)
        return measure

    def _tempo_mark(self, first: Meter) -> Any:
        is_compound = first.unit == 8 and first.beats % 3 == 0 and first.beats > 3
        beat = Fraction(3, 2) if is_compound else Fraction(1)
        return tempo.MetronomeMark(number=round(self._score.tempo_bpm / beat), referent=duration.Duration(beat))

    def _voice(self, limb: Limb, index: int, *, hidden: frozenset[Written]) -> tuple[Any, frozenset[Written]]:
        """The voice and its rests. Rests in `hidden`, which the voice before shows, are there but not seen."""
        bar = self._score.bars[index]
        chords: dict[Fraction, list[_Stroke]] = defaultdict(list)
        for stroke in self._strokes[index]:
            if self._place(stroke).limb is limb:
                chords[stroke.note.position].append(stroke)
        voice = stream.Voice(id=str(_VOICES[limb]))
        rhythm = bar_rhythm(sorted(chords), bar.meter, bar.length)
        for written in rhythm:
            if written.sounds:
                voice.insert(written.start, self._chord(written, chords[written.start], limb))
            else:
                is_hidden = written in hidden or (limb is Limb.FEET and written.whole_bar)
                voice.insert(written.start, _rest(written, is_hidden=is_hidden))
        return voice, frozenset(written for written in rhythm if not written.sounds)

    def _chord(self, written: Written, strokes: Sequence[_Stroke], limb: Limb) -> Any:
        notes = [self._note(stroke) for stroke in sorted(strokes, key=lambda stroke: self._place(stroke).height)]
        chord = notes[0] if len(notes) == 1 else percussion.PercussionChord(notes)
        chord.duration = _duration(written)
        chord.stemDirection = STEMS[limb]
        for beam in written.beams:
            kind, _, direction = str(beam).partition("-")
            chord.beams.append(kind, direction or None)
        return chord

    def _note(self, stroke: _Stroke) -> Any:
        place = self._place(stroke)
        drum = note.Unpitched(displayName=f"{place.step}{place.octave}")
        drum.notehead = str(place.head)
        drum.id = f"n{stroke.number}"
        return drum

    def _place(self, stroke: _Stroke) -> StaffPlace:
        return self._staff_map[stroke.note.instrument]


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
