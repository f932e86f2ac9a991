from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.plain_text import plain_text


def test_ordinary_names_stay_as_they_are() -> None:
    assert plain_text("Größe 7 – 東京 (mix #2)") == "Größe 7 – 東京 (mix #2)"


def test_control_characters_and_broken_bytes_go() -> None:
    assert plain_text("a\x00b\nc\udcffd") == "a b c?d"


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x10FFFF, exclude_categories=())))
def test_what_comes_out_can_be_encoded_and_has_no_control_characters(text: str) -> None:
    plain = plain_text(text)
    assert plain.encode().decode() == plain
    assert plain.isprintable()
