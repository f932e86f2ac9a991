"""The files with which each system starts the daemon at login: what they say, and that odd paths come through."""

from __future__ import annotations

import configparser
import plistlib
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from backbeat.errors import InstallError
from backbeat.install.login_service import LoginService, daemon_command, login_service, systemd_word, windows_user
from backbeat.install.places import System, UserFolders

HOME = Path("/home/Ann O'Neil")
ODD = ("/opt/My $1 50% <Music> & more/backbeat", "run", "--config", "/home/Ann O'Neil/'best' \"of\" $HOME 100%\\x.toml", "")
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def service(system: System, daemon: tuple[str, ...] = ODD) -> LoginService:
    user = UserFolders(system=system, home=HOME, documents=HOME / "Documents", app_data=HOME / "AppData" / "Roaming")
    return login_service(user, daemon, stop_timeout_s=10)


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes="#")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(service(System.LINUX).data.decode())
    return parser["Service"]


def systemd_words(line: str) -> list[str]:
    """A command line as systemd takes it apart: quotes, then its two specials."""
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line)
    plain = [bare if bare else re.sub(r"\\(.)", r"\1", quoted) for quoted, bare in words]
    return [word.replace("$$", "$").replace("%%", "%") for word in plain]


def settings(name: str) -> str | None:
    return ET.fromstring(service(System.WINDOWS).data).findtext(f".//{TASK}{name}")


def test_systemd_starts_exactly_that_command() -> None:
    assert systemd_words(unit()["ExecStart"]) == list(ODD)


def test_a_program_that_systemd_cannot_start_is_refused() -> None:
    with pytest.raises(InstallError, match="quotes"):
        service(System.LINUX, ('/opt/"best"/backbeat', "run"))


@pytest.mark.parametrize(
    ("word", "written"), [("run", "run"), ("a b", '"a b"'), ("50%", "50%%"), ("$HOME", "$$HOME"), ("", '""')]
)
def test_words_are_quoted_only_where_systemd_needs_it(word: str, written: str) -> None:
    assert systemd_word(word) == written


def test_systemd_starts_it_again_after_a_failure_but_not_for_a_broken_config_or_a_second_daemon() -> None:
    assert unit()["Restart"] == "on-failure"
    assert unit()["RestartPreventExitStatus"].split() == ["2", "3"]
    assert "Nice" not in unit()  # the daemon plays MIDI in time; its worker gives way by itself, as jobs.nice says
    assert (unit()["KillMode"], unit()["TimeoutStopSec"]) == ("mixed", "15")


def test_launchd_starts_exactly_that_command_at_login_and_again_after_a_failure() -> None:
    agent = plistlib.loads(service(System.MACOS).data)
    assert agent["ProgramArguments"] == list(ODD)
    assert agent["RunAtLoad"] is True
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["ExitTimeOut"] == 15
    assert f"{agent['Label']}.plist" == str(service(System.MACOS).name)


def test_the_task_is_one_that_the_task_scheduler_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERDOMAIN", "STUDIO & CO")
    monkeypatch.setenv("USERNAME", "Ann")
    task = ET.fromstring(service(System.WINDOWS).data)
    assert task.tag == f"{TASK}Task"
    assert [part.tag.removeprefix(TASK) for part in task] == ["RegistrationInfo", "Triggers", "Principals", "Settings", "Actions"]
    assert task.findtext(f".//{TASK}LogonTrigger/{TASK}UserId") == "STUDIO & CO\\Ann"
    assert task.findtext(f".//{TASK}Principal/{TASK}RunLevel") == "LeastPrivilege"
    assert (settings("ExecutionTimeLimit"), settings("MultipleInstancesPolicy")) == ("PT0S", "IgnoreNew")
    assert (settings("Interval"), settings("Priority")) == ("PT1M", "5")


def test_the_task_starts_exactly_that_command() -> None:
    assert settings("Command") == ODD[0]
    assert settings("Arguments") == 'run --config "/home/Ann O\'Neil/\'best\' \\"of\\" $HOME 100%\\x.toml" ""'


def test_a_task_is_utf_16_as_its_first_line_says() -> None:
    data = service(System.WINDOWS).data
    assert data.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert data.decode("utf-16").startswith('<?xml version="1.0" encoding="UTF-16"?>\r\n')


@pytest.mark.parametrize(
    ("system", "place"),
    [
        (System.LINUX, ".config/systemd/user/backbeat.service"),
        (System.MACOS, "Library/LaunchAgents/local.backbeat.plist"),
        (System.WINDOWS, "AppData/Local/Backbeat/backbeat-task.xml"),
    ],
)
def test_the_file_is_where_the_system_looks_and_the_commands_name_it(system: System, place: str) -> None:
    found = service(system)
    assert found.path == HOME / place
    assert found.start
    assert found.stop


def test_only_where_the_system_knows_no_exit_codes_the_daemon_is_told_that_it_is_a_service() -> None:
    backbeat, config = Path("/usr/bin/backbeat"), Path("/home/me/config.toml")
    assert daemon_command(System.LINUX, backbeat, config) == ("/usr/bin/backbeat", "run", "--config", "/home/me/config.toml")
    assert daemon_command(System.MACOS, backbeat, None) == ("/usr/bin/backbeat", "run", "--service")
    program, *arguments = daemon_command(System.WINDOWS, backbeat, None)
    assert Path(program).name == "pythonw.exe"
    assert arguments == ["-m", "backbeat", "run", "--service"]


def test_a_computer_without_a_domain_has_a_user_all_the_same() -> None:
    assert windows_user({"USERNAME": "Ann"}) == "Ann"
