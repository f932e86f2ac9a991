"""`backbeat install` in homes of all three systems."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backbeat.cli.install import run_install
from backbeat.cli.main import build_parser, main
from backbeat.install.manifest import NAME
from backbeat.install.places import System, UserFolders

Capture = pytest.CaptureFixture[str]
Run = Callable[..., int]

COMMAND = Path("/somewhere/bin/backbeat")


@pytest.fixture(params=System)
def user(request: pytest.FixtureRequest, tmp_path: Path) -> UserFolders:
    folders = UserFolders(
        system=request.param, home=tmp_path, documents=tmp_path / "Documents", app_data=tmp_path / "AppData" / "Roaming"
    )
    for used in (
        ".config/REAPER",
        "Library/Application Support/REAPER",
        "AppData/Roaming/REAPER",
        "Music/Ableton/User Library",
        "Documents/Ableton/User Library",
        "Documents/MuseScore3",
        "Documents/MuseScore4",
    ):
        (tmp_path / used).mkdir(parents=True)
    return folders


@pytest.fixture
def install(user: UserFolders) -> Run:
    def run(*arguments: str) -> int:
        args: argparse.Namespace = build_parser().parse_args(["install", *arguments])
        return run_install(args, user, COMMAND)

    return run


def files(user: UserFolders) -> set[str]:
    return {path.relative_to(user.home).as_posix() for path in user.home.rglob("*") if path.is_file()}


def test_reaper_s_scripts_are_where_this_system_s_reaper_looks(install: Run, user: UserFolders, capsys: Capture) -> None:
    assert install("reaper") == 0
    resources = {
        System.LINUX: ".config/REAPER",
        System.MACOS: "Library/Application Support/REAPER",
        System.WINDOWS: "AppData/Roaming/REAPER",
    }[user.system]
    ours = user.home / resources / "Scripts" / "Backbeat"
    assert all((user.home / name).is_relative_to(ours) for name in files(user))
    assert len(list((ours / "Drums").glob("Backbeat_*.lua"))) == 5
    assert (ours / "Drums" / "backbeat" / "command.txt").read_text("utf-8") == f"{COMMAND}\n"
    assert "Load ReaScript" in capsys.readouterr().err


def test_musescore_s_plugin_goes_to_both_versions(install: Run, user: UserFolders) -> None:
    assert install("musescore") == 0
    for version in ("MuseScore3", "MuseScore4"):
        ours = user.documents / version / "Plugins" / "Backbeat"
        names = ["Backbeat-MuseScore-3.drm", "Backbeat.drm", "Backbeat.qml", "command.txt", NAME]
        assert sorted(path.name for path in ours.iterdir()) == sorted(names)


@pytest.mark.parametrize("program", ["reaper", "musescore"])
def test_a_dry_run_writes_nothing_and_names_what_would_be(install: Run, user: UserFolders, capsys: Capture, program: str) -> None:
    assert install(program, "--dry-run") == 0
    assert files(user) == set()
    said = capsys.readouterr()
    assert all(line.endswith(": would be new") for line in said.out.splitlines())
    assert install(program) == 0
    written = {line.removesuffix(": new") for line in capsys.readouterr().out.splitlines()}
    assert written == {line.removesuffix(": would be new") for line in said.out.splitlines()}
    assert {str(user.home / name) for name in files(user) if not name.endswith(NAME)} == written


def test_live_s_device_and_its_script_lie_together_or_where_they_are_told_to(
    install: Run, user: UserFolders, tmp_path: Path, capsys: Capture
) -> None:
    arguments = ["--to", str(tmp_path / "Documents" / "Ableton" / "User Library")] if user.system is System.LINUX else []
    assert install("live", "--json", *arguments) == 0
    told = json.loads(capsys.readouterr().out)
    paths = [Path(file["path"]) for file in told["files"]]
    assert [path.name for path in paths] == ["Backbeat.amxd", "backbeat.js"]
    assert len({path.parent for path in paths}) == 1
    assert all(path.is_file() for path in paths)


def test_a_changed_file_is_kept_and_named_until_forced(install: Run, user: UserFolders, capsys: Capture) -> None:
    install("musescore")
    plugin = user.documents / "MuseScore4" / "Plugins" / "Backbeat" / "Backbeat.qml"
    original = plugin.read_bytes()
    plugin.write_text("mine")
    capsys.readouterr()
    assert install("musescore") == 0
    said = capsys.readouterr()
    assert f"{plugin}: kept" in said.out
    assert "--force" in said.err
    assert plugin.read_text() == "mine"
    assert install("musescore", "--force") == 0
    assert f"Your changed file is now {plugin}.yours-1." in capsys.readouterr().err
    assert plugin.read_bytes() == original
    assert Path(f"{plugin}.yours-1").read_text() == "mine"


def test_removing_takes_all_that_is_ours_and_nothing_else(install: Run, user: UserFolders, capsys: Capture) -> None:
    theirs = user.documents / "MuseScore4" / "Plugins" / "theirs.qml"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    install("musescore")
    install("reaper")
    assert install("musescore", "--remove", "--dry-run") == 0
    assert (theirs.parent / "Backbeat" / "Backbeat.qml").exists()
    assert "8 file(s) would be removed" in capsys.readouterr().err
    assert install("musescore", "--remove") == 0
    assert "8 file(s) removed." in capsys.readouterr().err
    assert install("reaper", "--remove") == 0
    assert files(user) == {"Documents/MuseScore4/Plugins/theirs.qml"}


def test_the_real_command_installs_into_a_portable_reaper(tmp_path: Path, capsys: Capture) -> None:
    assert main(["install", "reaper", "--to", str(tmp_path)]) == 0
    command = (tmp_path / "Scripts" / "Backbeat" / "Drums" / "backbeat" / "command.txt").read_text("utf-8").strip()
    assert Path(command).is_absolute()
    assert Path(command).stem == "backbeat"
    assert main(["install", "reaper", "--to", str(tmp_path / "none")]) == 1
    assert "is not a folder" in capsys.readouterr().err
