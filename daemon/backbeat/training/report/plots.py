"""Small SVG plots of figures, as text: they need no plotting package and read well in a diff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backbeat.training.evaluation.bootstrap import Interval
from backbeat.training.evaluation.reliability import Reliability

_COLOURS = ("#1f5fa8", "#c2570c", "#3a7d34", "#7d3c8c")
_PANEL = 260
_MARGIN = 48
_ROW = 30
_LABELS = 130
_SCALE = 430


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A figure between 0 and 1 and its interval; system: whose, which gives the colour."""

    system: str
    figure: float
    interval: Interval


def reliability_plot(panels: Mapping[str, Mapping[str, Reliability]]) -> str:
    """Share right over confidence: a panel per material, a line per meaning of "right", whiskers of 95 %, the ideal dashed."""
    width = len(panels) * (_PANEL + _MARGIN) + _MARGIN
    height = _PANEL + 2 * _MARGIN + 20
    parts = []
    for number, (title, lines) in enumerate(panels.items()):
        left = _MARGIN + number * (_PANEL + _MARGIN)
        parts += [_axes(left, title), *_legend(left, list(lines))]
        for colour, line in zip(_COLOURS, lines.values(), strict=False):
            parts += _curve(left, line, colour)
    return _svg(width, height, parts)


def _axes(left: int, title: str) -> str:
    top, bottom = _MARGIN, _MARGIN + _PANEL
    ticks = []
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x, y = left + tick * _PANEL, bottom - tick * _PANEL
        ticks += [
            f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>',
            f'<line x1="{left}" y1="{y:.1f}" x2="{left + _PANEL}" y2="{y:.1f}" stroke="#ddd"/>',
            _text(x, bottom + 16, f"{tick:.1f}", "middle"),
            _text(left - 6, y + 4, f"{tick:.1f}", "end"),
        ]
    ideal = f'<line x1="{left}" y1="{bottom}" x2="{left + _PANEL}" y2="{top}" stroke="#888" stroke-dasharray="4 4"/>'
    return "\n".join(
        [
            *ticks,
            ideal,
            _text(left, top - 12, title, "start", bold=True),
            _text(left + _PANEL / 2, bottom + 34, "confidence", "middle"),
        ]
    )


def _legend(left: int, names: Sequence[str]) -> list[str]:
    right, bottom = left + _PANEL - 8, _MARGIN + _PANEL
    return [
        _text(right, bottom - 12 - 16 * k, name, "end", colour=colour)
        for k, (name, colour) in enumerate(zip(names, _COLOURS, strict=False))
    ]


def _curve(left: int, line: Reliability, colour: str) -> list[str]:
    bottom = _MARGIN + _PANEL
    points = [(left + each.confidence * _PANEL, bottom - each.right * _PANEL) for each in line.bins]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'] if points else []
    for (x, y), each in zip(points, line.bins, strict=True):
        low, high = bottom - each.low * _PANEL, bottom - each.high * _PANEL
        parts += [
            f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="{colour}"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{each.hits} hits</title></circle>',
        ]
    return parts


def interval_plot(rows: Mapping[str, Sequence[Mark]], *, lowest: float = 0.5) -> str:
    """Figures from `lowest` to 1 as dots with whiskers, a row per class, a colour per system."""
    systems = list(dict.fromkeys(mark.system for marks in rows.values() for mark in marks))
    colours = dict(zip(systems, _COLOURS, strict=False))
    bottom = _MARGIN + _ROW * len(rows)

    def x_of(figure: float) -> float:
        return _LABELS + (min(max(figure, lowest), 1.0) - lowest) / (1 - lowest) * _SCALE

    parts = [_text(_LABELS + 150 * k, 24, name, "start", colour=colours[name], bold=True) for k, name in enumerate(systems)]
    for step in range(round((1 - lowest) * 10) + 1):
        tick = lowest + step / 10
        x = x_of(tick)
        parts.append(f'<line x1="{x:.1f}" y1="{_MARGIN - 8}" x2="{x:.1f}" y2="{bottom}" stroke="#ddd"/>')
        parts.append(_text(x, bottom + 16, f"{tick:.1f}", "middle"))
    for row, (name, marks) in enumerate(rows.items()):
        middle = _MARGIN + _ROW * row + _ROW / 2 - 8
        parts.append(_text(_LABELS - 8, middle + 4, name, "end"))
        for place, mark in enumerate(marks):
            y, colour = middle + 7 * (place - (len(marks) - 1) / 2), colours[mark.system]
            ends = f'x1="{x_of(mark.interval.low):.1f}" x2="{x_of(mark.interval.high):.1f}"'
            parts.append(f'<line {ends} y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}" stroke-width="2"/>')
            parts.append(f'<circle cx="{x_of(mark.figure):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
    return _svg(_LABELS + _SCALE + _MARGIN, bottom + _MARGIN - 16, parts)


def _text(x: float, y: float, text: str, anchor: str, *, colour: str = "#333", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{weight}>{safe}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    font = 'font-family="sans-serif" font-size="12"'
    return "\n".join([f"{head} {font}>", f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>", ""])
