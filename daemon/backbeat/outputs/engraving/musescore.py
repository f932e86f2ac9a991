"""MuseScore, without its window."""

from __future__ import annotations

from pathlib import Path

from backbeat.monitor import Monitor
from backbeat.outputs.engraving.engraver import Engraver
from backbeat.outputs.engraving.paper import SIDE_MARGIN_MM, SIZE_MM
from backbeat.outputs.engraving.programs import run_engraver
from backbeat.values import Paper

_NAMES = ("mscore4", "MuseScore4", "musescore4", "mscore", "musescore", "mscore3", "musescore3")
_MM_PER_INCH = 25.4


def _engrave(musicxml: Path, folder: Path, paper: Paper, monitor: Monitor) -> Path:
    style, pdf = folder / "paper.mss", folder / "drums.pdf"
    style.write_text(_style(paper), encoding="utf-8")
    arguments = ["-S", str(style), "-o", str(pdf), str(musicxml.resolve())]
    run_engraver(_NAMES, arguments, folder=folder, monitor=monitor)
    return pdf


ENGRAVER = Engraver(
    programs=(_NAMES,),
    advice="Install MuseScore (musescore.org), choose the pdf setting 'verovio', or switch PDF off with 'none'.",
    engrave=_engrave,
)


def _style(paper: Paper) -> str:
    """A style file with the page, in inches: MuseScore does not take the page from MusicXML when it runs without its window."""
    width, height = SIZE_MM[paper]
    sizes_mm = {
        "pageWidth": width,
        "pageHeight": height,
        "pagePrintableWidth": width - 2 * SIDE_MARGIN_MM,
        "pageEvenLeftMargin": SIDE_MARGIN_MM,
        "pageOddLeftMargin": SIDE_MARGIN_MM,
    }
    rows = "".join(f"<{name}>{size / _MM_PER_INCH:.5f}</{name}>" for name, size in sizes_mm.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<museScore version="3.01"><Style>{rows}</Style></museScore>\n'
