"""One voice of one bar as written: chords and rests with note values, tuplets, beams and ties.

A bar is cut into cells (a quarter note; three eighths in 6/8), so that every beat can be seen, and each has its own beam.
A stroke lasts until the next one or the end of its cell, whatever is shorter: drums have no length, and a reader wants few
rests. Only a roll has a length, which goes on over cells and bar lines with ties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import lcm

from backbeat.outputs.notation.beams import Beam, beams_of
from backbeat.outputs.notation.note_values import DOTTED, QUARTER, flags, may_start, rests_between, values_up_to
from backbeat.values import Meter


class Bracket(StrEnum):
    """Where a chord or rest stands in its tuplet."""

    START = "start"
    INSIDE = "inside"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Onset:
    """Where a chord begins, in quarter notes from the bar's start.

    lasts: a roll's length; 0 for a stroke. It may reach over the bar line, not over the next onset.
    is_held: a roll from the bar before.
    """

    at: Fraction
    lasts: Fraction = Fraction(0)
    is_held: bool = False


@dataclass(frozen=True, kw_only=True)
class Tuplet:
    """`actual` notes of 1/`unit` (8, 16, ...) in the time of `normal`."""

    actual: int
    normal: int
    unit: int
    bracket: Bracket = Bracket.INSIDE


@dataclass(frozen=True, kw_only=True)
class Written:
    """A chord, or a rest where `sounds` is False.

    start, length: quarter notes as they sound, `start` from the bar's start. value: the note value in quarter notes as
    written, which is longer than `length` within a tuplet. whole_bar: a rest that fills the bar, whatever its length.
    is_held: tied to the chord before, for a roll. goes_on: tied to the next one. beams: from the eighth's beam on; empty
    without beams.
    """

    start: Fraction
    length: Fraction
    value: Fraction
    sounds: bool
    is_held: bool = False
    goes_on: bool = False
    tuplet: Tuplet | None = None
    beams: tuple[Beam, ...] = ()
    whole_bar: bool = False


@lru_cache(maxsize=4096)  # drummers repeat themselves: a track of hundreds of bars has a few dozen rhythms
def bar_rhythm(onsets: tuple[Onset, ...], meter: Meter, length: Fraction) -> tuple[Written, ...]:
    """Write chords that begin at `onsets` (rising, different) in a bar of `length` quarter notes.

    The lengths add up to the bar's. A bar without chords is one rest.
    """
    if not onsets:
        return (Written(start=Fraction(0), length=length, value=length, sounds=False, whole_bar=True),)
    offset = meter.quarters - length
    tuplet_span = min(QUARTER, Fraction(4, meter.unit))
    groups: list[list[Written]] = []
    for start, cell_length in _cells(meter, offset):
        inside = list(_inside(onsets, start, cell_length))
        groups += [_moved(group, start) for group in _cell(inside, cell_length, tuplet_span)]
    if _in_pairs(meter):
        groups = _joined_rests(groups, offset)
    return tuple(item for group in _joined_rolls(groups, offset) for item in _beamed(group))


def _cells(meter: Meter, offset: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Start and length of each cell of a bar; a pickup, `offset` shorter than its meter, has the last cells."""
    start = -offset
    for cell_length in _full_cells(meter):
        end = start + cell_length
        if end > 0:
            yield max(start, Fraction(0)), end - max(start, Fraction(0))
        start = end


