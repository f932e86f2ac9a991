"""`backbeat config` and what every command does with a broken configuration."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.config.load import load_config
from backbeat.config.schema import Config

Backbeat = Callable[..., subprocess.CompletedProcess[str]]


def test_show_prints_toml_with_origins(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--set", "transcribe.quantize=30"]) == 0
    shown = capsys.readouterr().out
    assert f"port = 39753  # {home / 'config.toml'}, line 6\n" in shown
    assert "quantize = 30  # command line\n" in shown
    assert tomllib.loads(shown)["jobs"]["data_folder"] == str(home / "data")


def test_show_for_scripts_is_one_line_of_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--json"]) == 0
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert json.loads(told)["osc.port"] == {"value": 39753, "from": f"{home / 'config.toml'}, line 6"}


def test_path_is_told_even_when_the_file_is_broken_or_not_there(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config.toml").write_text("[[[", "utf-8")
    assert main(["config", "path"]) == 0
    assert main(["config", "path", "--config", "elsewhere.toml"]) == 0
    assert capsys.readouterr().out == f"{home / 'config.toml'}\n{home / 'here' / 'elsewhere.toml'}\n"


def test_init_writes_a_file_that_changes_nothing_and_never_overwrites(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "new" / "config.toml"
    assert main(["config", "init", "--config", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}\n"
    assert load_config(file, environ={}).config == Config()

    file.write_text("# mine\n", "utf-8")
    assert main(["config", "init", "--config", str(file)]) == 2
    assert "is already there and is left as it is" in capsys.readouterr().err
    assert file.read_text("utf-8") == "# mine\n"


def test_init_can_print_instead(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "init", "--print"]) == 0
    assert capsys.readouterr().out.startswith("# Backbeat's settings and their defaults.\n")
    assert (home / "config.toml").read_text("utf-8").startswith("[jobs]")


@pytest.mark.parametrize(
    "command", [["run"], ["transcribe", "a.wav"], ["send", "a.wav"], ["jobs", "list"], ["models", "list"], ["demo"]], ids=" ".join
)
def test_a_broken_configuration_stops_every_command_with_2_and_words(command: list[str], home: Path, backbeat: Backbeat) -> None:
    (home / "config.toml").write_text("[osc]\nprot = 1\n[log]\nlevel = 'loud'\n", "utf-8")
    done = backbeat(*command, environ={"BACKBEAT_JOBS_NICE": "maybe"})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[0] == "backbeat: There are 3 mistakes in the configuration:"
    assert "Traceback" not in done.stderr
    assert not (home / "data").exists()


def test_verbose_shows_where_an_error_came_from(home: Path, backbeat: Backbeat) -> None:
    (home / "config.toml").write_text("[osc]\nprot = 1\n", "utf-8")
    assert "Traceback" in backbeat("jobs", "list", "-v").stderr


def test_a_config_file_that_is_not_there_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "nowhere.toml", "jobs", "list"]) == 2
    assert f"{home / 'here' / 'nowhere.toml'}: the file cannot be read: No such file" in capsys.readouterr().err
