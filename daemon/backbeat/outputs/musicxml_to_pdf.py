"""MusicXML to PDF by LilyPond or MuseScore, whichever the user chose and has."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from backbeat.errors import EngineFailed, EngineMissing
from backbeat.monitor import Monitor
from backbeat.outputs.run_program import run_program
from backbeat.outputs.write_atomic import atomic_path
from backbeat.values import PdfBackend

TIMEOUT_S = 300.0  # for one program; LilyPond takes about a minute for ten dense minutes of drums

_PROGRAMS: dict[PdfBackend, tuple[tuple[str, ...], ...]] = {
    PdfBackend.LILYPOND: (("lilypond",), ("musicxml2ly", "musicxml2ly.py")),
    PdfBackend.MUSESCORE: (("mscore4", "MuseScore4", "musescore4", "mscore", "musescore", "mscore3", "musescore3"),),
    PdfBackend.NONE: (),
}
"""Each backend's programs, each with the names it goes by."""

_USUAL_PLACES = (
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/Applications/MuseScore 4.app/Contents/MacOS",
    "/Applications/MuseScore 3.app/Contents/MacOS",
    "C:/Program Files/MuseScore 4/bin",
    "C:/Program Files/MuseScore 3/bin",
    "C:/Program Files/LilyPond/bin",
)
_ADVICE = {
    PdfBackend.LILYPOND: "Install LilyPond (lilypond.org), choose the pdf setting 'musescore', or switch PDF off with 'none'.",
    PdfBackend.MUSESCORE: "Install MuseScore (musescore.org), choose the pdf setting 'lilypond', or switch PDF off with 'none'.",
}
_TREBLE_POSITION = r'\clef "percussion" \set Staff.middleCPosition = #-6'
_HARMLESS = str.maketrans({'"': "\u201d", "\\": "\u2216"})


def missing_programs(backend: PdfBackend) -> tuple[str, ...]:
    """Names of the programs that `backend` needs and that are not installed; empty when it can be used."""
    return tuple(names[0] for names in _PROGRAMS[backend] if _find(names) is None)


def engraver_path(backend: PdfBackend) -> str | None:
    """Where the backend's main program is, or None when it is not installed."""
    return next((_find(names) for names in _PROGRAMS[backend]), None)


def musicxml_to_pdf(musicxml: Path, pdf: Path, backend: PdfBackend, monitor: Monitor) -> None:
    """Engrave `musicxml`, which Backbeat wrote, on A4; `pdf` appears whole. PdfBackend.NONE does nothing.

    Raises EngineMissing when the program is not installed, EngineFailed when it fails or takes too long, OutputError
    when the PDF cannot be written, and Cancelled from `monitor` while the program runs.
    """
    if backend is PdfBackend.NONE:
        return
    missing = missing_programs(backend)
    if missing:
        raise EngineMissing(f"No PDF: {' and '.join(missing)} could not be found.", advice=_ADVICE[backend])
    engrave = _BACKENDS[backend]
    with tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
        made = engrave(musicxml, Path(folder), monitor)
        if not made.is_file():
            raise EngineFailed(f"{backend} made no PDF of {musicxml.name}.")
        with atomic_path(pdf) as temp:
            shutil.copyfile(made, temp)


def _lilypond(musicxml: Path, folder: Path, monitor: Monitor) -> Path:
    source, music = folder / "drums.musicxml", folder / "drums.ly"
    source.write_bytes(_for_musicxml2ly(musicxml))
    lilypond, musicxml2ly = _programs(PdfBackend.LILYPOND)
    _run([*musicxml2ly, "--output", str(music), str(source)], folder, monitor)
    music.write_text(_mended(music.read_text(encoding="utf-8")), encoding="utf-8")
    _run([*lilypond, "--loglevel=ERROR", "--output", str(folder / "drums"), str(music)], folder, monitor)
    return folder / "drums.pdf"


def _for_musicxml2ly(musicxml: Path) -> bytes:
    """The file with harmless titles: musicxml2ly lets a backslash and a quote end a string, and code would follow."""
    tree = ET.parse(musicxml)  # noqa: S314 - our own file
    for element in tree.iter():
        if element.text:
            element.text = element.text.translate(_HARMLESS)
    return ET.tostring(tree.getroot())


def _mended(music: str) -> str:
    """musicxml2ly writes display places as pitches, but puts them on a drum staff, which shows all on one line.

    On an ordinary staff with a percussion clef that reads like a treble clef they stand where they belong.
    """
    music = music.replace("DrumStaff", "Staff").replace("DrumVoice", "Voice")
    return music.replace(r'\clef "percussion"', _TREBLE_POSITION)


def _musescore(musicxml: Path, folder: Path, monitor: Monitor) -> Path:
    pdf = folder / "drums.pdf"
    (program,) = _programs(PdfBackend.MUSESCORE)
    _run([*program, "-o", str(pdf), str(musicxml.resolve())], folder, monitor)
    return pdf


_BACKENDS: dict[PdfBackend, Callable[[Path, Path, Monitor], Path]] = {
    PdfBackend.LILYPOND: _lilypond,
    PdfBackend.MUSESCORE: _musescore,
}


def _run(command: list[str], folder: Path, monitor: Monitor) -> None:
    """Without a screen, and with settings of its own: the user's stay as they are."""
    environment = {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    run_program(command, folder=folder, environment=environment, timeout_s=TIMEOUT_S, monitor=monitor)


def _programs(backend: PdfBackend) -> Iterator[list[str]]:
    """How each program of the backend is started; LilyPond for Windows brings musicxml2ly as a Python script."""
    for names in _PROGRAMS[backend]:
        path = _find(names)
        if path is None:
            raise EngineMissing(f"{names[0]} could not be found.", advice=_ADVICE[backend])
        yield [sys.executable, path] if path.endswith(".py") else [path]


def _find(names: tuple[str, ...]) -> str | None:
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *_USUAL_PLACES])
    return next((path for name in names if (path := shutil.which(name, path=search))), None)
