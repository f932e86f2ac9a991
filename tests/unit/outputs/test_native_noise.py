from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import pytest

from backbeat.outputs.native_noise import without_native_noise


def print_natively(text: str) -> None:
    """As a C library does: past `sys.stderr`."""
    os.write(2, text.encode())


def test_what_a_library_prints_is_lost_inside_and_seen_again_outside(capfd: pytest.CaptureFixture[str]) -> None:
    print_natively("before ")
    with without_native_noise(), without_native_noise():
        print_natively("noise ")
    print_natively("after")
    assert capfd.readouterr().err == "before after"


def test_standard_error_is_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no port"), without_native_noise():
        raise ValueError("no port")
    print_natively("after")
    assert capfd.readouterr().err == "after"


def test_log_lines_of_other_threads_are_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        other = threading.Thread(target=logging.getLogger("backbeat").error, args=("a line",))
        with without_native_noise():
            other.start()
            other.join(0.1)  # it waits for its turn, or else has written its line into nothing
        other.join(10)
    finally:
        logging.getLogger().removeHandler(handler)
    assert capfd.readouterr().err == "a line\n"


def test_a_program_without_standard_error_goes_on() -> None:
    code = (
        "import os; os.close(2)\n"
        "from backbeat.outputs.native_noise import without_native_noise\n"
        "with without_native_noise(): print('inside')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert ended.stdout == "inside\n"
