"""`backbeat service` in homes of all three systems; their service managers are recorded, not asked."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backbeat.cli.main import build_parser, main
from backbeat.cli.service import service_install, service_status, service_uninstall
from backbeat.errors import ConfigError, InstallError
from backbeat.install.login_service import Command, daemon_command, login_service
from backbeat.install.manifest import NAME
from backbeat.install.places import System, UserFolders

Capture = pytest.CaptureFixture[str]
BACKBEAT = Path("/somewhere/bin/backbeat")
COMMANDS = {"install": service_install, "uninstall": service_uninstall, "status": service_status}


class Manager:
    """Hears what the system would be asked to do. exit_code: what each command ends with."""

    def __init__(self) -> None:
        self.asked: list[Command] = []
        self.exit_code = 0
        self.is_there = True

    def __call__(self, command: Command) -> subprocess.CompletedProcess[str]:
        if not self.is_there:
            raise FileNotFoundError(2, "No such file or directory")
        self.asked.append(command)
        return subprocess.CompletedProcess(command, self.exit_code, "", "Failed to connect to bus")


@pytest.fixture
def manager() -> Manager:
    return Manager()


@pytest.fixture(params=System)
def user(request: pytest.FixtureRequest, home: Path) -> UserFolders:
    me = home / "Ann O'Neil"
    return UserFolders(system=request.param, home=me, documents=me / "Documents", app_data=me / "AppData" / "Roaming")


@pytest.fixture
def service(user: UserFolders, manager: Manager) -> Callable[..., int]:
    def run(*words: str) -> int:
        args: argparse.Namespace = build_parser().parse_args(["service", *words])
        return COMMANDS[words[0]](args, user, BACKBEAT, manager)

    return run


def installed(user: UserFolders) -> list[Path]:
    return sorted(path for path in user.home.rglob("*") if path.is_file() and path.name != NAME)


def expected(user: UserFolders) -> Path:
    return login_service(user, daemon_command(user.system, BACKBEAT, None), stop_timeout_s=10).path


def test_it_is_installed_and_started_and_whether_a_daemon_answers_is_told(service, user, manager, capsys: Capture) -> None:
    assert service("install") == 0
    assert installed(user) == [expected(user)]
    assert manager.asked
    capsys.readouterr()
    assert service("status") == 1
    assert capsys.readouterr().out == f"{expected(user)}: up to date\nno daemon answers on 127.0.0.1, port 39753\n"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 39753))
        with ThreadPoolExecutor(1) as pool:
            code = pool.submit(service, "status")
            _, client = daemon.recvfrom(1000)
            daemon.sendto(b"/backbeat/pong\0\0,s\0\0" + b"1.2.3\0\0\0", client)
            assert code.result(60) == 0
    assert "Backbeat 1.2.3 answers" in capsys.readouterr().out


def test_a_dry_run_says_which_file_and_which_commands_and_does_nothing(service, user, manager, capsys: Capture) -> None:
    for words in (("install", "--dry-run"), ("uninstall", "--dry-run")):
        assert service(*words) == 0
    assert (manager.asked, installed(user)) == ([], [])
    service("install")
    capsys.readouterr()
    assert service("uninstall", "--dry-run") == 0
    said = capsys.readouterr().out
    assert f"{expected(user)}: would be removed" in said
    assert "would run: " in said
    assert installed(user) == [expected(user)]


def test_uninstalling_leaves_nothing_of_ours_and_the_neighbours(service, user: UserFolders, manager: Manager) -> None:
    service("install")
    neighbour = expected(user).with_name("other.file")
    neighbour.write_text("theirs")
    asked = len(manager.asked)
    manager.exit_code = 1  # somebody has stopped it by hand
    assert service("uninstall") == 0
    assert installed(user) == [neighbour]
    assert len(manager.asked) > asked
    assert service("uninstall") == 0
    assert service("status") == 1


def test_a_changed_file_is_kept_named_and_used_until_forced(
    service, user: UserFolders, manager: Manager, capsys: Capture
) -> None:
    service("install")
    file, original = expected(user), expected(user).read_bytes()
    file.write_bytes(b"mine")
    capsys.readouterr()
    assert service("install") == 0
    said = capsys.readouterr()
    assert f"{file}: kept" in said.out
    assert "--force" in said.err
    assert file.read_bytes() == b"mine"
    assert service("install", "--force") == 0
    assert file.read_bytes() == original
    assert file.with_name(f"{file.name}.yours-1").read_bytes() == b"mine"


def test_a_system_that_refuses_or_has_no_manager_is_told_in_its_words(service, manager: Manager) -> None:
    manager.exit_code = 1
    with pytest.raises(InstallError, match="Failed to connect to bus"):
        service("install")
    manager.is_there = False
    with pytest.raises(InstallError, match="could not be started") as caught:
        service("install")
    assert "backbeat run" in caught.value.advice


def test_a_configuration_with_mistakes_is_told_now_and_not_at_the_next_login(service, home: Path, manager: Manager) -> None:
    (home / "config.toml").write_text("[osc]\nport = 'loud'\n")
    with pytest.raises(ConfigError):
        service("install")
    assert manager.asked == []


def test_a_config_of_ones_own_is_the_services_too(service, user: UserFolders, home: Path) -> None:
    own = home / "my config.toml"
    own.write_text("")
    assert service("install", "--config", str(own)) == 0
    data = expected(user).read_bytes()
    assert "my config.toml" in data.decode("utf-16" if user.system is System.WINDOWS else "utf-8")


def test_as_a_service_the_daemon_ends_with_0_where_starting_again_is_of_no_use(home: Path, capsys: Capture) -> None:
    (home / "config.toml").write_text("[osc]\nport = 'loud'\n")
    assert main(["run"]) == 2
    assert main(["run", "--service"]) == 0
    assert "osc.port" in capsys.readouterr().err


def test_systemd_itself_takes_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze (Debian: systemd) is not installed")
    backbeat = tmp_path / "my $1 programs 50%" / "backbeat"
    backbeat.parent.mkdir()
    backbeat.write_text("#!/bin/sh\n")
    backbeat.chmod(0o755)
    user = UserFolders(system=System.LINUX, home=tmp_path, documents=tmp_path, app_data=tmp_path)
    made = login_service(user, daemon_command(System.LINUX, backbeat, Path('/my "own" $1 50%.toml')), stop_timeout_s=10)
    made.folder.mkdir(parents=True)
    made.path.write_bytes(made.data)
    (runtime := tmp_path / "runtime").mkdir(mode=0o700)
    done = subprocess.run(
        [analyze, "verify", "--user", "--man=no", str(made.path)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
