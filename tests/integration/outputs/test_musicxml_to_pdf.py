from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from backbeat.errors import Cancelled, EngineMissing, OutputError
from backbeat.monitor import Unwatched
from backbeat.outputs.musicxml_to_pdf import engraver_path, missing_programs, musicxml_to_pdf
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Score
from backbeat.settings import Settings
from backbeat.values import Paper, PdfBackend, Stage

BACKENDS = [PdfBackend.VEROVIO, PdfBackend.LILYPOND, PdfBackend.MUSESCORE]
PROGRAMS = [PdfBackend.LILYPOND, PdfBackend.MUSESCORE]
SIZES_PT = {Paper.A4: (595.3, 841.9), Paper.LETTER: (612, 792)}


@pytest.fixture
def musicxml(groove: Score, tmp_path: Path) -> Path:
    path = tmp_path / "song.drums.musicxml"
    path.write_bytes(score_to_musicxml(groove))
    return path


@pytest.fixture
def engraver(need_program: Callable[..., str]) -> Callable[[PdfBackend], PdfBackend]:
    names = {PdfBackend.LILYPOND: ("lilypond",), PdfBackend.MUSESCORE: ("mscore4", "mscore", "musescore3", "mscore3")}

    def need(backend: PdfBackend) -> PdfBackend:
        if backend in names:
            need_program(*names[backend])
        return backend

    return need


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("backend", BACKENDS)
def test_one_page_of_the_paper_that_was_asked_for_with_the_title(
    backend: PdfBackend,
    paper: Paper,
    musicxml: Path,
    tmp_path: Path,
    engraver: Callable[[PdfBackend], PdfBackend],
    need_program: Callable[..., str],
) -> None:
    pdf = tmp_path / "song.drums.pdf"
    musicxml_to_pdf(musicxml, pdf, engraver(backend), Unwatched(), paper=paper)
    info = subprocess.run([need_program("pdfinfo"), str(pdf)], capture_output=True, text=True, check=True, timeout=60).stdout
    assert re.search(r"Pages:\s+1\n", info)
    width, height = (float(size) for size in re.findall(r"Page size:\s+([\d.]+) x ([\d.]+)", info)[0])
    assert (width, height) == pytest.approx(SIZES_PT[paper], abs=1)
    text = subprocess.run([need_program("pdftotext"), str(pdf), "-"], capture_output=True, text=True, check=True, timeout=60)
    assert "Golden groove" in text.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["song.drums.musicxml", "song.drums.pdf"]


def test_lilypond_spreads_the_drums_over_the_staff(
    groove: Score, tmp_path: Path, engraver: Callable[[PdfBackend], PdfBackend], need_program: Callable[..., str]
) -> None:
    """musicxml2ly by itself puts every drum on the middle line; then the two pages would look the same."""
    pages = []
    for step in ("F", "C"):
        data = score_to_musicxml(groove).replace(b"<display-step>F<", f"<display-step>{step}<".encode())
        (tmp_path / "in.musicxml").write_bytes(data)
        musicxml_to_pdf(tmp_path / "in.musicxml", tmp_path / "out.pdf", engraver(PdfBackend.LILYPOND), Unwatched())
        command = [need_program("pdftoppm"), "-r", "50", str(tmp_path / "out.pdf")]
        pages.append(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    assert pages[0] != pages[1]


def test_a_title_cannot_run_code_in_lilypond(groove: Score, tmp_path: Path, engraver: Callable[[PdfBackend], PdfBackend]) -> None:
    mark = tmp_path / "mark"
    title = f'\\" #(open-output-file "{mark}") "'
    (tmp_path / "in.musicxml").write_bytes(score_to_musicxml(replace(groove, title=title)))
    musicxml_to_pdf(tmp_path / "in.musicxml", tmp_path / "out.pdf", engraver(PdfBackend.LILYPOND), Unwatched())
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")
    assert not mark.exists()


class CancelledAtOnce:
    def progress(self, stage: Stage, fraction: float) -> None:
        """Nothing to show."""

    def check(self) -> None:
        raise Cancelled("cancelled")


@pytest.mark.parametrize("backend", [PdfBackend.VEROVIO, PdfBackend.LILYPOND])
def test_cancelling_leaves_no_pdf(
    backend: PdfBackend, musicxml: Path, tmp_path: Path, engraver: Callable[[PdfBackend], PdfBackend]
) -> None:
    with pytest.raises(Cancelled):
        musicxml_to_pdf(musicxml, tmp_path / "song.drums.pdf", engraver(backend), CancelledAtOnce())
    assert [path.name for path in tmp_path.iterdir()] == ["song.drums.musicxml"]


def test_a_folder_that_is_gone_is_an_output_error(musicxml: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not there"):
        musicxml_to_pdf(musicxml, tmp_path / "gone" / "song.pdf", PdfBackend.VEROVIO, Unwatched())


def test_none_makes_nothing(musicxml: Path, tmp_path: Path) -> None:
    musicxml_to_pdf(musicxml, tmp_path / "song.drums.pdf", PdfBackend.NONE, Unwatched())
    assert not (tmp_path / "song.drums.pdf").exists()
    assert missing_programs(PdfBackend.NONE) == ()
    assert engraver_path(PdfBackend.NONE) is None


def test_the_default_engraver_is_built_in_and_needs_no_program(
    musicxml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().pdf is PdfBackend.VEROVIO
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_programs(PdfBackend.VEROVIO) == ()
    assert engraver_path(PdfBackend.VEROVIO) is None
    musicxml_to_pdf(musicxml, tmp_path / "song.drums.pdf", PdfBackend.VEROVIO, Unwatched())
    assert (tmp_path / "song.drums.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("backend", PROGRAMS)
def test_a_program_that_is_not_installed_is_named_with_what_to_do(
    backend: PdfBackend, musicxml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if not missing_programs(backend):
        pytest.skip(f"{backend} is installed in one of its usual places")
    with pytest.raises(EngineMissing, match="could not be found") as caught:
        musicxml_to_pdf(musicxml, tmp_path / "song.drums.pdf", backend, Unwatched())
    assert "verovio" in caught.value.advice
