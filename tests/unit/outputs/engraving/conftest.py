"""A canvas that writes down what is drawn, and where on the page it lands, instead of making a PDF."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from backbeat.outputs.engraving.pdf_ink import Ink
from backbeat.outputs.engraving.svg_to_pdf import SvgPage

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]


@dataclass
class Drawn:
    """One mark: what it is, its points on the page, and how it is drawn."""

    kind: str
    points: list[Point]
    how: dict[str, Any]


@dataclass
class NotedPath:
    operations: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)

    def moveTo(self, *at: float) -> None:  # noqa: N802 - ReportLab's names
        self.operations.append(("move", at))

    def lineTo(self, *at: float) -> None:  # noqa: N802
        self.operations.append(("line", at))

    def curveTo(self, *at: float) -> None:  # noqa: N802
        self.operations.append(("curve", at))

    def close(self) -> None:
        self.operations.append(("close", ()))


class NotedCanvas:
    """The part of ReportLab's canvas that Backbeat draws with."""

    def __init__(self) -> None:
        self.drawn: list[Drawn] = []
        self.forms: dict[str, list[Drawn]] = {}
        self._matrix: Matrix = (1, 0, 0, 1, 0, 0)
        self._saved: list[Matrix] = []
        self._state: dict[str, Any] = {}
        self._page: list[Drawn] = self.drawn

    def saveState(self) -> None:  # noqa: N802
        self._saved.append(self._matrix)

    def restoreState(self) -> None:  # noqa: N802
        self._matrix = self._saved.pop()

    def transform(self, *matrix: float) -> None:
        a, b, c, d, e, f = self._matrix
        g, h, i, j, k, m = matrix
        self._matrix = (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)

    def translate(self, x: float, y: float) -> None:
        self.transform(1, 0, 0, 1, x, y)

    def scale(self, x: float, y: float) -> None:
        self.transform(x, 0, 0, y, 0, 0)

    def rotate(self, degrees: float) -> None:
        assert degrees == 90, "the only angle that the tests turn by"
        self.transform(0, 1, -1, 0, 0, 0)

    def beginPath(self) -> NotedPath:  # noqa: N802
        return NotedPath()

    def drawPath(self, path: NotedPath, *, stroke: int, fill: int, fillMode: int) -> None:  # noqa: N802, N803
        numbers = [number for _, at in path.operations for number in at]
        points = [self._on_page(x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        how = {**self._state, "stroke": stroke, "fill": fill, "operations": [name for name, _ in path.operations]}
        self._page.append(Drawn("path", points, how))

    def beginForm(self, name: str, *box: float) -> None:  # noqa: N802
        assert name not in self.forms
        self._page = self.forms[name] = []
        self.saveState()
        self._matrix = (1, 0, 0, 1, 0, 0)

    def endForm(self) -> None:  # noqa: N802
        self._page = self.drawn
        self.restoreState()

    def doForm(self, name: str) -> None:  # noqa: N802
        self._page.append(Drawn(name, [self._on_page(0, 0), self._on_page(1, 1)], dict(self._state)))

    def drawString(self, x: float, y: float, text: str) -> None:  # noqa: N802
        self._page.append(Drawn("text", [self._on_page(x, y), self._on_page(x + 1, y + 1)], {**self._state, "text": text}))

    def setFont(self, name: str, size: float) -> None:  # noqa: N802
        self._state |= {"font": name, "size": size}

    def setFillColor(self, colour: Any) -> None:  # noqa: N802
        self._state["fill_colour"] = colour.hexval()

    def setStrokeColor(self, colour: Any) -> None:  # noqa: N802
        self._state["stroke_colour"] = colour.hexval()

    def setLineWidth(self, width: float) -> None:  # noqa: N802
        self._state["line_width"] = width

    def setLineCap(self, cap: int) -> None:  # noqa: N802
        self._state["cap"] = cap

    def setLineJoin(self, join: int) -> None:  # noqa: N802
        self._state["join"] = join

    def setDash(self, dash: list[float]) -> None:  # noqa: N802
        self._state["dash"] = dash

    def _on_page(self, x: float, y: float) -> Point:
        a, b, c, d, e, f = self._matrix
        return round(a * x + c * y + e, 6), round(b * x + d * y + f, 6)


@pytest.fixture
def draw() -> Callable[..., NotedCanvas]:
    """Draws what stands in an SVG of 100 times 200 on a page of the same size; `view_box` puts it into an inner one."""

    def drawn(inside: str, *, view_box: str = "", widest: float = 1.0) -> NotedCanvas:
        if view_box:
            inside = f'<svg viewBox="{view_box}">{inside}</svg>'
        names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        canvas = NotedCanvas()
        page = f'<svg width="100px" height="200px" {names}>{inside}</svg>'
        SvgPage(page, Ink(canvas), size=(100.0, 200.0), widest=widest).draw()
        return canvas

    return drawn
