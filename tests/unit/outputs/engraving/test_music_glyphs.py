from __future__ import annotations

import pytest

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.music_glyphs import is_music_font, music_glyph
from backbeat.outputs.engraving.svg_path import path_segments


def test_verovios_fonts_are_known_and_text_fonts_are_not() -> None:
    assert is_music_font("Leland")
    assert not is_music_font("Times, serif")
    assert not is_music_font("")
    assert not is_music_font("../Leland")


def test_a_sign_has_a_path_and_a_width() -> None:
    quarter = music_glyph("Leland", "\ueca5")
    assert quarter.advance == 425
    ys = [point[1] for segment in path_segments(quarter.path) for point in segment.points]
    assert max(ys) > 600, "a stem that points upwards"


def test_a_sign_that_the_font_lacks_is_an_error() -> None:
    with pytest.raises(EngineFailed, match=r"Leland has no sign U\+F8FF"):
        music_glyph("Leland", "\uf8ff")
