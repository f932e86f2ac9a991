"""From what somebody wrote (TOML, an environment variable, the command line) to a checked value.

Every parser takes strings as well as TOML's own types, because the environment has nothing else. A parser raises
ValueError whose text ends the sentence "osc.port ...: it is ...".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

Parser = Callable[[object], Any]

_MOST_SHOWN = 10**15
"""Whole numbers have no end; floats, as which they are shown, do."""


def flag(value: object) -> bool:
    """True or false; also yes, no, on, off, 1 and 0."""
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{_quoted(value)} is neither true nor false")


def whole(low: int, high: int | None = None) -> Parser:
    """A parser of whole numbers from `low` to `high`."""

    def parse(value: object) -> int:
        if isinstance(value, bool) or not re.fullmatch(r"[+-]?\d+", str(value).strip()):
            raise ValueError(f"{_quoted(value)} is not a whole number")
        return int(_within(int(str(value)), low, high))

    return parse


def number(low: float, high: float | None = None) -> Parser:
    """A parser of numbers from `low` to `high`."""

    def parse(value: object) -> float:
        try:
            parsed = float(str(value))
        except ValueError:
            raise ValueError(f"{_quoted(value)} is not a number") from None
        return _within(parsed, low, high)

    return parse


def word(value: object) -> str:
    """Text that may not be empty."""
    text = _text(value)
    if not text:
        raise ValueError("it is empty")
    return text


def optional_word(value: object) -> str | None:
    """Text; empty text means that it is not set."""
    return _text(value) or None


def text_or_whole(value: object) -> str:
    """Text, which may be empty, or a whole number, as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def sha256(value: object) -> str | None:
    """A checksum of 64 hexadecimal digits, in lower case; empty text means that it is not set."""
    text = _text(value).lower()
    if text and not re.fullmatch(r"[0-9a-f]{64}", text):
        raise ValueError(f"{_quoted(value)} is not a SHA-256 checksum (64 digits from 0 to 9 and a to f)")
    return text or None


def token(value: object) -> str | None:
    """A shared word of 8 to 128 letters, digits and signs that need no quotes anywhere; empty text means that it is not set."""
    text = _text(value)
    if text and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{8,128}", text):
        raise ValueError("it has to be 8 to 128 letters and digits, without spaces")  # not quoted: it would be in the log
    return text or None


def one_of(*choices: str) -> Parser:
    """A parser of one word out of a closed set."""

    def parse(value: object) -> str:
        text = _text(value).lower()
        if text not in choices:
            raise ValueError(f"{_quoted(value)} is not one of {', '.join(choices)}")
        return text

    return parse


def member_of(kind: type[StrEnum]) -> Parser:
    """A parser of one member of a closed set that has a class of its own."""
    parse = one_of(*kind)
    return lambda value: kind(parse(value))


def path(value: object) -> Path:
    """A path; `~` is the home folder. Relative paths stay relative: the loader knows what they start from."""
    return Path(word(value)).expanduser()


def optional_path(value: object) -> Path | None:
    """A path; empty text means that it is not set."""
    return path(value) if _text(value) else None


def path_or(default: Callable[[], Path]) -> Parser:
    """A parser of paths for which empty text is `default()`."""

    def parse(value: object) -> Path:
        return path(value) if _text(value) else default()

    return parse


def paths(value: object) -> tuple[Path, ...]:
    """A list of paths, or text with the platform's separator (`:`, on Windows `;`) between them."""
    return tuple(path(item) for item in _items(value, os.pathsep))


def words(value: object) -> tuple[str, ...]:
    """A list of words, or text with commas between them."""
    return tuple(word(item) for item in _items(value, ","))


def pairs(value: object) -> tuple[str, ...]:
    """A list of "this = that", or text with commas between them; both sides without the spaces around them."""
    found = []
    for item in words(value):
        left, equals, right = (part.strip() for part in item.partition("="))
        if not (left and equals and right):
            raise ValueError(f"{item!r} is not of the form 'this = that'")
        found.append(f"{left} = {right}")
    return tuple(found)


def _items(value: object, separator: str) -> list[object]:
    if isinstance(value, list | tuple):
        return list(value)
    return [item for item in _text(value).split(separator) if item.strip()]


def _text(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{_quoted(value)} is not text: put it in quotes")  # noqa: TRY004 - one kind of mistake for callers
    return str(value).strip()


def _within(value: float, low: float, high: float | None) -> float:
    if low <= value and (high is None or value <= high):
        return value
    shown = f"{value:g}" if abs(value) < _MOST_SHOWN or isinstance(value, float) else "a number of so many digits"
    raise ValueError(f"{shown} is outside {low:g} to {high:g}" if high is not None else f"{shown} is below {low:g}")


def _quoted(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)
