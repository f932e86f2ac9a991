"""Text of an SVG page: `<text>` with its nested `<tspan>`s becomes chunks that are placed, each of runs in one style."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.svg_style import Style, inherited, length

SVG = "{http://www.w3.org/2000/svg}"
_SILENT = {f"{SVG}title", f"{SVG}desc"}  # said to screen readers, not shown


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of text in one style."""

    text: str
    style: Style


@dataclass(slots=True)
class Chunk:
    """Words in a row, of which the start, middle or end (`anchor`) stands at x, y (user units)."""

    x: float
    y: float
    anchor: str
    words: list[Words] = field(default_factory=list)


def text_chunks(element: Element, style: Style) -> list[Chunk]:
    """The chunks of a `<text>` element, without empty ones. A new one begins wherever a place is stated.

    `style` is the parent's. Raises EngineFailed for elements that text should not hold.
    """
    chunks: list[Chunk] = []
    for words, place in _walk(element, style):
        if place is not None or not chunks:
            x, y = place or (0.0, 0.0)
            chunks.append(Chunk(x, y, words.style.anchor))
        if words.text:
            chunks[-1].words.append(words)
    return [chunk for chunk in chunks if chunk.words]


def _walk(element: Element, style: Style) -> Iterator[tuple[Words, tuple[float, float] | None]]:
    """Words in reading order, each with the place that its element states, if any; line breaks of the file are nothing."""
    if element.tag in _SILENT:
        return
    if element.tag not in (f"{SVG}text", f"{SVG}tspan"):
        raise EngineFailed(f"The page cannot be drawn: its text holds a {_name(element)!r}, which Backbeat does not know.")
    style = inherited(style, element.attrib)
    has_place = "x" in element.attrib or "y" in element.attrib
    place = (length(element.get("x", "0")), length(element.get("y", "0"))) if has_place else None
    yield Words(_one_line(element.text), style), place
    for child in element:
        yield from _walk(child, style)
        yield Words(_one_line(child.tail), style), None


def _one_line(text: str | None) -> str:
    return "".join((text or "").splitlines())


def _name(element: Element) -> str:
    return element.tag.removeprefix(SVG)
