"""Hours in which nothing happens: memory, files, handles and threads stay what they were."""

from __future__ import annotations

import json
import subprocess
import sys

TICKS = 12_000
"""Three hours and more; tests/benchmarks/faults.py simulates the week."""


def test_a_daemon_that_rests_does_not_grow(repository) -> None:
    command = [sys.executable, "-m", "tests.faults.idle", "--ticks", str(TICKS)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=True)
    held = json.loads(done.stdout)
    early, late = held["early"], held["late"]
    assert held["ticks"]["loop"] >= TICKS
    assert late["memory_mb"] < early["memory_mb"] + 2
    assert [late[name] for name in ("handles", "threads", "files")] == [early[name] for name in ("handles", "threads", "files")]
    assert late["store_kb"] < early["store_kb"] + 50
