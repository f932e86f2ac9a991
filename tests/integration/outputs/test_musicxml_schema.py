"""Our MusicXML against the W3C's schema of MusicXML 4.0, which the package `musicxml` (PyPI, for tests only) brings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from random import Random

import pytest
from tests.drum_scores import make_bars, make_score, page_of_everything
from tests.fuzzing.score_targets import any_musicxml

from backbeat.outputs.notation.staff_map import load_staff_map, staff_map_names
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Feel, Score
from backbeat.values import FOUR_FOUR, Paper

# What the schema imports from the web, as far as it uses it: the tests have no network.
XML_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:NCName"/></xs:schema>"""
XLINK_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink">
<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="type" type="xs:string"/>
<xs:attribute name="role" type="xs:string"/><xs:attribute name="title" type="xs:string"/>
<xs:attribute name="show" type="xs:string"/><xs:attribute name="actuate" type="xs:string"/></xs:schema>"""

Validate = Callable[[bytes], str]
"""What xmllint says against a file; empty when it is valid."""


@pytest.fixture
def validate(tmp_path: Path, need_program: Callable[..., str]) -> Validate:
    spec = find_spec("musicxml")
    if spec is None or spec.origin is None:
        reason = "the package musicxml (group dev), which brings the schema, is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    text = (Path(spec.origin).parent / "generate_classes" / "musicxml_4_0.xsd").read_text(encoding="utf-8")
    assert "Version 4.0" in text
    (tmp_path / "musicxml.xsd").write_text(text.replace("http://www.musicxml.org/xsd/", ""), encoding="utf-8")
    (tmp_path / "xml.xsd").write_text(XML_XSD)
    (tmp_path / "xlink.xsd").write_text(XLINK_XSD)
    xmllint = need_program("xmllint")

    def check(data: bytes) -> str:
        (tmp_path / "score.musicxml").write_bytes(data)
        command = [xmllint, "--nonet", "--noout", "--schema", "musicxml.xsd", "score.musicxml"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        return "" if done.returncode == 0 else done.stderr

    return check


def test_the_groove_with_every_drum_is_valid(groove: Score, validate: Validate) -> None:
    assert validate(score_to_musicxml(groove)) == ""


@pytest.mark.parametrize("name", staff_map_names())
@pytest.mark.parametrize("paper", Paper)
def test_every_sign_is_valid_in_every_notation(name: str, paper: Paper, validate: Validate) -> None:
    score = replace(page_of_everything(), tempo_unreliable=True)
    assert validate(score_to_musicxml(score, staff_map=load_staff_map(name), repeat_bars=True, paper=paper)) == ""


def test_repeated_bars_are_valid(groove: Score, validate: Validate) -> None:
    notes = [replace(note, bar=bar) for bar in range(1, 8) for note in groove.notes if note.bar == 1]
    data = score_to_musicxml(replace(groove, bars=make_bars(*(FOUR_FOUR,) * 8), notes=tuple(notes)), repeat_bars=True)
    assert data.count(b"<measure-repeat") == 1
    assert validate(data) == ""


def test_a_score_without_notes_has_no_instruments_and_is_valid(validate: Validate) -> None:
    assert validate(score_to_musicxml(make_score(bars=make_bars(*(FOUR_FOUR,) * 5)))) == ""


@pytest.mark.parametrize("number", range(6))
def test_whatever_was_heard_is_valid(number: int, validate: Validate) -> None:
    data, _ = any_musicxml(Random(number).randbytes(700))
    assert validate(data) == ""


def test_the_schema_would_find_an_element_out_of_place(groove: Score, validate: Validate) -> None:
    data = (
        score_to_musicxml(groove)
        .replace(b"<voice>1</voice>", b"")
        .replace(b"<stem>up</stem>", b"<stem>up</stem><voice>1</voice>")
    )
    assert "voice" in validate(data)


def test_musescore_3_which_validates_by_the_schema_of_3_1_does_not_complain(
    groove: Score, tmp_path: Path, need_program: Callable[..., str]
) -> None:
    everything = replace(page_of_everything(), feel=Feel())  # swing came with MusicXML 4.0
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    said = []
    for data in (score_to_musicxml(groove), score_to_musicxml(everything, repeat_bars=True), b"<score-partwise/>"):
        (tmp_path / "score.musicxml").write_bytes(data)
        command = [need_program("musescore3", "mscore3"), "-o", str(tmp_path / "score.mid"), str(tmp_path / "score.musicxml")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        said.append("not a valid MusicXML" in done.stderr)
    assert said == [False, False, True]
