"""Verovio's music fonts, for the signs that stand within text, such as the note of a tempo mark.

Verovio ships each glyph as a path (FONT/CODE.xml) and the widths in FONT.xml, in thousandths of the font size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import verovio

from backbeat.errors import EngineFailed

UNITS_PER_EM = 1000.0
DATA = Path(verovio.__file__).parent / "data"
"""Verovio's own files."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """path: SVG path data with y upwards. advance: how far the next character stands; both in 1/1000 of the font size."""

    path: str
    advance: float


@cache
def is_music_font(name: str) -> bool:
    """Whether Verovio has a music font of this name."""
    return name.isalnum() and (DATA / f"{name}.xml").is_file()


@cache
def music_glyph(font: str, character: str) -> Glyph:
    """The glyph of a SMuFL character; raises EngineFailed when the font lacks it."""
    code = f"{ord(character):04X}"
    advance = _advances(font).get(code)
    file = DATA / font / f"{code}.xml"
    if advance is None or not file.is_file():
        raise EngineFailed(f"The music font {font} has no sign U+{code}.")
    path = ET.parse(file).getroot().find("path")  # noqa: S314 - a file of the installed package
    return Glyph(path="" if path is None else path.get("d", ""), advance=advance)


@cache
def _advances(font: str) -> dict[str, float]:
    tree = ET.parse(DATA / f"{font}.xml")  # noqa: S314 - a file of the installed package
    return {glyph.get("c", ""): float(glyph.get("h-a-x", 0)) for glyph in tree.getroot().iter("g")}
