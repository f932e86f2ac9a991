"""What SVG elements inherit: colours, lines, fonts; and the few number formats of its attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from backbeat.errors import EngineFailed

_LENGTH = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:px)?\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_TRANSFORM = re.compile(r"\s*([a-zA-Z]+)\s*\(([^)]*)\)[\s,]*")

Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Style:
    """How an element is drawn.

    fill: a colour, or None. stroke_width: in user units, None where no line is drawn. dash: lengths of strokes and gaps.
    anchor: which end of a text stands at its place: start, middle or end. hidden: takes part, but is not seen.
    """

    fill: str | None = "black"
    stroke: str | None = "black"
    stroke_width: float | None = None
    dash: tuple[float, ...] = ()
    cap: str = "butt"
    join: str = "miter"
    family: str = ""
    size: float = 0.0
    is_bold: bool = False
    is_italic: bool = False
    anchor: str = "start"
    hidden: bool = False


_OF_CLASS: dict[str, dict[str, bool]] = {
    **{name: {"is_bold": True} for name in ("ending", "fing", "reh", "tempo")},
    **{name: {"is_italic": True} for name in ("dir", "dynam", "mNum")},
    "label": {"is_bold": False},
    "placeholder": {"hidden": True},
}
"""The rules of the style sheet that Verovio puts into each page (svgdevicecontext.cpp), by class."""


def inherited(style: Style, attributes: Mapping[str, str]) -> Style:
    """`style` with what an element's own attributes say; raises EngineFailed for a value that cannot be read.

    Verovio's style sheet gives every shape a line in the text's colour; its width is 1/1000 of a space where no
    `stroke-width` is given, which on paper is nothing and on screens makes notes fat: such lines are left out.
    """
    changes: dict[str, object] = {}
    for name in attributes.get("class", "").split():
        changes.update(_OF_CLASS.get(name, {}))
    for attribute, (name, read) in _ATTRIBUTES.items():
        if attribute in attributes:
            changes[name] = read(attributes[attribute])
    return replace(style, **changes) if changes else style  # type: ignore[arg-type] # the tables below hold its fields


def length(text: str) -> float:
    """A length in user units: `12`, `1.5px`."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise EngineFailed(f"The page cannot be drawn: {text!r} is not a length that Backbeat can read.")
    return float(match[1])


def numbers(text: str) -> list[float]:
    """Numbers with blanks or commas between them."""
    return [float(number) for number in _NUMBER.findall(text)]


def transforms(text: str) -> list[tuple[str, list[float]]]:
    """The operations of a `transform`, in order: name and numbers; raises EngineFailed for text that is none."""
    found, place = [], 0
    while place < len(text):
        match = _TRANSFORM.match(text, place)
        if match is None:
            raise EngineFailed(f"The page cannot be drawn: {text!r} is not a transform that Backbeat can read.")
        found.append((match[1], numbers(match[2])))
        place = match.end()
    return found


def _colour(text: str) -> str | None:
    return {"none": None, "currentColor": "black"}.get(text, text)


_ATTRIBUTES: dict[str, tuple[str, Callable[[str], object]]] = {
    "fill": ("fill", _colour),
    "stroke": ("stroke", _colour),
    "stroke-width": ("stroke_width", length),
    "stroke-dasharray": ("dash", lambda text: tuple(numbers(text))),
    "stroke-linecap": ("cap", str),
    "stroke-linejoin": ("join", str),
    "font-family": ("family", str),
    "font-size": ("size", length),
    "font-weight": ("is_bold", lambda text: text == "bold"),
    "font-style": ("is_italic", lambda text: text in ("italic", "oblique")),
    "text-anchor": ("anchor", str),
    "visibility": ("hidden", lambda text: text == "hidden"),
}
"""Presentation attributes: the field of `Style` that each sets, and how its text is read."""
