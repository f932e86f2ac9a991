"""The text fonts of the PDF, embedded: a Times of wide coverage, and a sans serif for what it lacks.

Both come with Matplotlib and may be embedded (STIX: SIL Open Font License; DejaVu: Bitstream Vera License). STIX has the
widths of Times, by which Verovio lays out its text. What neither can draw (Chinese, Japanese, Korean ...) becomes a box.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from backbeat.errors import EngineFailed

SUBSTITUTE = "\u25a1"
"""An empty box, for characters that no font has."""

_PLAIN, _WIDEST = "STIXGeneral", "DejaVuSans"
_FILE_OF_STYLE = {
    (False, False): _PLAIN,
    (True, False): "STIXGeneralBol",
    (False, True): "STIXGeneralItalic",
    (True, True): "STIXGeneralBolIta",
}
"""By bold and italic."""

_registering = threading.Lock()


@dataclass(frozen=True, slots=True)
class Run:
    """Text that one font can draw. font: its name in ReportLab."""

    text: str
    font: str

    def width(self, size: float) -> float:
        """In the unit of `size`."""
        width: float = pdfmetrics.stringWidth(self.text, self.font, size)
        return width


def font_runs(text: str, *, is_bold: bool, is_italic: bool) -> list[Run]:
    """`text` in pieces with the font for each; characters that no font has are `SUBSTITUTE`."""
    fonts = tuple(dict.fromkeys((_FILE_OF_STYLE[is_bold, is_italic], _PLAIN, _WIDEST)))
    chosen = [_chosen(character, fonts) for character in _characters(text)]
    return [Run("".join(c for c, _ in run), font) for font, run in groupby(chosen, key=lambda pair: pair[1])]


def embedded_font() -> str:
    """The name of a font that will be embedded, for documents that want to start with one."""
    _font(_PLAIN)
    return _PLAIN


def _characters(text: str) -> Iterator[str]:
    """Composed (file names from a Mac come in parts: u and two dots), without marks that only join or vary others."""
    for character in unicodedata.normalize("NFC", text):
        if unicodedata.category(character) != "Cf" and not "\ufe00" <= character <= "\ufe0f":
            yield " " if character.isspace() else character


def _chosen(character: str, fonts: tuple[str, ...]) -> tuple[str, str]:
    for font in fonts:
        if ord(character) in _font(font).face.charToGlyph:
            return character, font
    return SUBSTITUTE, _WIDEST


def _font(name: str) -> Any:
    """A font that ReportLab knows; threads that ask for it at the same time get the same one."""
    with _registering:
        return _registered(name)


@cache
def _registered(name: str) -> Any:
    package = find_spec("matplotlib")  # its files only: importing it would take longer than engraving
    if package is None or package.origin is None:
        raise EngineFailed("Matplotlib, whose fonts the PDF uses, is not installed.", advice="Install Backbeat again.")
    font = TTFont(name, str(Path(package.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return font
