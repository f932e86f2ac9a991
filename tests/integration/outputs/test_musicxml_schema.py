"""Our MusicXML against the MusicXML schema that music21 brings (2.0; later versions only add)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.records import Score

# What the schema imports from the web, as far as it uses it: the tests have no network.
XML_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:NCName"/></xs:schema>"""
XLINK_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="http://www.w3.org/1999/xlink">
<xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="type" type="xs:string"/>
<xs:attribute name="role" type="xs:string"/><xs:attribute name="title" type="xs:string"/>
<xs:attribute name="show" type="xs:string"/><xs:attribute name="actuate" type="xs:string"/></xs:schema>"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    spec = find_spec("music21")
    assert spec
    assert spec.origin
    text = (Path(spec.origin).parent / "musicxml" / "musicxml.xsd").read_text(encoding="utf-8")
    (tmp_path / "musicxml.xsd").write_text(text.replace("http://www.musicxml.org/xsd/", ""), encoding="utf-8")
    (tmp_path / "xml.xsd").write_text(XML_XSD)
    (tmp_path / "xlink.xsd").write_text(XLINK_XSD)
    return tmp_path / "musicxml.xsd"


def test_the_groove_is_valid_musicxml(groove: Score, schema: Path, tmp_path: Path, need_program: Callable[..., str]) -> None:
    data = score_to_musicxml(groove)
    assert b'<rest measure="yes"' in data
    (tmp_path / "groove.musicxml").write_bytes(data.replace(b'<rest measure="yes"', b"<rest"))  # came with MusicXML 3.0
    command = [need_program("xmllint"), "--nonet", "--noout", "--schema", str(schema), str(tmp_path / "groove.musicxml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
