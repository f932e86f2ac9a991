"""What the two voices of a drum part hold, bar by bar: chords with their grace notes, rolls and marks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise

from backbeat.outputs.notation.hat_marks import HatMark, hat_marks
from backbeat.outputs.notation.staff_map import StaffMap
from backbeat.outputs.notation.staff_map_table import Limb
from backbeat.records import Role, Score, ScoreNote
from backbeat.values import Instrument


@dataclass(frozen=True, slots=True)
class Stroke:
    """A note of the score with its number there, which leads back to it from the finished document."""

    number: int
    note: ScoreNote


@dataclass(frozen=True, kw_only=True)
class DrumChord:
    """What one limb plays at one time, from the bottom of the staff up.

    graces: small notes before it, each one or more strokes at once, in the order in which they sound.
    tremolo: bars through the stem of a roll, which lasts `lasts` quarter notes; both 0 for others.
    is_held: the roll's going on in a further bar.
    """

    strokes: tuple[Stroke, ...]
    graces: tuple[tuple[Stroke, ...], ...] = ()
    tremolo: int = 0
    lasts: Fraction = Fraction(0)
    is_held: bool = False
    hat_mark: HatMark | None = None

    @property
    def is_accent(self) -> bool:
        return not self.is_held and any(stroke.note.is_accent for stroke in self.strokes)


class Voice(StrEnum):
    """The voices of a bar; the hands' rolls have one of their own where the hands play something else meanwhile."""

    HANDS = "hands"
    FEET = "feet"
    ROLLS = "rolls"

    @property
    def limb(self) -> Limb:
        return Limb.FEET if self is Voice.FEET else Limb.HANDS


VoicesOfBar = Mapping[Voice, Mapping[Fraction, DrumChord]]
"""Each voice's chords by their place in the bar, in quarter notes, rising; Voice.ROLLS only where it has any."""


def drum_voices(score: Score, staff_map: StaffMap) -> tuple[VoicesOfBar, ...]:
    """The voices of every bar.

    Every note is in them once, but rolled strokes, which are within the chord of their roll; a roll that another one of the
    same voice ends too early leaves those behind it as strokes. A grace note without its stroke is a stroke.
    """
    starts = [Fraction(0), *accumulate(bar.length for bar in score.bars)]
    strokes = [Stroke(number, note) for number, note in enumerate(score.notes)]
    marks = hat_marks(((starts[note.bar] + note.position, note) for note in score.notes), staff_map.hat_marks)
    bars: list[dict[Voice, dict[Fraction, DrumChord]]] = [{Voice.HANDS: {}, Voice.FEET: {}} for _ in score.bars]
    for voice, of_voice in _by_voice(strokes, starts, staff_map).items():
        for at, chord in _at_bar_lines(_chords(of_voice, starts, staff_map), starts):
            bar = bisect_right(starts, at) - 1
            mark = marks.get(at) if voice is Voice.HANDS and not chord.is_held else None
            bars[bar].setdefault(voice, {})[at - starts[bar]] = replace(chord, hat_mark=mark)
    return tuple(bars)


def _by_voice(strokes: Sequence[Stroke], starts: Sequence[Fraction], staff_map: StaffMap) -> dict[Voice, list[Stroke]]:
    of_limb: dict[Limb, list[Stroke]] = {limb: [] for limb in Limb}
    for stroke in strokes:
        of_limb[staff_map.places[stroke.note.instrument].limb].append(stroke)
    hands = of_limb[Limb.HANDS]
    beside = _rolls_beside_strokes(hands, starts)
    apart = {stroke.number for stroke in hands if any(roll.covers(_at(stroke, starts), stroke) for roll in beside)}
    return {
        Voice.HANDS: [stroke for stroke in hands if stroke.number not in apart],
        Voice.FEET: of_limb[Limb.FEET],
        Voice.ROLLS: [stroke for stroke in hands if stroke.number in apart],
    }


def _rolls_beside_strokes(strokes: Sequence[Stroke], starts: Sequence[Fraction]) -> list[_Roll]:
    """The rolls during which another drum of the same limb is struck."""
    struck = sorted((_at(stroke, starts), stroke.number) for stroke in strokes if stroke.note.role in (Role.STROKE, Role.ROLL))
    beside = []
    for stroke in strokes:
        if stroke.note.role is Role.ROLL:
            start = _at(stroke, starts)
            end = start + stroke.note.roll_length
            meanwhile = struck[bisect_left(struck, (start, -1)) : bisect_left(struck, (end, -1))]
            if any(number != stroke.number for _, number in meanwhile):
                beside.append(_Roll(stroke.note.instrument, start, end))
    return beside


