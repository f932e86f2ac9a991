from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from backbeat.errors import Cancelled, EngineFailed
from backbeat.monitor import Unwatched
from backbeat.outputs.run_program import run_program
from backbeat.values import Stage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups as POSIX has them")

SPAWNS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
with open("pid.part", "w") as file:
    file.write(str(child.pid))
import os
os.replace("pid.part", "pid")
time.sleep(600)
"""


class CancelledOnce:
    """Cancels as soon as a file is there."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def progress(self, stage: Stage, fraction: float) -> None:
        raise AssertionError("a program has no progress")

    def check(self) -> None:
        if self._mark.exists():
            raise Cancelled("cancelled")


def is_running(pid: int) -> bool:
    """Whether the process lives; one that has ended but was not collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        os.sched_yield()


def test_a_program_that_ends_well_says_nothing(tmp_path: Path) -> None:
    script = "import os, pathlib; pathlib.Path('seen').write_text(os.environ['SONG'])"
    run_program([sys.executable, "-c", script], folder=tmp_path, environment={"SONG": "x"}, timeout_s=60, monitor=Unwatched())
    assert (tmp_path / "seen").read_text() == "x"


def test_a_failing_program_is_quoted(tmp_path: Path) -> None:
    script = "import sys; print('no such clef'); sys.exit(3)"
    with pytest.raises(EngineFailed, match=r"exit code 3.*no such clef"):
        run_program([sys.executable, "-c", script], folder=tmp_path, environment={}, timeout_s=60, monitor=Unwatched())


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="no-such-program could not be started"):
        run_program([str(tmp_path / "no-such-program")], folder=tmp_path, environment={}, timeout_s=60, monitor=Unwatched())


def test_cancelling_ends_the_program_and_what_it_started(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        run_program(
            [sys.executable, "-c", SPAWNS],
            folder=tmp_path,
            environment={},
            timeout_s=60,
            monitor=CancelledOnce(tmp_path / "pid"),
        )
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match="took longer than"):
        run_program([sys.executable, "-c", SPAWNS], folder=tmp_path, environment={}, timeout_s=0.5, monitor=Unwatched())
    if (tmp_path / "pid").exists():
        wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('pid', 'w').close(); time.sleep(600)"
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run_program(
            [sys.executable, "-c", script],
            folder=tmp_path,
            environment={},
            timeout_s=60,
            monitor=CancelledOnce(tmp_path / "pid"),
        )
    assert time.monotonic() - started < 30
