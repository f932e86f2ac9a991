"""What each layer of the configuration says, with the place where it says it; nothing is checked here yet."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backbeat.config.schema import SECTIONS
from backbeat.toml_text import TOMLDecodeError, parse_toml


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where somebody wrote something: a file and line, an environment variable, the command line, the defaults."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}, line {self.line}"


@dataclass(frozen=True, kw_only=True)
class Given:
    """One value as it was written. base: the folder that relative paths in it start from."""

    value: object
    place: Place
    base: Path


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One thing that is wrong, for the person who wrote it."""

    place: Place
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f" {self.suggestion}" if self.suggestion else "")


@dataclass(frozen=True, kw_only=True)
class WatchGiven:
    """One [[watch]] entry: its keys as written, and where it begins."""

    values: Mapping[str, Given]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Full key (`osc.port`) to what was given, and the [[watch]] entries."""

    values: Mapping[str, Given] = field(default_factory=dict)
    watch: tuple[WatchGiven, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def file_to_layer(path: Path, *, source: str | None = None) -> Layer:
    """Read a TOML file; what prevents reading it, or does not have the shape of a config file, becomes mistakes."""
    name = source or str(path)
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        return _only(Mistake(place=Place(source=name), message=f"the file cannot be read: {error.strerror or error}."))
    except UnicodeDecodeError:
        suggestion = "Save it as UTF-8 in your text editor."
        return _only(Mistake(place=Place(source=name), message="the file is not UTF-8 text.", suggestion=suggestion))
    return text_to_layer(text, source=name, base=path.parent)


def text_to_layer(text: str, *, source: str, base: Path) -> Layer:
    """The layer that a config file's text says."""
    try:
        document = parse_toml(text)
    except TOMLDecodeError as error:
        return _only(_syntax_mistake(error, source))
    lines = key_lines(text)
    values: dict[str, Given] = {}
    watch: list[WatchGiven] = []
    mistakes: list[Mistake] = []

    def given(value: object, key: str) -> Given:
        return Given(value=value, place=Place(source=source, line=lines.get(key)), base=base)

    for name, content in document.items():
        key = name.replace("-", "_")
        if key == "watch":
            entries, wrong = _watch_entries(content, given)
            watch += entries
            mistakes += wrong
        elif isinstance(content, dict):
            values |= {f"{key}.{inner.replace('-', '_')}": given(value, f"{key}.{inner}") for inner, value in content.items()}
        elif key in SECTIONS:
            mistakes.append(
                Mistake(
                    place=Place(source=source, line=lines.get(name)),
                    message=f"{name} is a section, not a setting.",
                    suggestion=f"Write [{key}] on a line of its own and its settings below.",
                )
            )
        else:
            values[key] = given(content, name)
    return Layer(values=values, watch=tuple(watch), mistakes=tuple(mistakes))


def _watch_entries(content: object, given: Callable[[object, str], Given]) -> tuple[list[WatchGiven], list[Mistake]]:
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        suggestion = "Write [[watch]], with two brackets, once for each folder."
        place = given(content, "watch").place
        return [], [Mistake(place=place, message="watched folders are a list.", suggestion=suggestion)]
    entries = [
        WatchGiven(
            values={key.replace("-", "_"): given(value, f"watch[{n}].{key}") for key, value in entry.items()},
            place=given(None, f"watch[{n}]").place,
        )
        for n, entry in enumerate(content)
    ]
    return entries, []


def key_lines(text: str) -> dict[str, int]:
    """Full key to the line (from 1) where it stands; `watch[0].path` inside lists of tables.

    A scan by line that knows sections and keys and no more: it serves messages, tomllib does the reading.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"""\s*\[\[\s*["']?([\w.-]+)["']?\s*\]\]""", line):
            name = header[1]
            section = f"{name}[{counts.get(name, 0)}]"
            counts[name] = counts.get(name, 0) + 1
            found.setdefault(name, number)
            found[section] = number
        elif header := re.match(r"""\s*\[\s*["']?([\w-]+)["']?\s*\]""", line):
            section = header[1]
            found.setdefault(section, number)
        elif key := re.match(r"""\s*(["']?)([\w.-]+)\1\s*=""", line):
            found.setdefault(f"{section}.{key[2]}" if section else key[2], number)
    return found


def _syntax_mistake(error: TOMLDecodeError, source: str) -> Mistake:
    message = str(error)
    where = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", message)
    line = int(where[1]) if where and where[1] else None
    what = message[: where.start()] if where else message
    suggestion = None
    if "hex" in what or "\\" in what:
        suggestion = r"Windows paths go in single quotes: 'C:\Users\me\Bounces'."
    elif what.startswith("Invalid value"):
        suggestion = "Text goes in quotes; true and false are written small."
    return Mistake(place=Place(source=source, line=line), message=f"this is not TOML: {what}.", suggestion=suggestion)


def _only(mistake: Mistake) -> Layer:
    return Layer(mistakes=(mistake,))
