"""The PDF that every installation makes: what a drummer prints is looked at with programs that are not ours."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from backbeat.errors import Cancelled, EngineFailed
from backbeat.monitor import Unwatched
from backbeat.outputs.musicxml_to_pdf import musicxml_to_pdf
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Bar, Score, ScoreNote
from backbeat.values import FOUR_FOUR, Instrument, Paper, PdfBackend, Stage

STROKES = {  # sixteenths of a bar
    Instrument.HIHAT_CLOSED: range(0, 16, 2),
    Instrument.SNARE: (4, 7, 9, 12),
    Instrument.KICK: (0, 6, 8, 11),
}


def drums(bars: int, *, every_sixteenth: bool = False, title: str = "Long take") -> Score:
    """A groove at 120 BPM; the same bar, over and over."""
    strokes = {**STROKES, Instrument.HIHAT_CLOSED: range(16)} if every_sixteenth else STROKES
    notes = [
        ScoreNote(
            bar=bar,
            position=Fraction(at, 4),
            sounding=Fraction(at, 4),
            time_s=2 * bar + at / 8,
            instrument=instrument,
            velocity=80,
            confidence=1.0,
        )
        for bar in range(bars)
        for at, instrument in sorted((at, instrument) for instrument, places in strokes.items() for at in places)
    ]
    return Score(
        title=title,
        bars=tuple(
            Bar(number=n + 1, meter=FOUR_FOUR, start_s=2.0 * n, end_s=2.0 * n + 2, length=Fraction(4)) for n in range(bars)
        ),
        notes=tuple(notes),
        tempo_bpm=120.0,
        tempo_unreliable=False,
    )


@pytest.fixture
def engraved(tmp_path: Path) -> Callable[..., Path]:
    def engrave(score: Score, *, paper: Paper = Paper.A4) -> Path:
        musicxml, pdf = tmp_path / "song.drums.musicxml", tmp_path / "song.drums.pdf"
        musicxml.write_bytes(score_to_musicxml(score))
        musicxml_to_pdf(musicxml, pdf, PdfBackend.VEROVIO, Unwatched(), paper=paper)
        return pdf

    return engrave


@pytest.fixture
def told(need_program: Callable[..., str]) -> Callable[..., str]:
    """What one of Poppler's programs says about a PDF."""

    def tell(program: str, pdf: Path, *options: str) -> str:
        command = [need_program(program), *options, str(pdf), *(["-"] if program == "pdftotext" else [])]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    return tell


@pytest.mark.parametrize(("bars", "pages"), [(1, range(1, 2)), (5, range(1, 2)), (120, range(2, 6))])
@pytest.mark.parametrize(("paper", "size"), [(Paper.A4, "595.276 x 841.89"), (Paper.LETTER, "612 x 792")])
def test_as_many_pages_as_it_takes_each_of_the_right_size(engraved, told, bars, pages, paper, size) -> None:
    info = told("pdfinfo", engraved(drums(bars), paper=paper), "-f", "1", "-l", "99")
    count = int(re.search(r"Pages:\s+(\d+)", info)[1])
    assert count in pages
    assert re.findall(r"Page +\d+ size: +([\d.]+ x [\d.]+)", info) == [size] * count


def test_every_page_says_whose_it_is_and_later_ones_their_number(engraved, told) -> None:
    pages = told("pdftotext", engraved(drums(120)), "-layout").split("\f")[:-1]
    assert len(pages) > 1
    assert "Long take" in pages[0]
    assert "Drumset" in pages[0]
    assert "= 120" in pages[0]
    for number, page in enumerate(pages[1:], start=2):
        assert re.search(rf"Long take\s+{number}\n", page)


def test_a_line_has_four_bars_and_begins_with_its_bars_number(engraved, told) -> None:
    words = told("pdftotext", engraved(drums(32))).split()
    numbers = [int(word) for word in words if word.isdecimal() and word != "120"]
    assert numbers == list(range(5, 32, 4))


def test_lines_that_would_be_too_full_are_halved_instead_of_squeezed(engraved, told) -> None:
    """As somebody might have edited it: eight bars of sixteenths on each line."""
    pdf = engraved(drums(16, every_sixteenth=True))
    musicxml = pdf.with_suffix(".musicxml")
    tree = ET.parse(musicxml)
    for index, measure in enumerate(tree.iter("measure")):
        for mark in measure.findall("print"):
            measure.remove(mark)
        if index == 8:
            measure.insert(0, ET.Element("print", {"new-system": "yes"}))
    tree.write(musicxml)
    musicxml_to_pdf(musicxml, pdf, PdfBackend.VEROVIO, Unwatched())
    words = told("pdftotext", pdf).split()
    numbers = [int(word) for word in words if word.isdecimal() and word != "120"]
    assert numbers in ([5, 9, 13], [3, 5, 7, 9, 11, 13, 15])


