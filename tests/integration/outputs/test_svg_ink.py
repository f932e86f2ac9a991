"""Our reader of SVG against another one (librsvg), on pages that Verovio makes: the same ink in the same places."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import verovio
from numpy.typing import NDArray

from backbeat.outputs.engraving.svg_to_pdf import svg_pages_to_pdf
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Score

PIXELS_PER_INCH = 200
NEAR_PIXELS = 2  # librsvg and Poppler round thin lines to different pixels


@pytest.fixture
def page(groove: Score) -> str:
    """The golden groove as one page of A4, without text, for which the two readers have different fonts."""
    toolkit = verovio.toolkit()
    toolkit.setOptions({"footer": "none", "font": "Leland", "svgFormatRaw": True, "pageWidth": 2100, "pageHeight": 2970})
    assert toolkit.loadData(score_to_musicxml(groove).decode())
    return re.sub(r"<text[^>]*/>|<text.*?</text>", "", toolkit.renderToSVG(1))


def ink(image: bytes) -> NDArray[np.bool_]:
    """Where a grey PGM is dark, shape (height, width)."""
    kind, width, height, _highest, pixels = image.split(maxsplit=4)
    assert kind == b"P5"
    grey = np.frombuffer(pixels, dtype=np.uint8).reshape(int(height), int(width))
    return grey < 128


def near(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Everything that is at most NEAR_PIXELS from something dark."""
    reached = dark.copy()
    for axis in (0, 1):
        reached = np.any([np.roll(reached, step, axis) for step in range(-NEAR_PIXELS, NEAR_PIXELS + 1)], axis=0)
    return reached


def rastered(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def test_every_mark_is_where_another_reader_of_svg_puts_it(page: str, tmp_path: Path, need_program: Callable[..., str]) -> None:
    svg, pdf, other = tmp_path / "page.svg", tmp_path / "page.pdf", tmp_path / "other.pdf"
    svg.write_text(page, "utf-8")
    svg_pages_to_pdf([page], pdf, size_mm=(210, 297), title="", margin_mm=15)
    rsvg = [need_program("rsvg-convert"), "--format=pdf", "--page-width=210mm", "--page-height=297mm"]
    rastered([*rsvg, "--width=210mm", "--height=297mm", "--output", str(other), str(svg)])
    poppler = [need_program("pdftoppm"), "-gray", "-r", str(PIXELS_PER_INCH)]
    ours, theirs = (ink(rastered([*poppler, str(path)])) for path in (pdf, other))
    assert ours.shape == theirs.shape
    assert theirs.sum() > 15_000, "there is music on the page"
    assert (ours & ~near(theirs)).sum() == 0, "nothing that the other reader does not draw"
    assert (theirs & ~near(ours)).sum() == 0, "and all that it draws"
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.06), "but for the outline of glyphs, which `svg_style` leaves out"


def test_as_many_glyphs_are_drawn_as_are_used(page: str, tmp_path: Path) -> None:
    svg_pages_to_pdf([page, page], tmp_path / "pages.pdf", size_mm=(210, 297), title="", margin_mm=15)
    assert page.count("<use ") > 40
    assert len(re.findall(rb"/\S*glyph\d+ Do", operations(tmp_path / "pages.pdf"))) == 2 * page.count("<use ")


def test_verovio_draws_every_drum_of_the_file(groove: Score, page: str) -> None:
    assert page.count('class="notehead"') == score_to_musicxml(groove).count(b"<unpitched>")


def operations(pdf: Path) -> bytes:
    """What stands in the content streams of a PDF that ReportLab wrote."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf.read_bytes(), re.DOTALL)
    encoded = [stream.strip().removesuffix(b"~>") for stream in streams if stream.strip().endswith(b"~>")]
    return b"\n".join(zlib.decompress(base64.a85decode(stream)) for stream in encoded)
