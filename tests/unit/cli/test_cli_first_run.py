from __future__ import annotations

import pytest

from backbeat.cli.main import COMMANDS, main


def test_without_a_command_the_whole_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    told = capsys.readouterr()
    assert "backbeat demo" in told.out, "the shortest way to something"
    assert all(f"    {command.__name__.rpartition('.')[2].replace('_', '-')} " in told.out for command in COMMANDS)
    assert told.err == ""


def test_a_command_that_does_not_exist_is_answered_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["transcirbe"])
    assert ended.value.code == 2
    assert "'transcribe'" in capsys.readouterr().err
