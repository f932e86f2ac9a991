from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from backbeat.errors import EngineFailed
from backbeat.outputs.engraving.svg_style import Style
from backbeat.outputs.engraving.svg_text import Chunk, text_chunks


def chunks(inside: str, attributes: str = 'x="10" y="20"') -> list[Chunk]:
    return text_chunks(ET.fromstring(f'<text xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</text>'), Style())


def test_nested_words_stand_in_one_row_each_in_its_own_style() -> None:
    (chunk,) = chunks(
        '<tspan><tspan font-family="Leland" font-size="640px">\ueca5</tspan></tspan><tspan font-size="360px"> = 120</tspan>'
    )
    assert (chunk.x, chunk.y, chunk.anchor) == (10, 20, "start")
    assert [(words.text, words.style.family, words.style.size) for words in chunk.words] == [
        ("\ueca5", "Leland", 640),
        (" = 120", "", 360),
    ]


def test_text_behind_an_inner_element_has_the_outer_style() -> None:
    (chunk,) = chunks('a<tspan font-style="italic">b</tspan>c', 'x="0" y="0" font-size="9"')
    assert [(words.text, words.style.is_italic) for words in chunk.words] == [("a", False), ("b", True), ("c", False)]


def test_a_new_place_begins_a_new_chunk_with_its_own_anchor() -> None:
    first, second = chunks(
        '<tspan x="0" y="5">left</tspan><tspan x="100" y="5" text-anchor="end"><tspan>right</tspan></tspan>', "font-size='0px'"
    )
    assert (first.x, first.anchor, first.words[0].text) == (0, "start", "left")
    assert (second.x, second.anchor, second.words[0].text) == (100, "end", "right")


def test_titles_for_screen_readers_and_empty_text_are_not_shown() -> None:
    assert chunks("<title>tempo</title>") == []
    assert chunks("") == []


def test_line_breaks_of_the_file_are_not_text() -> None:
    (chunk,) = chunks("one\n<tspan>\n</tspan>")
    assert [words.text for words in chunk.words] == ["one"]


def test_anything_else_in_text_is_an_error() -> None:
    with pytest.raises(EngineFailed, match="its text holds a 'textPath'"):
        chunks("<textPath>round the corner</textPath>")
