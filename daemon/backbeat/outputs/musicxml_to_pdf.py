"""MusicXML to PDF by the engraver that the user chose: the built-in one, or a program of their own."""

from __future__ import annotations

import shutil
import tempfile
from importlib import import_module
from pathlib import Path

from backbeat.errors import EngineFailed, EngineMissing
from backbeat.monitor import Monitor
from backbeat.outputs.engraving.engraver import Engraver
from backbeat.outputs.engraving.programs import program_path
from backbeat.outputs.write_atomic import atomic_path
from backbeat.values import Paper, PdfBackend

_ENGRAVERS = {
    PdfBackend.VEROVIO: "verovio",
    PdfBackend.LILYPOND: "lilypond",
    PdfBackend.MUSESCORE: "musescore",
}
"""The file in `outputs/engraving` that holds each; it is read when it is needed."""


def missing_programs(backend: PdfBackend) -> tuple[str, ...]:
    """Names of the programs that `backend` needs and that are not installed; empty when it can be used."""
    if backend is PdfBackend.NONE:
        return ()
    return tuple(names[0] for names in _engraver(backend).programs if program_path(names) is None)


def engraver_path(backend: PdfBackend) -> str | None:
    """Where the backend's main program is; None when it is not installed, or is no program of its own."""
    if backend is PdfBackend.NONE:
        return None
    return next((program_path(names) for names in _engraver(backend).programs), None)


def musicxml_to_pdf(musicxml: Path, pdf: Path, backend: PdfBackend, monitor: Monitor, *, paper: Paper = Paper.A4) -> None:
    """Engrave `musicxml`, which Backbeat wrote, on pages of `paper`; `pdf` appears whole. PdfBackend.NONE does nothing.

    Raises EngineMissing when a program is not installed, EngineFailed when the engraver fails or takes too long, OutputError
    when the PDF cannot be written, and Cancelled from `monitor` meanwhile.
    """
    if backend is PdfBackend.NONE:
        return
    engraver = _engraver(backend)
    missing = missing_programs(backend)
    if missing:
        raise EngineMissing(f"No PDF: {' and '.join(missing)} could not be found.", advice=engraver.advice)
    with tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
        made = engraver.engrave(musicxml, Path(folder), paper, monitor)
        if not made.is_file():
            raise EngineFailed(f"{backend} made no PDF of {musicxml.name}.")
        with atomic_path(pdf) as temp:
            shutil.copyfile(made, temp)


def _engraver(backend: PdfBackend) -> Engraver:
    engraver: Engraver = import_module(f"backbeat.outputs.engraving.{_ENGRAVERS[backend]}").ENGRAVER
    return engraver
