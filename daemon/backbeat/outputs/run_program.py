"""Run another program, watched: it can be cancelled, may not take for ever, and leaves no child behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from backbeat.errors import EngineFailed
from backbeat.monitor import Monitor

_POLL_S = 0.1
_TERMINATE_S = 2.0  # how long a program may tidy up before it is killed
_LOG_TAIL = 400  # characters of what the program said that go into a message


def run_program(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_s: float, monitor: Monitor
) -> None:
    """Run `command` in `folder` with `environment` on top of ours, until it ends.

    Raises EngineFailed when it cannot be started, ends with an error or takes longer than `timeout_s`, and Cancelled
    from `monitor`. Then the program and all that it started are gone.
    """
    name = Path(command[0]).stem
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, to be ended as one
            )
        except OSError as error:
            raise EngineFailed(f"{name} could not be started: {error.strerror}.") from error
        try:
            _wait(process, name, timeout_s, monitor)
        finally:
            _end(process)
    if process.returncode != 0:
        said = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()
        raise EngineFailed(f"{name} failed (exit code {process.returncode}): {said or 'it gave no reason'}")


def _wait(process: subprocess.Popen[bytes], name: str, timeout_s: float, monitor: Monitor) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            monitor.check()
            if time.monotonic() > deadline:
                raise EngineFailed(f"{name} was stopped: it took longer than {timeout_s:.0f} s.") from None
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the program to end, then make it; does nothing when it has ended."""
    if process.poll() is not None:
        return
    _signal(process, force=False)
    try:
        process.wait(_TERMINATE_S)
    except subprocess.TimeoutExpired:
        _signal(process, force=True)
        process.wait()


def _signal(process: subprocess.Popen[bytes], *, force: bool) -> None:
    if os.name == "nt":  # Windows has no process groups of this kind
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
    except ProcessLookupError:
        return  # it has ended meanwhile
