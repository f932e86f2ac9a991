"""What doctor says of the files inside REAPER, Live and MuseScore."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.cli.doctor_installed import installed_findings
from backbeat.cli.finding import Finding, Verdict
from backbeat.install.carry_out import install
from backbeat.install.contents import contents
from backbeat.install.places import Program, System, UserFolders, places
from backbeat.install.plan import plan_install
from backbeat.resources import integrations_folder

COMMAND = Path("/usr/bin/backbeat")


@pytest.fixture
def user(tmp_path: Path) -> UserFolders:
    return UserFolders(system=System.MACOS, home=tmp_path, documents=tmp_path / "Documents", app_data=tmp_path)


def put(user: UserFolders, program: Program) -> Path:
    wanted = contents(program, integrations_folder(), COMMAND)
    (folder,) = places(program, user)
    install(folder, plan_install(folder, wanted), wanted)
    return folder


def look(user: UserFolders, command: Path = COMMAND) -> list[Finding]:
    return installed_findings(user, integrations_folder(), command)


def test_programs_that_are_not_there_are_not_mentioned(user: UserFolders) -> None:
    assert look(user) == []


def test_a_program_without_our_files_is_told_how_to_get_them(user: UserFolders) -> None:
    (user.home / "Library" / "Application Support" / "REAPER").mkdir(parents=True)
    (found,) = look(user)
    assert (found.verdict, found.advice) == (Verdict.OFF, "Install it with: backbeat install reaper")


def test_files_that_equal_ours_are_ok_and_others_are_named_by_what_is_wrong(user: UserFolders) -> None:
    (user.home / "Music" / "Ableton" / "User Library").mkdir(parents=True)
    (user.documents / "MuseScore4").mkdir(parents=True)
    live, musescore = put(user, Program.LIVE), put(user, Program.MUSESCORE)
    assert [finding.verdict for finding in look(user)] == [Verdict.OK, Verdict.OK]
    (live / "backbeat.js").write_text("mine")
    (musescore / "Backbeat.drm").unlink()
    changed, missing = look(user, Path("/opt/backbeat"))
    assert (changed.verdict, changed.detail) == (Verdict.WARNING, "1 file(s) changed by you")
    assert changed.advice.endswith("backbeat install live --force")
    assert missing.detail == "1 file(s) of another version, 1 file(s) missing"
    assert missing.advice.endswith("backbeat install musescore")
