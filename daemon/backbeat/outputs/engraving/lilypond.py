"""LilyPond, by way of its own reader of MusicXML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from backbeat.monitor import Monitor
from backbeat.outputs.engraving.engraver import Engraver
from backbeat.outputs.engraving.programs import run_engraver
from backbeat.values import Paper

_LILYPOND = ("lilypond",)
_READER = ("musicxml2ly", "musicxml2ly.py")
_TREBLE_POSITION = r'\clef "percussion" \set Staff.middleCPosition = #-6'
_HARMLESS = str.maketrans({'"': "\u201d", "\\": "\u2216"})


def _engrave(musicxml: Path, folder: Path, paper: Paper, monitor: Monitor) -> Path:
    source, music = folder / "drums.musicxml", folder / "drums.ly"
    source.write_bytes(_readable(musicxml))
    run_engraver(_READER, ["--output", str(music), str(source)], folder=folder, monitor=monitor)
    music.write_text(_mended(music.read_text(encoding="utf-8"), paper), encoding="utf-8")
    arguments = ["--loglevel=ERROR", "--output", str(folder / "drums"), str(music)]
    run_engraver(_LILYPOND, arguments, folder=folder, monitor=monitor)
    return folder / "drums.pdf"


ENGRAVER = Engraver(
    programs=(_LILYPOND, _READER),
    advice="Install LilyPond (lilypond.org), choose the pdf setting 'verovio', or switch PDF off with 'none'.",
    engrave=_engrave,
)


def _readable(musicxml: Path) -> bytes:
    """The file with harmless titles: musicxml2ly lets a backslash and a quote end a string, and code would follow.

    Without a page size of its own, which would go before the paper that was asked for.
    """
    tree = ET.parse(musicxml)  # noqa: S314 - our own file
    for element in tree.iter():
        if element.text:
            element.text = element.text.translate(_HARMLESS)
    for defaults in tree.iter("defaults"):
        for layout in defaults.findall("page-layout"):
            defaults.remove(layout)
    return ET.tostring(tree.getroot())


def _mended(music: str, paper: Paper) -> str:
    """musicxml2ly writes display places as pitches, but puts them on a drum staff, which shows all on one line.

    On an ordinary staff with a percussion clef that reads like a treble clef they stand where they belong.
    """
    music = music.replace("DrumStaff", "Staff").replace("DrumVoice", "Voice")
    music = music.replace(r'\clef "percussion"', _TREBLE_POSITION)
    return f'{music}\n\\paper {{ #(set-paper-size "{paper}") }}\n'
