from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.cli.console import explain, say_table
from backbeat.errors import AudioMissing
from backbeat.service.logging import PLAIN, PlainLines
from backbeat.visible_text import visible_text

FORGED = "song.wav\n2026-01-01 ERROR backbeat: you have been hacked\x1b]0;title\x07\x9b31m\u202egpj.exe"


@given(st.text())
def test_nothing_is_left_that_a_terminal_obeys_and_other_words_are_as_they_were(text: str) -> None:
    shown = visible_text(text)
    assert len(shown.splitlines()) <= 1
    assert not any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in shown)
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb", r"a\nb"), ("\x1b[2J", r"\x1b[2J"), ("\u202efdp", r"\u202efdp"), ("höre 太鼓", "höre 太鼓")]
)
def test_what_is_hidden_is_written_out(text: str, shown: str) -> None:
    assert visible_text(text) == shown


def test_a_name_cannot_forge_a_line_of_the_log() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(PlainLines(PLAIN, defaults={"in_job": ""}))
    record = logging.LogRecord("backbeat", logging.INFO, "", 0, "%s (queued)", (FORGED,), None)
    handler.emit(record)
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line
    assert line.endswith(r"\u202egpj.exe (queued)")


def test_neither_errors_nor_tables_pass_on_what_a_name_would_have_the_terminal_do(capsys: pytest.CaptureFixture[str]) -> None:
    explain(AudioMissing(f"{FORGED} is not there"))
    say_table(["path"], [[FORGED]])
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert len(said.out.splitlines()) == 2
