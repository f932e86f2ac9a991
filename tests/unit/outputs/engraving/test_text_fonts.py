from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import getFont

from backbeat.outputs.engraving.text_fonts import SUBSTITUTE, font_runs


def text_of(text: str, **style: bool) -> str:
    return "".join(run.text for run in font_runs(text, **{"is_bold": False, "is_italic": False, **style}))


@pytest.mark.parametrize("text", ["Übung für Žižek", "Ωμέγα", "Гроза", "“Take — five…”", "naïve façade", "♩ ♪", "→ 120"])
@pytest.mark.parametrize("style", [{}, {"is_bold": True}, {"is_italic": True}, {"is_bold": True, "is_italic": True}])
def test_european_text_is_drawn_as_it_is_in_every_style(text: str, style: dict[str, bool]) -> None:
    assert text_of(text, **style) == text


def test_bold_text_is_bold_as_far_as_the_bold_font_goes() -> None:
    note, tempo = font_runs("♩= 120", is_bold=True, is_italic=False)
    assert (note.text, tempo.text) == ("♩", "= 120")
    assert (note.font, tempo.font) == ("STIXGeneral", "STIXGeneralBol")


def test_a_face_comes_from_the_widest_font() -> None:
    assert [(run.text, run.font) for run in font_runs("😀", is_bold=False, is_italic=False)] == [("😀", "DejaVuSans")]


def test_what_no_font_has_is_seen_to_be_missing() -> None:
    assert text_of("日本 groove") == f"{SUBSTITUTE}{SUBSTITUTE} groove"


def test_a_name_from_a_mac_is_composed() -> None:
    """Its file system takes ü apart; the dots would be drawn beside the u."""
    assert text_of(unicodedata.normalize("NFD", "für Åse")) == "für Åse"


def test_joiners_and_variations_are_no_characters() -> None:
    assert text_of("❤\ufe0f a\u200db") == "❤ ab"


def test_blanks_of_all_kinds_are_blanks() -> None:
    assert text_of("a\u2003b\tc\u00a0d") == "a b c d"


def test_no_text_has_no_runs() -> None:
    assert font_runs("", is_bold=False, is_italic=False) == []


@given(st.text())
def test_any_text_gets_fonts_that_have_its_characters_and_nothing_is_doubled(text: str) -> None:
    runs = font_runs(text, is_bold=False, is_italic=False)
    assert sum(len(run.text) for run in runs) <= len(unicodedata.normalize("NFC", text))
    assert all(run.width(10) >= 0 for run in runs)
    assert all(ord(character) in getFont(run.font).face.charToGlyph for run in runs for character in run.text)
