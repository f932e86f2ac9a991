"""`backbeat train`: its actions, and what it says when something is missing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from backbeat.cli import train
from backbeat.cli.options import common_options
from backbeat.errors import ConfigError, EngineMissing


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_command(parser.add_subparsers(), common_options())
    return parser.parse_args(["train", *words])


def test_every_action_is_there() -> None:
    for words in (
        ("render", "bank", "data"),
        ("fit", "data", "valid", "run"),
        ("export", "run", "valid", "out"),
        ("evaluate", "audio", "references"),
    ):
        assert callable(parsed(*words).execute)


def test_recordings_for_thresholds_may_be_named_several_times() -> None:
    args = parsed("export", "run", "valid", "out", "--recordings", "drum", "ref", "--recordings", "mix", "ref")
    assert args.recordings == [[Path("drum"), Path("ref")], [Path("mix"), Path("ref")]]


def test_an_action_or_a_kit_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    args = parsed()
    with pytest.raises(SystemExit) as stopped:
        args.execute(args)
    assert stopped.value.code == 2
    assert "name the folder of a kit with --kit, or an ACTION" in capsys.readouterr().err


def test_a_kit_needs_nothing_but_its_folder() -> None:
    args = parsed("--kit", "My Kit")
    assert (args.kit, args.out, args.bank, args.start) == (Path("My Kit"), None, None, None)
    assert args.minutes > 0
    assert callable(args.execute)


@pytest.mark.parametrize("minutes", ["0", "-1", "long", "nan"])
def test_learning_takes_some_time(minutes: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed("--kit", "kit", "--minutes", minutes)
    assert "--minutes" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    args = parsed("--kit", str(tmp_path / "nothing"), "--out", str(tmp_path / "out"))
    with pytest.raises(ConfigError, match="There is no folder"):
        args.execute(args)


def test_rendering_without_a_bank_is_told(tmp_path: Path) -> None:
    args = parsed("render", str(tmp_path / "nothing"), str(tmp_path / "data"), "--files", "1")
    with pytest.raises(ConfigError, match="manifest"):
        args.execute(args)


def test_exporting_without_held_out_segments_is_told(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    args = parsed("export", str(tmp_path), str(tmp_path / "valid"), str(tmp_path / "out"))
    with pytest.raises(ConfigError, match="held-out"):
        args.execute(args)


@pytest.mark.parametrize(
    "words", [("--kit", "kit"), ("fit", "a", "b", "run"), ("export", "run", "b", "out"), ("beats-fit", "a", "b", "run")]
)
def test_without_torch_it_is_told_how_to_add_it(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as where it is not installed
    args = parsed(*words)
    with pytest.raises(EngineMissing, match="needs torch") as raised:
        args.execute(args)
    assert "--extra train" in raised.value.advice
