"""One voice of one bar as written: chords and rests with note values, tuplets and beams.

A bar is cut into cells (a quarter note; three eighths in 6/8), so that every beat can be seen. A stroke lasts until the
next one or the end of its cell, whatever is shorter: drums have no length, and a reader wants few rests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from math import lcm

from backbeat.values import Meter

_QUARTER = Fraction(1)
_EIGHTH = Fraction(1, 2)
_DOTTED = Fraction(3, 2)
_FINEST = Fraction(1, 64)  # a 256th note; the score itself goes down to 128ths


class Beam(StrEnum):
    """What one beam line does at a note, in music21's words."""

    START = "start"
    CONTINUE = "continue"
    STOP = "stop"
    HOOK_RIGHT = "partial-right"
    HOOK_LEFT = "partial-left"


class Bracket(StrEnum):
    """Where a chord or rest stands in its tuplet."""

    START = "start"
    INSIDE = "inside"
    STOP = "stop"


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
    beams: from the eighth's beam on; empty without beams.
    """

    start: Fraction
    length: Fraction
    value: Fraction
    sounds: bool
    tuplet: Tuplet | None = None
    beams: tuple[Beam, ...] = ()
    whole_bar: bool = False


def bar_rhythm(positions: Sequence[Fraction], meter: Meter, length: Fraction) -> tuple[Written, ...]:
    """Write strokes at `positions` (quarter notes from the bar's start, rising, different) in a bar of `length`.

    The lengths add up to the bar's. A bar without strokes is one rest.
    """
    if not positions:
        return (Written(start=Fraction(0), length=length, value=length, sounds=False, whole_bar=True),)
    offset = Fraction(4 * meter.beats, meter.unit) - length
    tuplet_span = min(_QUARTER, Fraction(4, meter.unit))
    groups: list[list[Written]] = []
    for start, cell_length in _cells(meter, offset):
        inside = [position - start for position in positions if start <= position < start + cell_length]
        groups += [_moved(group, start) for group in _cell(inside, cell_length, tuplet_span)]
    if _in_pairs(meter):
        groups = _joined_pairs(groups, offset)
    return tuple(item for group in groups for item in _beamed(group))


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
        return [_QUARTER] * (4 * meter.beats // meter.unit)
    if meter.beats % 3 == 0:
        return [3 * unit] * (meter.beats // 3)
    if meter.beats % 2 and meter.beats > 2:
        return [2 * unit] * ((meter.beats - 3) // 2) + [3 * unit]
    return [2 * unit] * (meter.beats // 2) + [unit] * (meter.beats % 2)


def _cell(positions: Sequence[Fraction], length: Fraction, tuplet_span: Fraction) -> list[list[Written]]:
    """One cell, in as many beam groups as it needs: tuplets are written over a beat, not over a longer cell."""
    if all(position.denominator % 3 for position in positions):
        return [_filled(positions, length)]
    if length <= tuplet_span:
        return [_tuplet(positions, length)]
    head = _cell([position for position in positions if position < tuplet_span], tuplet_span, tuplet_span)
    after = [position - tuplet_span for position in positions if position >= tuplet_span]
    tail = _cell(after, length - tuplet_span, tuplet_span)
    return head + [_moved(group, tuplet_span) for group in tail]


def _tuplet(positions: Sequence[Fraction], length: Fraction) -> list[Written]:
    """Written as three halves of `length`, played in the time of two."""
    parts = lcm(*((position / length).denominator for position in positions))
    tuplet = Tuplet(actual=parts, normal=parts * 2 // 3, unit=int(4 * parts * 2 / (3 * length)))
    items = _filled([position * _DOTTED for position in positions], length * _DOTTED)
    brackets = [Bracket.START] + [Bracket.INSIDE] * (len(items) - 2) + [Bracket.STOP]
    return [
        replace(item, start=item.start / _DOTTED, length=item.length / _DOTTED, tuplet=replace(tuplet, bracket=bracket))
        for item, bracket in zip(items, brackets, strict=True)
    ]


def _filled(positions: Sequence[Fraction], length: Fraction) -> list[Written]:
    """Chords at dyadic `positions` in a cell of `length`, each as long as it can be, and rests around them."""
    if not positions:
        return [Written(start=Fraction(0), length=length, value=length, sounds=False)]
    items = list(_rests(Fraction(0), positions[0]))
    for position, following in zip(positions, [*positions[1:], length], strict=True):
        value = next(value for value in _values(length) if value <= following - position and _may_start(value, position))
        items.append(Written(start=position, length=value, value=value, sounds=True))
        items += _rests(position + value, following)
    return items


def _values(longest: Fraction) -> Iterator[Fraction]:
    """Note values, plain and dotted, falling."""
    value = Fraction(4)
    while value >= _FINEST:
        for candidate in (value * _DOTTED, value):
            if candidate <= longest:
                yield candidate
        value /= 2


def _may_start(value: Fraction, position: Fraction) -> bool:
    """A value may begin where the reader still sees the beat: half of it, or its dot, divides the position."""
    step = value / 3 if value.numerator == 3 else value / 2  # dotted values are 3/2, 3/4, ...
    return (position / step).denominator == 1


def _rests(start: Fraction, end: Fraction) -> Iterator[Written]:
    """Plain rests that lie on multiples of their own value."""
    while start < end:
        value = next(
            value for value in _values(end - start) if value.numerator != 3 and (start / value).denominator == 1
        )  # dotted rests are harder to read
        yield Written(start=start, length=value, value=value, sounds=False)
        start += value


def _joined_pairs(groups: list[list[Written]], offset: Fraction) -> list[list[Written]]:
    """In half a bar of 4/4, two empty quarters are one rest and four plain eighths share a beam."""
    joined: list[list[Written]] = []
    for group in groups:
        before = joined[-1] if joined and ((joined[-1][0].start + offset) / 2).denominator == 1 else []
        if _is_quarter_rest(before) and _is_quarter_rest(group):
            joined[-1] = [replace(before[0], length=2 * _QUARTER, value=2 * _QUARTER)]
        elif _is_eighths(before) and _is_eighths(group):
            joined[-1] = before + group
        else:
            joined.append(group)
    return joined


def _moved(group: Sequence[Written], by: Fraction) -> list[Written]:
    return [replace(item, start=item.start + by) for item in group]


def _in_pairs(meter: Meter) -> bool:
    return meter.unit <= 4 and (4 * meter.beats // meter.unit) % 2 == 0


def _is_quarter_rest(group: Sequence[Written]) -> bool:
    return len(group) == 1 and not group[0].sounds and group[0].length == _QUARTER


def _is_eighths(group: Sequence[Written]) -> bool:
    return len(group) == 2 and all(item.sounds and item.tuplet is None and item.value == _EIGHTH for item in group)


def _beamed(group: Sequence[Written]) -> list[Written]:
    """Beams over the notes of a group, across the rests between them."""
    flags = {number: _flags(item.value) for number, item in enumerate(group) if item.sounds and _flags(item.value)}
    numbers = list(flags)
    if len(numbers) < 2 or any(item.sounds and not _flags(item.value) for item in group[numbers[0] : numbers[-1]]):
        return list(group)
    beamed = list(group)
    for place, number in enumerate(numbers):
        before = flags[numbers[place - 1]] if place else 0
        after = flags[numbers[place + 1]] if place + 1 < len(numbers) else 0
        beams = tuple(_beam(level, before, after) for level in range(1, flags[number] + 1))
        beamed[number] = replace(group[number], beams=beams)
    return beamed


def _beam(level: int, flags_before: int, flags_after: int) -> Beam:
    if flags_before >= level and flags_after >= level:
        return Beam.CONTINUE
    if flags_after >= level:
        return Beam.START
    if flags_before >= level:
        return Beam.STOP
    return Beam.HOOK_LEFT if flags_before else Beam.HOOK_RIGHT


def _flags(value: Fraction) -> int:
    """Flags of a note value: none from a quarter on, one for an eighth, dotted or not."""
    flags = 0
    while value < _QUARTER:
        value *= 2
        flags += 1
    return flags
