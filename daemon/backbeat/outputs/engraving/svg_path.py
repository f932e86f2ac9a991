"""The path language of SVG, read into the four operations that PDF has.

Source: SVG 1.1, section 8.3 (path data). Elliptical arcs are left out: music fonts and Verovio's own drawings have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from backbeat.errors import EngineFailed

Point = tuple[float, float]

_TOKEN = re.compile(r"([MmLlHhVvCcSsQqTtZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|[\s,]+")
_NUMBERS_OF = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "Z": 0}
"""How many numbers each command takes; it may be repeated without its letter."""


class Op(StrEnum):
    """What PDF can do with a path."""

    MOVE = "move"
    LINE = "line"
    CURVE = "curve"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Segment:
    """One operation with its absolute points: one for MOVE and LINE, three for CURVE (two handles, end), none for CLOSE."""

    op: Op
    points: tuple[Point, ...] = ()


def path_segments(data: str) -> list[Segment]:
    """Read the attribute `d` of a path; empty data gives no segments.

    Raises EngineFailed for a command that is not known and for numbers that do not fit their command.
    """
    pen = _Pen()
    for letter, numbers in _commands(data):
        at = (0.0, 0.0) if letter.isupper() else pen.at
        _DRAW[letter.upper()](pen, numbers, at)
        pen.last = letter.upper()
    return pen.segments


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with the numbers of one repetition."""
    letter = ""
    numbers: list[float] = []
    for token in _tokens(data):
        if isinstance(token, str):
            if numbers:
                raise _wrong(data)
            letter = token
            if letter in "Zz":
                yield letter, []
            continue
        if letter in "Zz":  # also before the first command
            raise _wrong(data)
        numbers.append(token)
        if len(numbers) == _NUMBERS_OF[letter.upper()]:
            yield letter, numbers
            numbers = []
            letter = {"M": "L", "m": "l"}.get(letter, letter)  # further points of a move are lines
    if numbers:
        raise _wrong(data)


def _tokens(data: str) -> Iterator[str | float]:
    place = 0
    while place < len(data):
        match = _TOKEN.match(data, place)
        if match is None:
            raise _wrong(data)
        place = match.end()
        if match[1]:
            yield match[1]
        elif match[2]:
            yield float(match[2])


def _wrong(data: str) -> EngineFailed:
    return EngineFailed(f"The page cannot be drawn: {data[:60]!r} is not a path that Backbeat can read.")


@dataclass
class _Pen:
    """Where drawing has come to. handle: the last curve's last handle, which a smooth curve mirrors."""

    segments: list[Segment] = field(default_factory=list)
    at: Point = (0.0, 0.0)
    start: Point = (0.0, 0.0)
    handle: Point = (0.0, 0.0)
    last: str = ""

    def move(self, to: Point) -> None:
        self.segments.append(Segment(Op.MOVE, (to,)))
        self.at = self.start = to

    def line(self, to: Point) -> None:
        self.segments.append(Segment(Op.LINE, (to,)))
        self.at = to

    def curve(self, first: Point, second: Point, to: Point) -> None:
        self.segments.append(Segment(Op.CURVE, (first, second, to)))
        self.handle, self.at = second, to

    def quadratic(self, handle: Point, to: Point) -> None:
        """A quadratic curve is the cubic one whose handles lie two thirds of the way to its handle."""
        self.curve(_between(self.at, handle), _between(to, handle), to)
        self.handle = handle

    def close(self) -> None:
        self.segments.append(Segment(Op.CLOSE))
        self.at = self.start

    def mirrored(self, after: str) -> Point:
        """The last handle mirrored at the pen, or the pen's place where the last command was not one of `after`."""
        if self.last not in after:
            return self.at
        return 2 * self.at[0] - self.handle[0], 2 * self.at[1] - self.handle[1]


def _between(end: Point, handle: Point) -> Point:
    return end[0] + (handle[0] - end[0]) * 2 / 3, end[1] + (handle[1] - end[1]) * 2 / 3


def _points(numbers: list[float], at: Point) -> list[Point]:
    return [(at[0] + x, at[1] + y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]


_DRAW: dict[str, Callable[[_Pen, list[float], Point], None]] = {
    "M": lambda pen, n, at: pen.move(*_points(n, at)),
    "L": lambda pen, n, at: pen.line(*_points(n, at)),
    "H": lambda pen, n, at: pen.line((at[0] + n[0], pen.at[1])),
    "V": lambda pen, n, at: pen.line((pen.at[0], at[1] + n[0])),
    "C": lambda pen, n, at: pen.curve(*_points(n, at)),
    "S": lambda pen, n, at: pen.curve(pen.mirrored("CS"), *_points(n, at)),
    "Q": lambda pen, n, at: pen.quadratic(*_points(n, at)),
    "T": lambda pen, n, at: pen.quadratic(pen.mirrored("QT"), *_points(n, at)),
    "Z": lambda pen, *_: pen.close(),
}
"""By command: numbers are relative to `at`, which is the origin for capital letters."""
