"""`backbeat worker` for two queues: two programs, and how a terminal ends them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.farm_field import wait_for

PROGRAM = """
import signal, sys, time
from pathlib import Path

heard, notes = [], Path(sys.argv[1]) / sys.argv[3]
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _frame: heard.append(number))
notes.write_text("ready")
while not heard:
    time.sleep(0.01)
time.sleep(0.5)
notes.write_text(" ".join(signal.Signals(number).name for number in heard))
"""
"""Stands for a worker of one queue: says what it hears, and goes on for a moment."""

SERVE = """
import sys
from backbeat.farm.stage import FarmQueue
from backbeat.farm.worker_program import serve_queues

sys.exit(serve_queues(sys.argv[1:], list(FarmQueue)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("sent", "heard"),
    [("SIGINT", "SIGINT"), ("SIGHUP", "SIGTERM")],
)
def test_what_a_terminal_says_to_all_of_them_each_program_hears_once(sent: str, heard: str, tmp_path: Path) -> None:
    """Two Ctrl-C would have Celery break off its tasks."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    first = subprocess.Popen([sys.executable, "-c", SERVE, sys.executable, program, tmp_path], start_new_session=True)
    notes = [tmp_path / "heavy-compute", tmp_path / "default"]
    try:
        wait_for("both run", lambda: all(note.exists() and note.read_text() for note in notes), within_s=30)
        os.killpg(first.pid, signal.Signals[sent])
        assert first.wait(20) == 0
    finally:
        first.kill()
    assert [note.read_text() for note in notes] == [heard, heard]
