from email.message import Message
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.intake.download_name import download_name, safe_name


def headers(**fields: str) -> Message:
    message = Message()
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    return message


@pytest.mark.parametrize(
    ("url", "fields", "name"),
    [
        ("https://example.org/loops/amen%20break.wav?key=1", {}, "amen break.wav"),
        ("https://example.org/get?id=7", {"Content_Disposition": 'attachment; filename="amen.flac"'}, "amen.flac"),
        ("https://example.org/a.wav", {"Content_Disposition": "attachment; filename*=UTF-8''gro%C3%9F.wav"}, "groß.wav"),
        ("https://example.org/a", {"Content_Disposition": 'attachment; filename="gro\xc3\x9f.wav"'}, "groß.wav"),
        ("https://example.org/a", {"Content_Disposition": 'attachment; filename="gro\xdf.wav"'}, "groß.wav"),
        ("https://example.org/", {"Content_Type": "audio/mpeg"}, "download.mp3"),
        ("https://example.org/song", {"Content_Type": "audio/x-wav; charset=binary"}, "song.wav"),
        ("https://example.org/song", {}, "song"),
        ("https://example.org/x", {"Content_Disposition": 'attachment; filename="../../etc/passwd"'}, "passwd"),
        ("https://example.org/x", {"Content_Disposition": 'attachment; filename="C:\\\\Windows\\\\evil.wav"'}, "evil.wav"),
        ("https://example.org/..%2f..%2fevil.wav", {}, "evil.wav"),
    ],
)
def test_the_name_comes_from_the_server_or_the_address(url: str, fields: dict[str, str], name: str) -> None:
    assert download_name(url, headers(**fields)) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("con.wav", "_con.wav"),
        ("LPT1", "_LPT1"),
        ("aux.take.wav", "_aux.take.wav"),
        ("..", "download"),
        ("", "download"),
        (".hidden.wav", "hidden.wav"),
        ('a<b>:"|?*.wav', "a_b_.wav"),
        ("take\x00\n1.wav", "take1.wav"),
        ("\u202evaw.exe", "vaw.exe"),
        ("loop.wav. ", "loop.wav"),
    ],
)
def test_what_file_systems_take_amiss_is_taken_out(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_every_file_system_takes(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 100
    assert len(safe.encode()) <= 200
    assert Path(safe).name == safe == PureWindowsPath(safe).name
    assert not PureWindowsPath(safe).is_reserved()
    assert safe not in (".", "..")
    assert safe == safe.strip(" .")
