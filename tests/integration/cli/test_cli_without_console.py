"""Started by a DAW or a service that gives it neither input nor output: commands do their work all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the three")

DESCRIPTORS = """
import os
from backbeat.cli.main import main
assert main(["jobs", "list"]) == 0
print("to nowhere")
first = os.open(os.environ["TOLD"], os.O_WRONLY | os.O_CREAT)
os.write(first, str(first).encode())
"""


def without_streams(*command: str, told: Path | None = None) -> int:
    """The exit code of the command, started with all three streams closed."""
    line = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, *command]
    return subprocess.run(line, env={**os.environ, "TOLD": str(told)}, timeout=60, check=False).returncode


def test_what_is_said_goes_nowhere_and_the_exit_code_is_right(home: Path) -> None:
    assert without_streams("-m", "backbeat", "jobs", "list") == 0
    answers = home / "answers.jsonl"
    assert without_streams("-m", "backbeat", "send", "song.wav", "--wait", "--answers", str(answers)) == 3
    assert '"event": "no_daemon"' in answers.read_text()
    assert without_streams("-m", "backbeat", "jobs", "no-such-word") == 2


def test_no_file_that_is_opened_then_gets_the_number_that_c_libraries_print_to(home: Path) -> None:
    told = home / "told"
    assert without_streams("-c", DESCRIPTORS, told=told) == 0
    assert int(told.read_text()) > 2
