"""`backbeat service`: has the system start the daemon at login."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from backbeat.cli.command import Subparsers, new_command
from backbeat.cli.console import remark, say
from backbeat.cli.exit_codes import EXIT_CODE_HELP, ExitCode
from backbeat.cli.install import IN_WORDS, would_be
from backbeat.cli.options import configured
from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.errors import InstallError
from backbeat.install.carry_out import install, remove
from backbeat.install.contents import backbeat_command
from backbeat.install.login_service import Command, LoginService, daemon_command, login_service
from backbeat.install.manifest import NAME
from backbeat.install.places import UserFolders, user_folders
from backbeat.install.plan import Action, Step, plan_install, plan_removal

DESCRIPTION = """\
Have the system start the daemon whenever you log in, and again after a failure: by systemd, launchd or the Task Scheduler.
A file of theirs that you changed is kept, and named; --force replaces it, after putting a copy beside it."""

RUN_WITHIN_S = 60.0

Run = Callable[[Command], "subprocess.CompletedProcess[str]"]
"""Starts a program of the system and waits for it. Raises OSError when there is none."""


def add_command(subparsers: Subparsers, common: argparse.ArgumentParser) -> None:
    """Add `service` with its three commands."""
    parser = new_command(subparsers, common, "service", "start the daemon at login", description=DESCRIPTION, execute=None)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, help_text, execute in (
        ("install", "start the daemon at every login, and now", _install),
        ("uninstall", "stop it, and start it no more", _uninstall),
        ("status", "whether it is installed, and runs", _status),
    ):
        command = new_command(inner, common, name, help_text, description=DESCRIPTION, execute=execute)
        command.epilog = EXIT_CODE_HELP
        if name != "status":
            command.add_argument("--dry-run", action="store_true", help="only say what would be done")
        if name == "install":
            command.add_argument("--force", action="store_true", help="replace a changed file too, after copying it")


def _install(args: argparse.Namespace) -> int:
    return service_install(args, user_folders(), backbeat_command(), _run)


def _uninstall(args: argparse.Namespace) -> int:
    return service_uninstall(args, user_folders(), backbeat_command(), _run)


def _status(args: argparse.Namespace) -> int:
    return service_status(args, user_folders(), backbeat_command(), _run)


def service_install(args: argparse.Namespace, user: UserFolders, backbeat: Path, run: Run) -> int:
    """Write the file and have the system take it into use. Raises ConfigError, InstallError and OutputError."""
    service = _service(args, user, backbeat)
    steps = plan_install(service.folder, service.contents, force=args.force)
    if args.dry_run:
        _say_dry(steps, service.before_start + service.start)
        return ExitCode.OK
    copies = install(service.folder, steps, service.contents)
    _say(steps)
    for copy in copies:
        remark(f"Your changed file is now {copy}.")
    if any(step.action is Action.KEEP for step in steps):
        remark("It was changed, so it is used as it is; --force replaces it, after a copy.")
    for command in service.before_start:
        _carry_out(command, run, may_fail=True)
    for command in service.start:
        _carry_out(command, run)
    remark("Backbeat runs, and starts at every login. `backbeat service uninstall` ends that.")
    return ExitCode.OK


def service_uninstall(args: argparse.Namespace, user: UserFolders, backbeat: Path, run: Run) -> int:
    """Have the system forget it and remove the file. Raises InstallError and OutputError."""
    service = _service(args, user, backbeat)
    steps = plan_removal(service.folder)
    if args.dry_run:
        _say_dry(steps, service.stop + service.after_removal if steps else ())
        return ExitCode.OK
    if not steps:
        remark("Backbeat is not installed as a service.")
        return ExitCode.OK
    for command in service.stop:
        _carry_out(command, run, may_fail=True)  # it may have been stopped by hand before
    remove(service.folder, steps)
    for command in service.after_removal:
        _carry_out(command, run, may_fail=True)
    _say(steps)
    return ExitCode.OK


def service_status(args: argparse.Namespace, user: UserFolders, backbeat: Path, _run: Run) -> int:
    """Say what is installed and whether a daemon runs; FAILED unless both are so. Raises InstallError."""
    service = _service(args, user, backbeat)
    if not (service.folder / NAME).exists() or not service.path.exists():
        say("not installed")
        return ExitCode.FAILED
    (step,) = (step for step in plan_install(service.folder, service.contents) if step.name == service.name)
    words = {Action.UPDATE: "of another version: `backbeat service install` brings it up to date"}
    say(f"{step.path}: {words.get(step.action, IN_WORDS[step.action])}")
    osc = configured(args).config.osc
    try:
        with OscClient(osc) as client:
            version = client.ping()
    except DaemonSilent:
        say(f"no daemon answers on {osc.host}, port {osc.port}")
        return ExitCode.FAILED
    say(f"Backbeat {version} answers on {osc.host}, port {osc.port}")
    return ExitCode.OK


def _service(args: argparse.Namespace, user: UserFolders, backbeat: Path) -> LoginService:
    """A configuration with mistakes is told here, not at the next login."""
    config = configured(args).config
    chosen = getattr(args, "config", None)
    command = daemon_command(user.system, backbeat, chosen.expanduser().absolute() if chosen else None)
    return login_service(user, command, stop_timeout_s=config.jobs.stop_timeout_s)


def _carry_out(command: Command, run: Run, *, may_fail: bool = False) -> None:
    try:
        done = run(command)
    except OSError as error:
        raise _no_program(command, error) from error
    except subprocess.TimeoutExpired as error:
        raise InstallError(f"{_line(command)} did not end.", advice="Try it in a terminal.") from error
    if done.returncode != 0 and not may_fail:
        said = (done.stderr or done.stdout).strip()
        raise InstallError(
            f"{_line(command)} failed: {said or f'exit code {done.returncode}'}",
            advice="The file is there, but the system did not take it. Try again in your own session on this computer: not as "
            "another user, with sudo, or inside a container.",
        )


def _no_program(command: Command, error: OSError) -> InstallError:
    return InstallError(
        f"{command[0]} could not be started: {error.strerror or error}.",
        advice="This system has no such service manager; start `backbeat run` with the session in another way.",
    )


def _run(command: Command) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=RUN_WITHIN_S, check=False)


def _say(steps: Sequence[Step]) -> None:
    for step in steps:
        say(f"{step.path}: {IN_WORDS[step.action]}")


def _say_dry(steps: Sequence[Step], commands: Sequence[Command]) -> None:
    for step in steps:
        say(f"{step.path}: {would_be(step.action)}")
    for command in commands:
        say(f"would run: {_line(command)}")
    remark("Nothing was done: this was a dry run.")


def _line(command: Command) -> str:
    return subprocess.list2cmdline(command)
