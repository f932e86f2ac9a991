"""A wall clock that jumps, and model files that are broken: bounces are taken and done all the same, or it is said why not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.daemon_under_fault import DaemonUnderFault, account, wait_until

FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
DAY_S = 86_400


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonUnderFault]:
    """Not started."""
    made = DaemonUnderFault(tmp_path, more='[models]\nnet_weights = ""')
    yield made
    made.close()


def test_a_clock_that_jumps_by_a_day_while_it_runs_and_between_runs_costs_no_bounce(daemon: DaemonUnderFault) -> None:
    if FAKETIME is None:
        reason = "libfaketime (Debian: faketime) is not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    clock = daemon.folder / "clock"
    clock.write_text("+0", "utf-8")
    jumping = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",  # a clock that is set leaves the time since the start alone
    }
    daemon.start(**jumping)
    bounces: list[Path] = []
    for number, jump_s in enumerate((DAY_S, 0, -DAY_S, 0)):
        clock.write_text(f"{jump_s:+d}", "utf-8")
        bounces.append(daemon.bounce(f"jump{number}", 800 + number))
        daemon.wait_until_done(bounces)
    daemon.stop()
    bounces.append(daemon.bounce("between", 810))
    clock.write_text(f"{-DAY_S:+d}", "utf-8")
    daemon.start(**jumping)
    daemon.wait_until_done(bounces)
    daemon.stop()
    assert account(daemon, bounces).is_clean, account(daemon, bounces)


def test_a_broken_model_file_is_named_and_once_it_is_mended_it_goes_on(daemon: DaemonUnderFault) -> None:
    weights = daemon.folder / "net.onnx"
    weights.write_bytes(b"\x08\x07" + os.urandom(10_000))
    text = daemon.config.read_text("utf-8")
    daemon.config.write_text(text.replace('net_weights = ""', f'net_weights = "{weights}"'), "utf-8")
    daemon.start()
    bounce = daemon.bounce("broken", 820)
    wait_until("it has failed", lambda: [(str(bounce), "failed")] == daemon.states())
    ((message, advice),) = daemon.rows("select error_message, error_advice from jobs")
    assert "net.onnx" in str(message)
    assert advice
    assert "Traceback" not in daemon.said()
    assert daemon.pongs()
    daemon.stop()

    daemon.config.write_text(text, "utf-8")
    daemon.start()
    assert daemon.ask("/backbeat/transcribe", str(bounce))[0].address == "/backbeat/accepted"
    daemon.wait_until_done([bounce])
    assert account(daemon, [bounce]).is_clean
