"""Drawing the summary picture with matplotlib: its Agg and SVG backends by themselves, no pyplot, display or user settings."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from backbeat.outputs.picture.data import Mark, PictureData, PictureHit
from backbeat.outputs.picture.envelope import Envelope
from backbeat.outputs.picture.layout import NOTE_LETTERS, TITLE_LETTERS, Layout, Row, bar_labels, lines_fit, shorten, time_ticks
from backbeat.values import Instrument, Picture

DOTS_PER_IN = 110
COLOURS = "viridis_r"
"""From yellow (not sure) over green to dark violet (sure): lightness falls evenly, so that it can be read with any colour vision
and in grey. Van der Walt and Smith, A better default colormap for matplotlib, SciPy 2015."""

VELOCITY_STEPS = 8
"""Sizes of marks: 16 velocities share one, so that an SVG file can draw them from 8 outlines."""

_LEGEND_IN = 1.75
_SMALLEST_PT, _LARGEST_PT = 3.5, 11.5
_INK, _PALE, _BAR_INK, _BEAT_INK, _LANE_TINT, _WAVE_INK, _WARN_INK = (
    *("#1a1a1a", "#666666", "#808080", "#d0d0d0", "#f3f3f3", "#8a9bb0", "#b23c00"),
)
_MARKERS = {Mark.STROKE: "o", Mark.GHOST: "o", Mark.GRACE: ">"}

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # the first comes with matplotlib; the others are for SVG viewers
    "font.size": 8.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "backbeat",
    "path.simplify": False,
}


def draw(data: PictureData, layout: Layout, envelope: Envelope | None, *, notes: Sequence[str], picture: Picture) -> bytes:
    """The picture as a PNG or SVG file; the same input gives the same bytes.

    envelope: drawn where the layout has room for it. notes: sentences for the head, beside those that the result calls for.
    """
    with _shipped_settings():
        figure = Figure(figsize=(layout.width_in, layout.height_in), facecolor="white")
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.set_xlim(0.0, layout.width_in)
        axes.set_ylim(layout.height_in, 0.0)
        axes.set_autoscale_on(False)
        _draw_head(axes, data, layout, notes)
        _draw_lanes(axes, layout)
        _draw_lines(axes, data, layout)
        if envelope is not None and layout.has_wave:
            _draw_wave(axes, layout, envelope)
        for instrument in layout.lanes:
            _draw_hits(axes, data, layout, instrument)
        for row in layout.rows:
            _draw_labels(axes, data, layout, row)
        return _saved(figure, picture)


@contextmanager
def _shipped_settings() -> Iterator[None]:
    """Matplotlib as it is shipped, whatever a `matplotlibrc` says."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        warnings.filterwarnings("ignore", message=r"(?s)Glyph .* missing from font", category=UserWarning)  # a box stands for it
        yield


def _saved(figure: Any, picture: Picture) -> bytes:
    file = io.BytesIO()
    if picture is Picture.SVG:
        FigureCanvasSVG(figure).print_svg(file, metadata={"Date": None, "Creator": "Backbeat"})
    else:
        figure.set_dpi(DOTS_PER_IN)
        FigureCanvasAgg(figure).print_png(file, metadata={"Software": "Backbeat"})
    return file.getvalue()


def _draw_head(axes: Any, data: PictureData, layout: Layout, notes: Sequence[str]) -> None:
    title = shorten(data.title, TITLE_LETTERS)
    axes.text(layout.left_in, 0.3, title, fontsize=13, fontweight="bold", color=_INK, va="baseline", parse_math=False)
    facts = [
        data.meter,
        f"♩ = {data.tempo_bpm:.1f}",
        *([data.swing] if data.swing else []),
        f"{len(data.hits)} hits",
        f"heard by {data.engine}, confidence {data.confidence:.2f}",
    ]
    axes.text(layout.left_in, 0.53, "  ·  ".join(facts), fontsize=9, color=_INK, va="baseline", parse_math=False)
    told = [
        *(["The tempo is unreliable."] if data.tempo_unreliable else []),
        *(["Low confidence: check the hits by ear."] if data.low_confidence else []),
        *notes,
    ]
    axes.text(
        layout.left_in,
        0.75,
        shorten("  ".join(told), NOTE_LETTERS),
        fontsize=8.5,
        color=_WARN_INK,
        va="baseline",
        parse_math=False,
    )
    _draw_colour_bar(axes, layout.right_in - _LEGEND_IN, 0.2)
    _draw_sizes(axes, layout.right_in - _LEGEND_IN, 0.68, {hit.mark for hit in data.hits})


