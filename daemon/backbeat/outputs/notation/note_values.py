"""Note values as fractions of a quarter note: which there are, where they may begin, and rests that fill a gap."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

QUARTER = Fraction(1)
DOTTED = Fraction(3, 2)

_FINEST = Fraction(1, 64)  # a 256th note; the score itself goes down to 128ths


@lru_cache(maxsize=1024)
def values_up_to(longest: Fraction) -> tuple[Fraction, ...]:
    """Note values, plain and dotted, falling."""
    values = []
    value = Fraction(4)
    while value >= _FINEST:
        values += [candidate for candidate in (value * DOTTED, value) if candidate <= longest]
        value /= 2
    return tuple(values)


def is_dotted(value: Fraction) -> bool:
    """Dotted values are 3, 3/2, 3/4, ..., plain ones powers of two."""
    return value.numerator == 3


def may_start(value: Fraction, position: Fraction) -> bool:
    """A value may begin where the reader still sees the beat: half of it, or its dot, divides the position."""
    step = value / 3 if is_dotted(value) else value / 2
    return (position / step).denominator == 1


def rests_between(start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Start and value of plain rests that lie on multiples of their own value; dotted rests are harder to read."""
    while start < end:
        value = next(value for value in values_up_to(end - start) if not is_dotted(value) and (start / value).denominator == 1)
        yield start, value
        start += value


@lru_cache(maxsize=64)
def flags(value: Fraction) -> int:
    """Flags of a note value: none from a quarter on, one for an eighth, dotted or not."""
    return 0 if value >= QUARTER else 1 + flags(value * 2)
