"""Drawing on a PDF page with ReportLab: shapes, glyphs that are stored once and drawn often, text in several fonts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reportlab.lib.colors import toColor

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.music_glyphs import UNITS_PER_EM, is_music_font, music_glyph
from backbeat.outputs.engraving.svg_path import Op, Segment, path_segments
from backbeat.outputs.engraving.svg_style import Style
from backbeat.outputs.engraving.svg_text import Chunk, Words
from backbeat.outputs.engraving.text_fonts import Run, font_runs

_GLYPH_BOX = 10_000  # of a stored glyph, on all sides, in its own units: nothing is cut off
_NON_ZERO = 1  # ReportLab's number for SVG's rule of what lies inside a path
_CAPS = {"butt": 0, "round": 1, "square": 2}
_JOINS = {"miter": 0, "round": 1, "bevel": 2}
_BEFORE_ANCHOR = {"start": 0.0, "middle": 0.5, "end": 1.0}


class Ink:
    """Draws on `canvas` (a ReportLab canvas) in SVG's directions: y grows downwards. One per document."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._glyphs: dict[str, str] = {}  # path data to its name in the document

    @contextmanager
    def moved(self, operations: Sequence[tuple[str, list[float]]]) -> Iterator[None]:
        """Inside, everything is transformed; raises EngineFailed for an operation that is not known."""
        if not operations:
            yield
            return
        self._canvas.saveState()
        for name, values in operations:
            self._transform(name, values)
        yield
        self._canvas.restoreState()

    def shape(self, segments: Sequence[Segment], style: Style) -> None:
        """Fill and stroke a path as `style` says."""
        stroke = style.stroke is not None and style.stroke_width is not None
        fill = style.fill is not None
        if style.hidden or not segments or not (stroke or fill):
            return
        self._use(style, stroke=stroke, fill=fill)
        self._canvas.drawPath(self._path(segments), stroke=int(stroke), fill=int(fill), fillMode=_NON_ZERO)

    def glyph(self, path: str, style: Style) -> None:
        """Fill SVG path data; each different one is stored in the document once."""
        if style.hidden or style.fill is None or not path:
            return
        name = self._glyphs.get(path)
        if name is None:
            name = self._glyphs[path] = f"glyph{len(self._glyphs)}"
            self._canvas.beginForm(name, -_GLYPH_BOX, -_GLYPH_BOX, _GLYPH_BOX, _GLYPH_BOX)
            self._canvas.drawPath(self._path(path_segments(path)), stroke=0, fill=1, fillMode=_NON_ZERO)
            self._canvas.endForm()
        self._canvas.setFillColor(_colour(style.fill))
        self._canvas.doForm(name)

    def text(self, chunk: Chunk, *, widest: float) -> None:
        """Write a chunk; one that is wider than `widest` (user units) is made smaller until it fits."""
        pieces = [(piece, words.style) for words in chunk.words for piece in _pieces(words)]
        width = sum(_width(piece, style) for piece, style in pieces)
        smaller = min(1.0, widest / width) if width else 1.0
        before = width * smaller * _BEFORE_ANCHOR[chunk.anchor]
        with self.moved([("translate", [chunk.x - before, chunk.y]), ("scale", [smaller, -smaller])]):
            x = 0.0
            for piece, style in pieces:
                if not style.hidden and style.fill is not None:
                    with self.moved([("translate", [x, 0.0])]):
                        self._write(piece, style)
                x += _width(piece, style)

    def _write(self, piece: Run | str, style: Style) -> None:
        self._canvas.setFillColor(_colour(style.fill or "black"))
        if isinstance(piece, Run):
            self._canvas.setFont(piece.font, style.size)
            self._canvas.drawString(0, 0, piece.text)
            return
        scale = style.size / UNITS_PER_EM
        with self.moved([("scale", [scale, scale])]):
            self.glyph(music_glyph(style.family, piece).path, style)

    def _use(self, style: Style, *, stroke: bool, fill: bool) -> None:
        if fill:
            self._canvas.setFillColor(_colour(style.fill or "black"))
        if stroke:
            self._canvas.setStrokeColor(_colour(style.stroke or "black"))
            self._canvas.setLineWidth(style.stroke_width)
            self._canvas.setLineCap(_CAPS[style.cap])
            self._canvas.setLineJoin(_JOINS[style.join])
            self._canvas.setDash(list(style.dash))

    def _path(self, segments: Sequence[Segment]) -> Any:
        path = self._canvas.beginPath()
        draw = {Op.MOVE: path.moveTo, Op.LINE: path.lineTo, Op.CURVE: path.curveTo, Op.CLOSE: path.close}
        for segment in segments:
            draw[segment.op](*(number for point in segment.points for number in point))
        return path

    def _transform(self, name: str, values: list[float]) -> None:
        canvas = self._canvas
        match name, values:
            case "translate", [x]:
                canvas.translate(x, 0)
            case "translate", [x, y]:
                canvas.translate(x, y)
            case "scale", [x]:
                canvas.scale(x, x)
            case "scale", [x, y]:
                canvas.scale(x, y)
            case "rotate", [degrees]:
                canvas.rotate(degrees)
            case "rotate", [degrees, x, y]:
                canvas.translate(x, y)
                canvas.rotate(degrees)
                canvas.translate(-x, -y)
            case "matrix", [_, _, _, _, _, _]:
                canvas.transform(*values)
            case _:
                raise EngineFailed(f"The page cannot be drawn: the transform {name} with {len(values)} numbers is not known.")


def _pieces(words: Words) -> list[Run | str]:
    """Runs of text, or single characters of a music font."""
    style = words.style
    if is_music_font(style.family):
        return list(words.text)
    return list(font_runs(words.text, is_bold=style.is_bold, is_italic=style.is_italic))


def _width(piece: Run | str, style: Style) -> float:
    if isinstance(piece, Run):
        return piece.width(style.size)
    return music_glyph(style.family, piece).advance * style.size / UNITS_PER_EM


def _colour(name: str) -> Any:
    try:
        return toColor(name)
    except ValueError as error:
        raise EngineFailed(f"The page cannot be drawn: {name!r} is not a colour that Backbeat knows.") from error