def _draw_colour_bar(axes: Any, left_in: float, top_in: float) -> None:
    steps, width_in, height_in = 32, _LEGEND_IN, 0.12
    edges = left_in + np.linspace(0.0, width_in, steps + 1)
    boxes = [_box(a, top_in, b, top_in + height_in) for a, b in pairwise(edges)]
    colours = mpl.colormaps[COLOURS]((np.arange(steps) + 0.5) / steps)
    axes.add_collection(
        PolyCollection(boxes, facecolors=colours, edgecolors=colours, linewidths=0.3, gid="colour-bar", clip_on=False)
    )
    axes.text(left_in - 0.1, top_in + height_in, "confidence", ha="right", va="baseline", color=_INK)
    for share, place in ((0.0, "left"), (0.5, "center"), (1.0, "right")):
        axes.text(left_in + share * width_in, top_in + height_in + 0.13, f"{share:g}", ha=place, va="baseline", color=_PALE)


def _draw_sizes(axes: Any, left_in: float, middle_in: float, marks: set[Mark]) -> None:
    """The legend of sizes and, where they occur, of ghosts and graces."""
    axes.text(left_in - 0.1, middle_in + 0.04, "velocity", ha="right", va="baseline", color=_INK)
    x_in = left_in + 0.08
    for velocity in (16, 48, 80, 127):
        _scatter(axes, [x_in], [middle_in], size_pt=_size_pt(velocity), mark=Mark.STROKE, colours=[_PALE])
        x_in += 0.17
    for mark, word in ((Mark.GHOST, "ghost"), (Mark.GRACE, "grace")):
        if mark in marks:
            _scatter(axes, [x_in + 0.05], [middle_in], size_pt=_size_pt(80), mark=mark, colours=[_PALE])
            axes.text(x_in + 0.14, middle_in + 0.04, word, va="baseline", color=_INK, fontsize=7)
            x_in += 0.48


def _draw_lanes(axes: Any, layout: Layout) -> None:
    boxes = []
    for row in layout.rows:
        for n in range(0, max(len(layout.lanes), 1), 2):
            top_in = row.lanes_in + n * layout.lane_in
            boxes.append(_box(layout.left_in, top_in, _end_in(layout, row), top_in + layout.lane_in))
        for instrument in layout.lanes:
            name, y_in = instrument.replace("_", " "), layout.lane_middle_in(row, instrument)
            axes.text(layout.left_in - 0.12, y_in, name, ha="right", va="center", color=_INK)
    axes.add_collection(PolyCollection(boxes, facecolors=_LANE_TINT, linewidths=0.0, gid="lanes", clip_on=False))


def _draw_lines(axes: Any, data: PictureData, layout: Layout) -> None:
    bars_s = [bar.time_s for bar in data.bars]
    for gid, times_s, ink, width_pt in (("beats", data.beats_s, _BEAT_INK, 0.5), ("bars", bars_s, _BAR_INK, 0.8)):
        if not lines_fit(layout, times_s):
            continue
        lines = []
        for time_s in times_s:
            if row := layout.row_at(time_s):
                x_in = layout.x_in(row, time_s)
                lines.append([(x_in, row.wave_in), (x_in, row.bottom_in)])
        axes.add_collection(LineCollection(lines, colors=ink, linewidths=width_pt, gid=gid, clip_on=False))


