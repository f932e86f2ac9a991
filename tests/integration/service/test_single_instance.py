"""One daemon per data folder, whatever became of the last one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from backbeat.errors import AlreadyRunning, StoreError
from backbeat.service.single_instance import LOCK_NAME, LOOK_S, SingleInstance

_HOLDER = """
import sys
from pathlib import Path
from threading import Timer
from backbeat.service.single_instance import SingleInstance
with SingleInstance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_second_one_is_refused_with_the_first_ones_process_id_until_that_is_gone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    holder = [sys.executable, "-c", _HOLDER, str(folder)]
    with subprocess.Popen(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert (folder / LOCK_NAME).read_text() == f"{process.pid}\n"
        with pytest.raises(AlreadyRunning, match=f"process {process.pid}"), SingleInstance(folder):
            pass
        process.kill()
        process.wait()
    with SingleInstance(folder) as instance:
        assert instance.path.parent == folder


def test_it_can_be_taken_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(2):
        with SingleInstance(tmp_path), pytest.raises(AlreadyRunning), SingleInstance(tmp_path):
            pass
    with SingleInstance(tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file cannot be used"), SingleInstance(tmp_path / "file"):
        pass


def test_somebody_who_only_looks_for_a_moment_does_not_keep_a_daemon_from_starting(tmp_path: Path) -> None:
    with SingleInstance(tmp_path) as looking:
        Timer(LOOK_S, looking.__exit__).start()
        with SingleInstance(tmp_path) as daemon:
            assert daemon.path.read_text() == f"{os.getpid()}\n"