def _at(stroke: Stroke, starts: Sequence[Fraction]) -> Fraction:
    return starts[stroke.note.bar] + stroke.note.position


def _chords(strokes: Iterable[Stroke], starts: Sequence[Fraction], staff_map: StaffMap) -> dict[Fraction, DrumChord]:
    """A limb's chords by their place in the score, in quarter notes, rising."""
    at_once: dict[Fraction, list[Stroke]] = defaultdict(list)
    graces: dict[tuple[Fraction, Instrument], list[Stroke]] = defaultdict(list)
    rolled: list[tuple[Fraction, Stroke]] = []
    for stroke in strokes:
        at = _at(stroke, starts)
        match stroke.note.role:
            case Role.GRACE:
                graces[at, stroke.note.instrument].append(stroke)
            case Role.ROLLED:
                rolled.append((at, stroke))
            case _:
                at_once[at].append(stroke)
    for (at, instrument), small in graces.items():
        if all(stroke.note.instrument is not instrument for stroke in at_once[at]):
            at_once[at].append(small.pop())
    chords = {at: _chord(group, graces, at, staff_map) for at, group in at_once.items()}
    ended = _ended(chords)
    rolls = _rolls(ended)
    left = [(at, stroke) for at, stroke in rolled if not any(roll.covers(at, stroke) for roll in rolls)]
    for at, stroke in left:
        before = ended.get(at)
        ended[at] = _chord([*(before.strokes if before else ()), stroke], graces, at, staff_map)
    return _ended(ended) if left else ended


@dataclass(frozen=True, slots=True)
class _Roll:
    instrument: Instrument
    start: Fraction
    end: Fraction

    def covers(self, at: Fraction, stroke: Stroke) -> bool:
        return stroke.note.instrument is self.instrument and self.start <= at < self.end


def _rolls(chords: Mapping[Fraction, DrumChord]) -> list[_Roll]:
    return [
        _Roll(stroke.note.instrument, at, at + chord.lasts)
        for at, chord in chords.items()
        for stroke in chord.strokes
        if stroke.note.role is Role.ROLL
    ]


def _chord(
    group: Sequence[Stroke],
    graces: Mapping[tuple[Fraction, Instrument], Sequence[Stroke]],
    at: Fraction,
    staff_map: StaffMap,
) -> DrumChord:
    def from_below(strokes: Iterable[Stroke]) -> tuple[Stroke, ...]:
        return tuple(sorted(strokes, key=lambda stroke: staff_map.places[stroke.note.instrument].height))

    small = [
        sorted(graces.get((at, instrument), ()), key=_sounding) for instrument in dict.fromkeys(s.note.instrument for s in group)
    ]
    deepest = max(map(len, small), default=0)
    columns = [[column[place - deepest] for column in small if len(column) >= deepest - place] for place in range(deepest)]
    return DrumChord(
        strokes=from_below(group),
        graces=tuple(map(from_below, columns)),
        tremolo=max(stroke.note.tremolo for stroke in group),
        lasts=max(stroke.note.roll_length for stroke in group),
    )


def _sounding(stroke: Stroke) -> tuple[Fraction, float]:
    return stroke.note.sounding, stroke.note.time_s


def _ended(chords: Mapping[Fraction, DrumChord]) -> dict[Fraction, DrumChord]:
    """In order, with rolls that end where the next chord of the voice begins."""
    in_order = sorted(chords)
    if not any(chord.lasts for chord in chords.values()):
        return {at: chords[at] for at in in_order}
    following = dict(pairwise(in_order))
    ends = {at: at + chords[at].lasts for at in in_order}
    return {at: replace(chords[at], lasts=min(end, following.get(at, end)) - at) for at, end in ends.items()}


def _at_bar_lines(chords: Mapping[Fraction, DrumChord], starts: Sequence[Fraction]) -> Iterator[tuple[Fraction, DrumChord]]:
    """The chords, and a roll once more at each bar line that it goes over; it ends with the score."""
    for at, chord in chords.items():
        if not chord.lasts:
            yield at, chord
            continue
        end = min(at + chord.lasts, starts[-1])
        yield at, replace(chord, lasts=end - at)
        held = tuple(stroke for stroke in chord.strokes if stroke.note.role is Role.ROLL)
        for start in starts[bisect_right(starts, at) : bisect_left(starts, end)]:
            yield start, DrumChord(strokes=held, tremolo=chord.tremolo, lasts=end - start, is_held=True)
