"""Pages of SVG, as Verovio writes them, into one PDF: vectors stay vectors, text stays text with its fonts embedded.

It reads the part of SVG that Verovio uses, and stops at anything else: a mark that is missing in the music would be worse
than no PDF. Source: SVG 1.1, and what Verovio's svgdevicecontext.cpp writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from reportlab.pdfgen.canvas import Canvas

import backbeat
from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.pdf_ink import Ink
from backbeat.outputs.engraving.svg_path import Op, Segment, path_segments
from backbeat.outputs.engraving.svg_style import Style, inherited, length, numbers, transforms
from backbeat.outputs.engraving.svg_text import SVG, text_chunks
from backbeat.outputs.engraving.text_fonts import embedded_font

_POINTS_PER_MM = 72 / 25.4
_LINK = "{http://www.w3.org/1999/xlink}href"


def svg_pages_to_pdf(pages: Iterable[str], pdf: Path, *, size_mm: tuple[float, float], title: str, margin_mm: float) -> None:
    """Write each page of SVG onto one page of `size_mm` (width, height); the same pages give the same bytes.

    title: for the document's properties. margin_mm: text is made smaller where it would reach further out.
    Raises EngineFailed at what it cannot draw, and OSError when `pdf` cannot be written.
    """
    width, height = (size * _POINTS_PER_MM for size in size_mm)
    canvas = Canvas(str(pdf), pagesize=(width, height), invariant=1, pageCompression=1, initialFontName=embedded_font())
    canvas.setTitle(title)
    canvas.setCreator(f"Backbeat {backbeat.__version__}")
    canvas.setAuthor("")  # ReportLab would say "anonymous" and "unspecified"
    canvas.setSubject("")
    ink = Ink(canvas)
    for page in pages:
        with ink.moved([("matrix", [1, 0, 0, -1, 0, height])]):
            SvgPage(page, ink, size=(width, height), widest=1 - 2 * margin_mm / size_mm[0]).draw()
        canvas.showPage()
    canvas.save()


class SvgPage:
    """One page of SVG.

    size: how large it is drawn, width and height in the canvas's unit. widest: the part of its width that text may take.
    """

    def __init__(self, source: str, ink: Ink, *, size: tuple[float, float], widest: float) -> None:
        self._root = _parsed(source)
        self._ink = ink
        self._size = size
        self._widest = widest
        self._defined = {element.get("id", ""): element for element in self._root.iterfind(f".//{SVG}defs/*")}

    def draw(self) -> None:
        """Draw it whole; raises EngineFailed at the first element that is not known."""
        size = [length(self._root.get(side, "0")) for side in ("width", "height")]
        self._viewport([0.0, 0.0, *size], self._root, Style())

    def _draw(self, element: Element, style: Style) -> None:
        draw = _DRAW.get(element.tag.removeprefix(SVG))
        if draw is None:
            raise EngineFailed(f"The page cannot be drawn: it holds a {element.tag.removeprefix(SVG)!r}, which is not known.")
        draw(self, element, inherited(style, element.attrib))

    def _children(self, element: Element, style: Style) -> None:
        with self._ink.moved(transforms(element.get("transform", ""))):
            for child in element:
                self._draw(child, style)

    def _inner(self, element: Element, style: Style) -> None:
        self._viewport(numbers(element.get("viewBox", "")), element, style)

    def _viewport(self, box: list[float], element: Element, style: Style) -> None:
        """Draw the children so that `box` (left, top, width, height) fills what is there."""
        if len(box) != 4 or min(box[2:]) <= 0:
            raise EngineFailed("The page cannot be drawn: it does not say how large it is.")
        x, y, width, height = box
        outer, self._size = self._size, (width, height)
        with self._ink.moved([("scale", [outer[0] / width, outer[1] / height]), ("translate", [-x, -y])]):
            self._children(element, style)
        self._size = outer

    def _use(self, element: Element, style: Style) -> None:
        name = element.get(_LINK, element.get("href", "")).removeprefix("#")
        if name not in self._defined:
            raise EngineFailed(f"The page cannot be drawn: it uses {name!r}, which it does not define.")
        place = [length(element.get(axis, "0")) for axis in ("x", "y")]
        with self._ink.moved([*transforms(element.get("transform", "")), ("translate", place)]):
            self._glyphs(self._defined[name], style)

    def _glyphs(self, element: Element, style: Style) -> None:
        """What a `<use>` refers to: paths, which are filled, perhaps in groups."""
        style = inherited(style, element.attrib)
        with self._ink.moved(transforms(element.get("transform", ""))):
            if element.tag == f"{SVG}path":
                self._ink.glyph(element.get("d", ""), style)
            elif element.tag == f"{SVG}g":
                for child in element:
                    self._glyphs(child, style)
            else:
                raise EngineFailed(f"The page cannot be drawn: it defines a {element.tag.removeprefix(SVG)!r}.")

    def _path(self, element: Element, style: Style) -> None:
        self._shape(element, path_segments(element.get("d", "")), style)

    def _polygon(self, element: Element, style: Style) -> None:
        self._shape(element, [*_corners(element), Segment(Op.CLOSE)], style)

    def _polyline(self, element: Element, style: Style) -> None:
        self._shape(element, _corners(element), style)

    def _rectangle(self, element: Element, style: Style) -> None:
        x, y, width, height = (length(element.get(name, "0")) for name in ("x", "y", "width", "height"))
        self._shape(element, path_segments(f"M{x} {y}h{width}v{height}h{-width}z"), style)

    def _ellipse(self, element: Element, style: Style) -> None:
        x, y, rx, ry = (length(element.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
        self._shape(element, _quarters(x, y, rx, ry), style)

    def _shape(self, element: Element, segments: list[Segment], style: Style) -> None:
        with self._ink.moved(transforms(element.get("transform", ""))):
            self._ink.shape(segments, style)

    def _text(self, element: Element, style: Style) -> None:
        with self._ink.moved(transforms(element.get("transform", ""))):
            for chunk in text_chunks(element, style):
                self._ink.text(chunk, widest=self._size[0] * self._widest)

    def _nothing(self, element: Element, style: Style) -> None:
        """Definitions are drawn where they are used; the style sheet is the same in all pages (`svg_style`)."""


_DRAW: dict[str, Callable[[SvgPage, Element, Style], None]] = {
    "svg": SvgPage._inner,
    "g": SvgPage._children,
    "use": SvgPage._use,
    "path": SvgPage._path,
    "polygon": SvgPage._polygon,
    "polyline": SvgPage._polyline,
    "rect": SvgPage._rectangle,
    "ellipse": SvgPage._ellipse,
    "text": SvgPage._text,
    **dict.fromkeys(("defs", "style", "title", "desc"), SvgPage._nothing),
}
"""What is drawn for each element; there are no others."""

_ROUND = 0.5522847498307936
"""Length of a handle that makes a quarter of a unit circle: 4/3 (sqrt 2 - 1)."""


def _quarters(x: float, y: float, rx: float, ry: float) -> list[Segment]:
    hx, hy = rx * _ROUND, ry * _ROUND
    return path_segments(
        f"M{x + rx} {y}C{x + rx} {y + hy} {x + hx} {y + ry} {x} {y + ry}S{x - rx} {y + hy} {x - rx} {y}"
        f"S{x - hx} {y - ry} {x} {y - ry}S{x + rx} {y - hy} {x + rx} {y}z"
    )


def _corners(element: Element) -> list[Segment]:
    values = numbers(element.get("points", ""))
    points = list(zip(values[::2], values[1::2], strict=True))
    return [Segment(Op.LINE if n else Op.MOVE, (point,)) for n, point in enumerate(points)]


def _parsed(source: str) -> Any:
    try:
        return ET.fromstring(source)  # noqa: S314 - Verovio wrote it
    except ET.ParseError as error:
        raise EngineFailed(f"The page cannot be drawn: it is not SVG ({error}).") from error