def _draw_wave(axes: Any, layout: Layout, envelope: Envelope) -> None:
    """One outline for each row, all to the same scale: the loudest sample of the picture fills the strip."""
    starts_s = envelope.start_s + np.arange(len(envelope.low)) * envelope.step_s
    outlines = []
    for row in layout.rows:
        first, last = np.searchsorted(starts_s, (row.start_s - envelope.step_s / 2, row.end_s - envelope.step_s / 2))
        x_in = layout.left_in + (starts_s[first:last] + envelope.step_s / 2 - row.start_s) * layout.in_per_s
        half_in = 0.46 * (row.lanes_in - row.wave_in)
        middle_in, scale = (row.wave_in + row.lanes_in) / 2, half_in / max(envelope.peak, 1e-6)
        above, below = (np.column_stack((x_in, middle_in - scale * edge[first:last])) for edge in (envelope.high, envelope.low))
        outlines.append(np.concatenate((above, below[::-1])))
    axes.add_collection(
        PolyCollection(
            outlines, facecolors=_WAVE_INK, edgecolors=_WAVE_INK, linewidths=0.4, gid="waveform", zorder=1.5, clip_on=False
        )
    )


def _draw_hits(axes: Any, data: PictureData, layout: Layout, instrument: Instrument) -> None:
    """A lane's marks in one group for each kind and size, louder ones first, so that softer ones stay visible on them."""
    groups: dict[tuple[Mark, int], list[tuple[PictureHit, Row]]] = {}
    for hit in data.hits:
        if hit.instrument is instrument and (row := layout.row_at(hit.time_s)):
            groups.setdefault((hit.mark, _size_step(hit.velocity)), []).append((hit, row))
    colours = mpl.colormaps[COLOURS]
    for (mark, step), placed in sorted(groups.items(), key=lambda group: -group[0][1]):
        _scatter(
            axes,
            [layout.x_in(row, hit.time_s) for hit, row in placed],
            [layout.lane_middle_in(row, instrument) for _, row in placed],
            size_pt=_size_pt(placed[0][0].velocity) * layout.mark_scale,
            mark=mark,
            colours=colours([hit.confidence for hit, _ in placed]),
            gid=f"hits-{instrument}-{mark}-{step + 1}",
        )


def _size_step(velocity: int) -> int:
    """0 for the softest to VELOCITY_STEPS - 1 for the loudest."""
    return (min(max(velocity, 1), 127) * VELOCITY_STEPS) // 128


def _size_pt(velocity: int) -> float:
    """The diameter of a mark in points."""
    return _SMALLEST_PT + (_LARGEST_PT - _SMALLEST_PT) * _size_step(velocity) / (VELOCITY_STEPS - 1)


def _scatter(
    axes: Any,
    x_in: Sequence[float],
    y_in: Sequence[float],
    *,
    size_pt: float,
    mark: Mark,
    colours: Any,
    gid: str | None = None,
) -> None:
    is_ring = mark is Mark.GHOST
    axes.scatter(
        x_in,
        y_in,
        s=size_pt**2,
        marker=_MARKERS[mark],
        facecolors="white" if is_ring else colours,
        edgecolors=colours if is_ring else "white",
        linewidths=1.2 if is_ring else 0.4,
        zorder=3.0,
        gid=gid,
        clip_on=False,
    )


def _draw_labels(axes: Any, data: PictureData, layout: Layout, row: Row) -> None:
    for label in bar_labels(layout, row, data.bars):
        x_in = layout.x_in(row, label.time_s)
        axes.text(
            x_in,
            row.wave_in - 0.05,
            label.text,
            fontsize=7.5,
            fontweight="bold",
            color=_INK,
            va="baseline",
            gid=f"bar-{label.text.split()[0]}",
        )
    for label in time_ticks(layout, row):
        x_in = layout.x_in(row, label.time_s)
        axes.text(x_in, row.bottom_in + 0.14, label.text, fontsize=7, color=_PALE, ha="center", va="baseline")


def _end_in(layout: Layout, row: Row) -> float:
    return min(layout.x_in(row, row.end_s), layout.right_in)


def _box(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