def test_all_fonts_are_embedded(engraved, told) -> None:
    rows = [line.split() for line in told("pdffonts", engraved(drums(5))).splitlines()[2:]]
    assert rows
    assert {(embedded, subset) for *_, embedded, subset, _unicode, _number, _generation in rows} == {("yes", "yes")}


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Übung für Žižek — “Nº 5”", "Übung für Žižek — “Nº 5”"),
        ("大太鼓 solo", "□□□ solo"),
        ("Party 🥁", "Party □"),
        ('<b> & "quotes" \\ {tex} %20', '<b> & "quotes" \\ {tex} %20'),
    ],
)
def test_titles_of_any_kind(engraved, told, title: str, shown: str) -> None:
    pdf = engraved(drums(2, title=title))
    assert shown in told("pdftotext", pdf)
    assert re.search(r"Title: +(.*)", told("pdfinfo", pdf))[1] == title


def test_a_very_long_title_stays_on_the_page(engraved, told) -> None:
    pdf = engraved(drums(2, title="take 17 of the long one " * 12))
    boxes = re.findall(r'<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)"', told("pdftotext", pdf, "-bbox"))
    assert len(boxes) > 60
    assert min(float(left) for left, _ in boxes) > 28
    assert max(float(right) for _, right in boxes) < 595 - 28


def test_a_score_without_strokes_and_without_a_title_is_a_page_too(engraved, told) -> None:
    pdf = engraved(replace(drums(4), notes=(), title=""))
    assert "Drumset" in told("pdftotext", pdf)


def test_the_same_score_gives_the_same_file(engraved) -> None:
    assert engraved(drums(9)).read_bytes() == engraved(drums(9)).read_bytes()


def test_nothing_is_printed_between_our_own_lines(engraved, capfd) -> None:
    engraved(drums(9))
    with pytest.raises(EngineFailed):
        musicxml_to_pdf(Path(__file__), Path(__file__).with_suffix(".pdf"), PdfBackend.VEROVIO, Unwatched())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", ["", "no XML", "<score-partwise/>", "<html><body/></html>"])
def test_what_is_no_music_is_an_error(content: str, tmp_path: Path) -> None:
    (tmp_path / "song.musicxml").write_text(content, "utf-8")
    with pytest.raises(EngineFailed, match=r"song\.musicxml"):
        musicxml_to_pdf(tmp_path / "song.musicxml", tmp_path / "song.pdf", PdfBackend.VEROVIO, Unwatched())
    assert not (tmp_path / "song.pdf").exists()


class Impatient:
    """Cancels once the drawing has come to `until`; keeps what it was told."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.told: list[float] = []

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.NOTATION
        self.told.append(fraction)

    def check(self) -> None:
        if self.told and self.told[-1] >= self.until:
            raise Cancelled("cancelled")


def test_it_can_be_cancelled_between_pages(tmp_path: Path) -> None:
    (tmp_path / "song.musicxml").write_bytes(score_to_musicxml(drums(120)))
    monitor = Impatient(until=0.6)
    with pytest.raises(Cancelled):
        musicxml_to_pdf(tmp_path / "song.musicxml", tmp_path / "song.pdf", PdfBackend.VEROVIO, monitor)
    assert 0.6 <= monitor.told[-1] < 0.99
    assert [path.name for path in tmp_path.iterdir()] == ["song.musicxml"]


def test_progress_goes_through_the_second_half_of_the_notation(tmp_path: Path) -> None:
    (tmp_path / "song.musicxml").write_bytes(score_to_musicxml(drums(120)))
    monitor = Impatient(until=2)
    musicxml_to_pdf(tmp_path / "song.musicxml", tmp_path / "song.pdf", PdfBackend.VEROVIO, monitor)
    assert monitor.told == sorted(monitor.told)
    assert monitor.told[0] == 0.5
    assert len(monitor.told) > 1


def test_it_works_in_every_thread_and_in_several_at_once(tmp_path: Path) -> None:
    """Verovio keeps the place of its fonts for each thread by itself."""
    (tmp_path / "song.musicxml").write_bytes(score_to_musicxml(drums(9)))
    pdfs = [tmp_path / f"{n}.pdf" for n in range(4)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        jobs = [pool.submit(musicxml_to_pdf, tmp_path / "song.musicxml", pdf, PdfBackend.VEROVIO, Unwatched()) for pdf in pdfs]
    assert [job.result() for job in jobs] == [None] * 4
    assert len({pdf.read_bytes() for pdf in pdfs}) == 1


def test_ten_dense_minutes_take_seconds(tmp_path: Path) -> None:
    """300 bars of sixteenths, notation and PDF. Processor time: other programs may be busy, too."""
    started = time.process_time()
    (tmp_path / "song.musicxml").write_bytes(score_to_musicxml(drums(300, every_sixteenth=True)))
    musicxml_to_pdf(tmp_path / "song.musicxml", tmp_path / "song.pdf", PdfBackend.VEROVIO, Unwatched())
    assert time.process_time() - started < 15


def test_asking_which_engravers_there_are_loads_none_of_them() -> None:
    code = (
        "import sys; from backbeat.outputs.musicxml_to_pdf import missing_programs; from backbeat.values import PdfBackend;"
        "missing_programs(PdfBackend.LILYPOND); missing_programs(PdfBackend.MUSESCORE);"
        "print(sorted({'verovio', 'reportlab'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "[]\n"