def _full_cells(meter: Meter) -> list[Fraction]:
    unit = Fraction(4, meter.unit)
    if meter.unit <= 4:
        return [QUARTER] * (4 * meter.beats // meter.unit)
    if meter.beats % 3 == 0:
        return [3 * unit] * (meter.beats // 3)
    if meter.beats % 2 and meter.beats > 2:
        return [2 * unit] * ((meter.beats - 3) // 2) + [3 * unit]
    return [2 * unit] * (meter.beats // 2) + [unit] * (meter.beats % 2)


def _inside(onsets: Sequence[Onset], start: Fraction, length: Fraction) -> Iterator[Onset]:
    """What there is in a stretch of `onsets`, from its start: a roll from before begins anew, held."""
    for onset in onsets:
        if start <= onset.at < start + length:
            yield Onset(onset.at - start, onset.lasts, onset.is_held)
        elif onset.at < start < onset.at + onset.lasts:
            yield Onset(Fraction(0), onset.at + onset.lasts - start, is_held=True)


def _cell(onsets: Sequence[Onset], length: Fraction, tuplet_span: Fraction) -> list[list[Written]]:
    """One cell, in as many beam groups as it needs: tuplets are written over a beat, not over a longer cell."""
    if all(point.denominator % 3 for point in _points(onsets, length)):
        return [_filled(onsets, length)]
    if length <= tuplet_span:
        return [_tuplet(onsets, length)]
    head = _cell(list(_inside(onsets, Fraction(0), tuplet_span)), tuplet_span, tuplet_span)
    rest = length - tuplet_span
    tail = _cell(list(_inside(onsets, tuplet_span, rest)), rest, tuplet_span)
    return head + [_moved(group, tuplet_span) for group in tail]


def _points(onsets: Sequence[Onset], length: Fraction) -> list[Fraction]:
    """All that has to lie on the division of a cell: where chords begin, and where rolls end."""
    ends = (onset.at + onset.lasts for onset in onsets if onset.lasts)
    return [onset.at for onset in onsets] + [end for end in ends if end < length]


def _tuplet(onsets: Sequence[Onset], length: Fraction) -> list[Written]:
    """Written as three halves of `length`, played in the time of two."""
    parts = lcm(*((point / length).denominator for point in _points(onsets, length)))
    tuplet = Tuplet(actual=parts, normal=parts * 2 // 3, unit=int(4 * parts * 2 / (3 * length)))
    stretched = [Onset(onset.at * DOTTED, onset.lasts * DOTTED, onset.is_held) for onset in onsets]
    items = _filled(stretched, length * DOTTED)
    brackets = [Bracket.START] + [Bracket.INSIDE] * (len(items) - 2) + [Bracket.STOP]
    return [
        replace(item, start=item.start / DOTTED, length=item.length / DOTTED, tuplet=replace(tuplet, bracket=bracket))
        for item, bracket in zip(items, brackets, strict=True)
    ]


def _filled(onsets: Sequence[Onset], length: Fraction) -> list[Written]:
    """Chords at dyadic `onsets` in a cell of `length`, each as long as it can be, and rests around them."""
    starts = [*(onset.at for onset in onsets), length]
    items = _rests(Fraction(0), starts[0])
    for onset, following in zip(onsets, starts[1:], strict=True):
        chords = _roll(onset, min(following, onset.at + onset.lasts), length) if onset.lasts else [_stroke(onset.at, following)]
        items += chords
        items += _rests(chords[-1].start + chords[-1].length, following)
    return items


def _stroke(at: Fraction, following: Fraction) -> Written:
    value = next(value for value in values_up_to(following - at) if may_start(value, at))
    return Written(start=at, length=value, value=value, sounds=True)


def _roll(onset: Onset, end: Fraction, length: Fraction) -> list[Written]:
    """A roll to `end` in as many tied notes as it needs; it goes on behind a cell that ends before it does."""
    items: list[Written] = []
    at = onset.at
    while at < end:
        value = next(value for value in values_up_to(end - at) if may_start(value, at))
        is_held = onset.is_held or bool(items)
        items.append(Written(start=at, length=value, value=value, sounds=True, is_held=is_held, goes_on=True))
        at += value
    items[-1] = replace(items[-1], goes_on=onset.at + onset.lasts > length)
    return items


def _rests(start: Fraction, end: Fraction) -> list[Written]:
    return [Written(start=at, length=value, value=value, sounds=False) for at, value in rests_between(start, end)]


def _joined_rests(groups: list[list[Written]], offset: Fraction) -> list[list[Written]]:
    """In half a bar of 4/4, two empty quarters are one rest."""
    joined: list[list[Written]] = []
    for group in groups:
        before = joined[-1] if joined and ((joined[-1][0].start + offset) / 2).denominator == 1 else []
        if _is_quarter_rest(before) and _is_quarter_rest(group):
            joined[-1] = [replace(before[0], length=2 * QUARTER, value=2 * QUARTER)]
        else:
            joined.append(group)
    return joined


def _joined_rolls(groups: list[list[Written]], offset: Fraction) -> list[list[Written]]:
    """The tied notes of a roll are as few as can be, over the beats."""
    joined: list[list[Written]] = []
    for group in groups:
        last, first = joined[-1][-1] if joined else None, group[0]
        value = last.value + first.value if last is not None else Fraction(0)
        if last is not None and first.is_held and _may_join(last, first) and may_start(value, last.start + offset):
            joined[-1][-1] = replace(last, length=value, value=value, goes_on=first.goes_on)
            joined += [group[1:]] if len(group) > 1 else []
        else:
            joined.append(list(group))
    return joined


def _may_join(last: Written, first: Written) -> bool:
    value = last.value + first.value
    return last.tuplet is None and first.tuplet is None and value in values_up_to(value)


def _moved(group: Sequence[Written], by: Fraction) -> list[Written]:
    return [replace(item, start=item.start + by) for item in group]


def _in_pairs(meter: Meter) -> bool:
    return meter.unit <= 4 and (4 * meter.beats // meter.unit) % 2 == 0


def _is_quarter_rest(group: Sequence[Written]) -> bool:
    return len(group) == 1 and not group[0].sounds and group[0].length == QUARTER


def _beamed(group: Sequence[Written]) -> list[Written]:
    """Beams over the notes of a group, across the rests between them."""
    flagged = [number for number, item in enumerate(group) if item.sounds and flags(item.value)]
    if not flagged or any(item.sounds and not flags(item.value) for item in group[flagged[0] : flagged[-1]]):
        return list(group)
    beamed = list(group)
    for number, beams in zip(flagged, beams_of([flags(group[number].value) for number in flagged]), strict=True):
        beamed[number] = replace(group[number], beams=beams)
    return beamed
