"""The settings of one bounce, as JSON beside it: `song.backbeat.json` beside `song.wav`.

    {"bpm": 128, "meter": "7/8", "first_downbeat": 1.25, "preset": "superior-drummer-3"}

A DAW script writes it before the bounce, or a person does. It may set what `backbeat transcribe` has an option for. It is read
when the job is made, in a watched folder after the bounce has settled; when it changes alone, nothing is done again. It is never
taken for a bounce, and never written to.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backbeat.errors import AudioError, BounceSettingsWrong, PathRefused
from backbeat.intake.readable_file import readable_file
from backbeat.intake.roots import Roots
from backbeat.settings import parse_options

ENDING = ".backbeat.json"
MAX_BYTES = 64_000
_EXAMPLE = '{"bpm": 128, "meter": "7/8"}'
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


def bounce_settings_path(recording: Path) -> Path:
    """Where the settings of a recording would be."""
    return recording.with_name(recording.stem + ENDING)


def is_bounce_settings(name: str) -> bool:
    """Whether a file of that name holds the settings of a bounce."""
    return name.lower().endswith(ENDING)


def bounce_options(recording: Path, roots: Roots | None = None) -> dict[str, Any]:
    """Names and parsed values of the settings beside `recording`; empty where there are none.

    A value of null counts as not given. roots: where the file has to lie, also if it is a link; without them it may lie anywhere.
    Raises BounceSettingsWrong, which lists every mistake.
    """
    path = bounce_settings_path(recording)
    if not _is_there(path):
        return {}
    try:
        options, mistakes = _parsed(_content(path, roots))
    except (AudioError, PathRefused) as error:
        raise BounceSettingsWrong(f"The settings beside {recording.name} cannot be used: {error.message}") from error
    except ValueError as error:
        options, mistakes = {}, [str(error)]
    if mistakes:
        raise BounceSettingsWrong(f"The settings in {path.name} cannot be used: {'; '.join(mistakes)}.")
    return options


def _is_there(path: Path) -> bool:
    """A link that leads nowhere is there: somebody meant something by it."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno not in _NOT_THERE
    return True


def _content(path: Path, roots: Roots | None) -> str:
    """Raises AudioError, PathRefused; ValueError for what is no text or too much of it."""
    if roots is None:
        with readable_file(path) as file:
            content = file.read(MAX_BYTES + 1)
    else:
        with roots.open(path) as confined:
            content = confined.file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1000} kB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None


def _parsed(text: str) -> tuple[dict[str, Any], list[str]]:
    """Settings by name, and a sentence for each mistake. Raises ValueError for what is no JSON object."""
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets in brackets in brackets
        raise ValueError(f"it is not JSON that settings could be in, such as {_EXAMPLE}") from None
    if not isinstance(pairs, _Pairs):
        raise ValueError(f"it has to hold settings in braces, such as {_EXAMPLE}")  # noqa: TRY004 - a mistake in a file
    given = [(str(name).replace("-", "_"), value) for name, value in pairs]
    raw = {name: _raw(value) for name, value in given if value is not None and not _is_compound(value)}
    options, mistakes = parse_options(raw)
    mistakes += [f"{name}: has to be a text, a number, true or false" for name, value in given if _is_compound(value)]
    return options, mistakes + [f"{name} is given twice" for name in _twice([name for name, _ in given])]


class _Pairs(list[tuple[str, Any]]):
    """A JSON object with all that it says, also what it says twice."""


def _is_compound(value: object) -> bool:
    return isinstance(value, list)


def _raw(value: object) -> object:
    """A whole number that was written with a point, as the parsers of settings want it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
