"""The built-in engraver: Verovio (LGPL, verovio.org) sets the pages as SVG, ReportLab (BSD) writes them as PDF."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import verovio

from backbeat.errors import EngineFailed
from backbeat.monitor import Monitor
from backbeat.outputs.engraving.drum_mei import DrumMei
from backbeat.outputs.engraving.engraver import Engraver
from backbeat.outputs.engraving.music_glyphs import DATA
from backbeat.outputs.engraving.paper import SIDE_MARGIN_MM, SIZE_MM, STAFF_MM
from backbeat.outputs.engraving.svg_to_pdf import svg_pages_to_pdf
from backbeat.values import Paper, Stage

_UNITS_PER_MM = 10
_STAFF_UNITS = 8  # Verovio's `unit` is half of the distance between two lines
_LAYOUTS_MAX = 4  # 4 bars a line, 2, 1, and a last look

_OPTIONS: dict[str, object] = {
    "breaks": "smart",  # as in the file ...
    "breaksSmartSb": 0,  # ... always, and where a line would not fit
    "font": "Leland",  # MuseScore's: its crosses are bold enough to be read from a music stand
    "header": "encoded",
    "footer": "none",
    "svgFormatRaw": True,  # indentation would be blanks in the text
    "smuflTextFont": "none",  # the glyphs come from Verovio's files
    "pageMarginTop": 120,
    "pageMarginBottom": 120,
    "bottomMarginHeader": 4.0,
    "justifyVertically": True,
    "minLastJustification": 0.4,  # a last line that would be half full or more is as wide as the others
    "spacingSystem": 6,
    "spacingLinear": 0.1,  # four bars of sixteenths fit into a line ...
    "leftMarginNote": 0.3,  # ... without noteheads that touch
    "leftMarginChord": 0.3,
}
"""Lengths in tenths of a millimetre or, the margins of single signs, in half staff spaces."""

_one_at_a_time = threading.Lock()  # its fonts and its log are shared by all toolkits of a process


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A part on pages. svg: one document each, as Verovio writes them, without line breaks in its text."""

    title: str
    svg: tuple[str, ...]


def svg_pages(musicxml: str, *, name: str, paper: Paper, monitor: Monitor) -> Pages:
    """Engrave MusicXML that Backbeat wrote; `name` is for messages.

    Raises EngineFailed when Verovio cannot read it, and Cancelled from `monitor`, which is asked at every page.
    """
    with _one_at_a_time:
        verovio.enableLog(verovio.LOG_OFF)  # it would go to standard error, between our own lines
        toolkit = _toolkit(paper)
        toolkit.setOptions({"breaks": "none"})  # only to be read, not yet to be laid out
        _load(toolkit, musicxml, name)
        part = DrumMei(toolkit.getMEI({"scoreBased": True}))
        monitor.check()
        toolkit.setOptions({"breaks": _OPTIONS["breaks"]})
        return Pages(title=part.title, svg=_pages(toolkit, part, name, monitor))


def _engrave(musicxml: Path, folder: Path, paper: Paper, monitor: Monitor) -> Path:
    pages = svg_pages(musicxml.read_text(encoding="utf-8"), name=musicxml.name, paper=paper, monitor=monitor)
    pdf = folder / "drums.pdf"
    drawn = _watched(pages.svg, monitor)
    svg_pages_to_pdf(drawn, pdf, size_mm=SIZE_MM[paper], title=pages.title, margin_mm=SIDE_MARGIN_MM)
    return pdf


ENGRAVER = Engraver(programs=(), advice="Choose the pdf setting 'lilypond' or 'musescore', or 'none'.", engrave=_engrave)


def _toolkit(paper: Paper) -> Any:
    verovio.setDefaultResourcePath(str(DATA))  # Verovio keeps it by thread; its package sets it for the one that imports it
    toolkit = verovio.toolkit()
    width, height = (round(size * _UNITS_PER_MM) for size in SIZE_MM[paper])
    side = round(SIDE_MARGIN_MM * _UNITS_PER_MM)
    size = {"pageWidth": width, "pageHeight": height, "pageMarginLeft": side, "pageMarginRight": side}
    toolkit.setOptions({**_OPTIONS, **size, "unit": STAFF_MM * _UNITS_PER_MM / _STAFF_UNITS})
    return toolkit


def _pages(toolkit: Any, part: DrumMei, name: str, monitor: Monitor) -> tuple[str, ...]:
    """All pages as SVG, with lines that hold what fits into them."""
    for _ in range(_LAYOUTS_MAX):
        _load(toolkit, str(part), name)
        pages: list[str] = []
        for number in range(1, toolkit.getPageCount() + 1):
            monitor.check()
            pages.append(toolkit.renderToSVG(number))
        if not part.halve_overfull_lines(_bars_in_lines(pages)):
            break
    if not pages or not all(page.startswith("<svg") for page in pages):
        raise EngineFailed(f"Verovio made no pages of {name}.")
    return tuple(pages)


def _load(toolkit: Any, data: str, name: str) -> None:
    if not toolkit.loadData(data):
        raise EngineFailed(f"Verovio could not read {name}.")


def _bars_in_lines(pages: Sequence[str]) -> list[int]:
    lines: list[int] = []
    for kind in re.findall(r'class="(system|measure)"', "".join(pages)):
        if kind == "system":
            lines.append(0)
        else:
            lines[-1] += 1
    return lines


def _watched(pages: Sequence[str], monitor: Monitor) -> Iterator[str]:
    """Engraving is the second half of the notation; drawing is most of it."""
    for number, page in enumerate(pages):
        monitor.check()
        monitor.progress(Stage.NOTATION, 0.5 + 0.5 * number / len(pages))
        yield page
