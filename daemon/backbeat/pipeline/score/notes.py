"""Places and ornaments into the notes of the score, in bars."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from backbeat.pipeline.score.bars import Span, beat_length
from backbeat.pipeline.score.divisions import BEAT_TICKS
from backbeat.pipeline.score.marks import Marks
from backbeat.pipeline.score.rolls import Roll
from backbeat.pipeline.score.swing import Swing
from backbeat.records import Hit, Role, ScoreNote

_GAP_STEPS = 960  # of a quarter note: what gaps of grace notes are rounded to
_TREMOLO_MAX = 4


@dataclass(frozen=True, kw_only=True)
class RollPlace:
    """From tick `start` to tick `end` on the line of beats; `quarter_s` is how long a quarter note is there."""

    roll: Roll
    start: int
    end: int
    quarter_s: float


class Notes:
    """Makes notes over bars that are known."""

    def __init__(self, spans: Sequence[Span], swing: Swing, marks: Marks) -> None:
        self._spans = spans
        self._firsts = [span.first for span in spans]
        self._swing = swing
        self._marks = marks

    def stroke(self, number: int, hit: Hit, tick: int, *, swung: bool) -> ScoreNote:
        bar = self._bar(tick)
        within, unit = tick - self._firsts[bar] * BEAT_TICKS, self._spans[bar].meter.unit
        return self._note(
            hit,
            bar,
            position=_quarters(within, unit),
            sounding=_swung_quarters(within, unit, self._swing) if swung else _quarters(within, unit),
            is_ghost=number in self._marks.ghosts,
            is_accent=number in self._marks.accents,
        )

    def grace(self, hit: Hit, stroke: ScoreNote, quarter_s: float) -> ScoreNote:
        gap = Fraction(round((stroke.time_s - hit.time_s) / quarter_s * _GAP_STEPS), _GAP_STEPS)
        return self._note(hit, stroke.bar, position=stroke.position, sounding=stroke.sounding - gap, role=Role.GRACE)

    def roll(self, place: RollPlace, hits: Sequence[Hit]) -> dict[int, ScoreNote]:
        """The notes of a roll: evenly from its start to its end, and one written note in each bar that it is in."""
        strokes = place.roll.strokes
        each = Fraction(place.end - place.start, len(strokes))
        ticks = {stroke: place.start + number * each for number, stroke in enumerate(strokes)}
        bars: dict[int, list[int]] = {}
        for stroke, tick in ticks.items():
            bars.setdefault(self._bar(math.floor(tick)), []).append(stroke)
        notes: dict[int, ScoreNote] = {}
        for bar, (first, *others) in bars.items():
            start = max(place.start, self._firsts[bar] * BEAT_TICKS)
            end = min(place.end, self._spans[bar].end * BEAT_TICKS)
            length = (end - start) * beat_length(self._spans[bar].meter) / BEAT_TICKS
            notes[first] = self._rolled(hits[first], bar, ticks[first], position=Fraction(start))
            if others:
                notes[first] = replace(
                    notes[first],
                    role=Role.ROLL,
                    roll_length=length,
                    tremolo=tremolo(place.quarter_s / place.roll.gap_s, length),
                )
            for stroke in others:
                rolled = self._rolled(hits[stroke], bar, ticks[stroke], position=ticks[stroke])
                notes[stroke] = replace(rolled, role=Role.ROLLED)
        return notes

    def _rolled(self, hit: Hit, bar: int, tick: Fraction, *, position: Fraction) -> ScoreNote:
        length = beat_length(self._spans[bar].meter) / BEAT_TICKS
        first = self._firsts[bar] * BEAT_TICKS
        return self._note(hit, bar, position=(position - first) * length, sounding=(tick - first) * length)

    def _bar(self, tick: int) -> int:
        return bisect_right(self._firsts, tick // BEAT_TICKS) - 1

    @staticmethod
    def _note(
        hit: Hit,
        bar: int,
        *,
        position: Fraction,
        sounding: Fraction,
        role: Role = Role.STROKE,
        is_ghost: bool = False,
        is_accent: bool = False,
    ) -> ScoreNote:
        return ScoreNote(
            bar=bar,
            position=position,
            sounding=sounding,
            time_s=hit.time_s,
            instrument=hit.instrument,
            velocity=hit.velocity,
            confidence=hit.confidence,
            role=role,
            is_ghost=is_ghost,
            is_accent=is_accent,
        )


def tremolo(strokes_a_quarter: float, length: Fraction) -> int:
    """Bars through the stem of a note `length` quarter notes long, 1..4: with its flags, three are 32nds and four 64ths."""
    flags = max(0, -math.floor(math.log2(length)))
    return min(max(round(math.log2(max(strokes_a_quarter, 1.0))) - flags, 1), _TREMOLO_MAX)


@lru_cache(maxsize=4096)
def _quarters(ticks: int, unit: int) -> Fraction:
    return Fraction(ticks * 4, BEAT_TICKS * unit)


@lru_cache(maxsize=4096)
def _swung_quarters(ticks: int, unit: int, swing: Swing) -> Fraction:
    """Where the second note of a pair sounds."""
    return _quarters(ticks, unit) + swing.unit * (2 * swing.share - 1)
