"""What people and scripts get to read."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from backbeat.cli.console import explain, say_json, say_table
from backbeat.errors import AudioTruncated


def test_an_error_is_told_in_two_lines_on_stderr_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    explain(AudioTruncated("song.wav ends too early."))
    assert capsys.readouterr() == (
        "",
        "backbeat: song.wav ends too early.\n  The export was interrupted: bounce the track again.\n",
    )


def test_the_traceback_comes_before_the_words_for_those_who_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AudioTruncated) as raised:
        raise AudioTruncated("song.wav ends too early.") from EOFError("half a frame")
    explain(raised.value, verbose=True)
    told = capsys.readouterr().err
    assert told.startswith("EOFError: half a frame")
    assert "Traceback (most recent call last)" in told
    assert told.endswith("bounce the track again.\n")


def test_a_table_for_scripts_is_aligned_and_has_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("job", "state"), [("abc", "done"), ("a", "")])
    assert capsys.readouterr().out == "job  state\nabc  done\na\n"


def test_a_table_without_rows_is_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("job", "state"), [])
    assert capsys.readouterr().out == "job  state\n"


def test_json_is_one_line_and_keeps_letters(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"path": Path("/tmp/ä\nb.wav")})
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert "ä" in told
    assert json.loads(told) == {"path": "/tmp/ä\nb.wav"}


@pytest.mark.parametrize(("encoding", "written"), [("utf-8", '"Übung"'.encode()), ("cp1252", b'"\\u00dcbung"')])
def test_json_is_read_alike_by_scripts_that_take_everything_for_utf8(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: bytes
) -> None:
    """Pipes on Windows have another encoding."""
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding=encoding))
    say_json("Übung")
    assert pipe.getvalue().strip() == written
