"""On a terminal: tables drawn and shortened to its width, by a real pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backbeat.jobs.job import Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")


def on_terminal(*arguments: str) -> str:
    """What `backbeat` writes to a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-m", "backbeat", *arguments], stdout=theirs, stderr=theirs, env=environ) as process:
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 4096):
                told += part
        except OSError:
            pass  # Linux says "input/output error" when the other end has closed
        finally:
            os.close(ours)
    assert process.returncode == 0, told
    return told.decode()


def test_jobs_are_drawn_as_a_table_and_names_are_no_markup(home: Path) -> None:
    (home / "data").mkdir()
    path = home / "[bold]take.wav"
    with Store(home / "data" / "jobs.sqlite") as store:
        request = Request(path=path, fingerprint="f", out_base=home / "take.drums", settings=Settings())
        store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER)
    told = on_terminal("jobs", "list")
    assert "\x1b[1m" in told
    assert "[bold]take.wav" in told


def test_a_download_or_a_job_that_is_not_there_needs_no_terminal_tricks(home: Path) -> None:
    assert on_terminal("jobs", "list") == "No jobs yet.\r\n"
