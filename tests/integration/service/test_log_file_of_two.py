"""One log file, two processes: only one writes, the other says so and goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from backbeat.service.log_file import LogFile, LogFileTaken

OTHER = """
import logging, sys
from pathlib import Path
from backbeat.service.logging import setup_logging
setup_logging(file=Path(sys.argv[1]))
logging.getLogger("backbeat.other").info("from the other")
"""


def other_process(file: Path) -> str:
    done = subprocess.run([sys.executable, "-c", OTHER, str(file)], capture_output=True, text=True, timeout=60, check=True)
    return done.stderr


def test_a_second_process_says_so_and_logs_to_its_terminal_until_the_first_lets_go(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "backbeat.log"
    first = LogFile(file, max_mb=1, keep=1)
    said = other_process(file)
    assert "another process writes it" in said
    assert "from the other" in said
    assert file.read_text() == ""
    with pytest.raises(LogFileTaken):
        LogFile(file, max_mb=1, keep=1)
    first.close()
    assert "another process" not in other_process(file)
    assert "from the other" in file.read_text()
