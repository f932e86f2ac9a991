from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone holds a process to its memory")


def held_to(limits: list[str]) -> int:
    """The limit of a process that limits itself to these in turn."""
    calls = "; ".join(f"limit_own_memory({limit})" for limit in limits)
    code = f"import resource; from backbeat.program_limits import limit_own_memory; {calls}; "
    code += "print(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_a_process_is_held_to_what_it_is_told() -> None:
    assert held_to(["10**9"]) == 10**9


def test_without_a_number_it_is_held_to_what_the_computer_has() -> None:
    assert held_to(["None"]) < 1 << 50


def test_a_narrower_limit_that_holds_already_is_not_widened() -> None:
    assert held_to(["10**9", "2 * 10**9"]) == 10**9
