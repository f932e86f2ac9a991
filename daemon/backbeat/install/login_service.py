"""The file that has each system start the daemon at login, and the commands that make the system take notice of it.

Linux: a systemd user unit. macOS: a launchd agent. Windows: a task of the Task Scheduler, whose file we keep for comparing.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from string import Template
from xml.sax.saxutils import escape

from backbeat.errors import InstallError
from backbeat.install.contents import Contents
from backbeat.install.places import System, UserFolders

LABEL = "local.backbeat"
"""What launchd calls it."""

TASK = "Backbeat"
"""What the Task Scheduler calls it."""

UNIT = "backbeat.service"

STOP_MARGIN_S = 5
"""How much longer than the daemon's own `jobs.stop_timeout_s` a system waits before it kills."""

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LoginService:
    """One system's way. folder, name: of the file. start, stop: commands that take it into use, and out of it.

    before_start, stop and after_removal may fail: they end what may have ended before.
    """

    folder: Path
    name: PurePosixPath
    data: bytes
    before_start: tuple[Command, ...] = ()
    start: tuple[Command, ...]
    stop: tuple[Command, ...]
    after_removal: tuple[Command, ...] = ()

    @property
    def contents(self) -> Contents:
        return {self.name: self.data}

    @property
    def path(self) -> Path:
        return self.folder / self.name


def login_service(user: UserFolders, daemon: Sequence[str], *, stop_timeout_s: float) -> LoginService:
    """The service that runs `daemon`, a program (absolute path) with its arguments, for that user.

    stop_timeout_s: how long the daemon may take to stop, as the config has it. Raises InstallError for a path that cannot be
    written there.
    """
    make = {System.LINUX: _systemd, System.MACOS: _launchd, System.WINDOWS: _task}[user.system]
    return make(user, tuple(daemon), round(stop_timeout_s) + STOP_MARGIN_S)


def daemon_command(system: System, backbeat: Path, config: Path | None) -> Command:
    """How the daemon is started by the system: on Windows without a console window."""
    chosen = ("--config", str(config)) if config else ()
    if system is System.LINUX:
        return (str(backbeat), "run", *chosen)
    if system is System.WINDOWS:
        return (str(Path(sys.executable).with_name("pythonw.exe")), "-m", "backbeat", "run", "--service", *chosen)
    return (str(backbeat), "run", "--service", *chosen)


def systemd_word(text: str) -> str:
    """A word of a command line in a unit (systemd.service(5), "Command lines"; systemd.syntax(7), "Quoting")."""
    for char, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$")):
        text = text.replace(char, escaped)
    return f'"{text}"' if not text or set(text) & set(" \t'\"\\;#") else text


def systemd_program(path: str) -> str:
    """The program of a command line: it is no word like the others, variables are not looked for in it. Raises InstallError."""
    if set(path) & set("\"'\\"):
        raise InstallError(
            f"systemd starts no program with quotes or backslashes in its path: {path}", advice="Install Backbeat elsewhere."
        )
    escaped = path.replace("%", "%%")
    return f'"{escaped}"' if " " in path else escaped


def _systemd(user: UserFolders, daemon: Command, stop_s: int) -> LoginService:
    program, *arguments = daemon
    command = " ".join([systemd_program(program), *map(systemd_word, arguments)])
    text = _filled(UNIT, COMMAND=command, STOP_S=str(stop_s))
    control = ("systemctl", "--user")
    return LoginService(
        folder=user.home / ".config" / "systemd" / "user",
        name=PurePosixPath(UNIT),
        data=text.encode(),
        start=((*control, "daemon-reload"), (*control, "enable", UNIT), (*control, "restart", UNIT)),
        stop=((*control, "disable", "--now", UNIT),),
        after_removal=((*control, "daemon-reload"),),
    )


def _launchd(user: UserFolders, daemon: Command, stop_s: int) -> LoginService:
    arguments = "\n".join(f"    <string>{escape(word)}</string>" for word in daemon)
    text = _filled("backbeat.plist", LABEL=LABEL, ARGUMENTS=arguments, STOP_S=str(stop_s))
    folder, name = user.home / "Library" / "LaunchAgents", PurePosixPath(f"{LABEL}.plist")
    domain = f"gui/{os.getuid() if hasattr(os, 'getuid') else 0}"
    return LoginService(
        folder=folder,
        name=name,
        data=text.encode(),
        before_start=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
        start=(("launchctl", "bootstrap", domain, str(folder / name)),),
        stop=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
    )


def _task(user: UserFolders, daemon: Command, _stop_s: int) -> LoginService:
    program, *arguments = daemon
    text = _filled(
        "backbeat-task.xml",
        USER=escape(windows_user(os.environ)),
        PROGRAM=escape(program),
        ARGUMENTS=escape(subprocess.list2cmdline(arguments)),
    )
    folder, name = user.app_data.parent / "Local" / "Backbeat", PurePosixPath("backbeat-task.xml")
    return LoginService(
        folder=folder,
        name=name,
        data=text.replace("\n", "\r\n").encode("utf-16"),
        before_start=(("schtasks", "/End", "/TN", TASK),),
        start=(("schtasks", "/Create", "/TN", TASK, "/XML", str(folder / name), "/F"), ("schtasks", "/Run", "/TN", TASK)),
        stop=(("schtasks", "/End", "/TN", TASK), ("schtasks", "/Delete", "/TN", TASK, "/F")),
    )


def windows_user(environ: Mapping[str, str]) -> str:
    """Whoever is logged in, domain and name, as Windows puts them into the environment."""
    return "\\".join(part for name in ("USERDOMAIN", "USERNAME") if (part := environ.get(name)))


def _filled(template: str, **values: str) -> str:
    return Template((files("backbeat.install") / "templates" / template).read_text("utf-8")).substitute(values)
