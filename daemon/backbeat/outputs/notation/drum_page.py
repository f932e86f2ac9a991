"""Everything that a drum part says, worked out from a score before any notation library is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from backbeat.outputs.notation.bar_repeats import repeated_bars
from backbeat.outputs.notation.drum_voices import VoicesOfBar, drum_voices
from backbeat.outputs.notation.staff_map import StaffMap
from backbeat.outputs.notation.system_breaks import system_starts
from backbeat.outputs.notation.tempo_marks import tempo_marks
from backbeat.records import Feel, Score

PART_NAME = "Drumset"  # MuseScore takes a part of this name for a drum kit

_EIGHTH = Fraction(1, 2)
_LIGHT_BELOW = 1.6  # swing ratio, about halfway between straight and triplets
_SMALL_NUMBERS = 7  # a swing ratio is told in whole numbers up to this: 2 to 1, 3 to 2, 5 to 3, ...


@dataclass(frozen=True, kw_only=True)
class Swing:
    """words: for the reader. first, second: the lengths of a pair in whole numbers. unit: MusicXML's name of the notes."""

    words: str
    first: int
    second: int
    unit: str


@dataclass(frozen=True, kw_only=True)
class DrumPage:
    """voices: one for each bar. tempi: as `tempo_marks` has them. repeated, system_starts: indices of bars."""

    score: Score
    staff_map: StaffMap
    voices: tuple[VoicesOfBar, ...]
    tempi: Mapping[int, float]
    swing: Swing | None
    repeated: frozenset[int]
    system_starts: frozenset[int]


def drum_page(score: Score, staff_map: StaffMap, *, repeat_bars: bool) -> DrumPage:
    """Work `score` out; `repeat_bars` asks for repeat signs."""
    voices = drum_voices(score, staff_map)
    tempi = tempo_marks(score)
    repeated = repeated_bars(score.bars, voices, tempi) if repeat_bars else frozenset()
    return DrumPage(
        score=score,
        staff_map=staff_map,
        voices=voices,
        tempi=tempi,
        swing=_swing(score.feel) if score.feel.is_swung else None,
        repeated=repeated,
        system_starts=system_starts(score.bars, voices, repeated),
    )


def stroke_id(number: int) -> str:
    """How a note of the score is marked in music21's tree, so that it can be found again."""
    return f"n{number}"


def number_of_stroke(stroke: str) -> int:
    """The inverse of `stroke_id`."""
    return int(stroke.removeprefix("n"))


def _swing(feel: Feel) -> Swing:
    words = "Light swing" if feel.swing_ratio < _LIGHT_BELOW else "Swing"
    ratio = Fraction(feel.swing_ratio).limit_denominator(_SMALL_NUMBERS)
    is_eighths = feel.swing_unit == _EIGHTH
    return Swing(
        words=f"{words} (♫ = ♩³♪)" if is_eighths else f"{words} 16ths",
        first=ratio.numerator,
        second=ratio.denominator,
        unit="eighth" if is_eighths else "16th",
    )
