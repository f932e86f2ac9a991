"""Stop signals, in a real process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Unix signals")

_DAEMON = """
import queue, sys
from backbeat.service.signals import stop_signals
heard = queue.SimpleQueue()
with stop_signals(heard.put):
    print("ready", flush=True)
    print("stopping for", heard.get(), flush=True)
    if sys.argv[1] == "hangs":
        queue.SimpleQueue().get()
print("stopped", flush=True)
"""


def daemon(what: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _DAEMON, what], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_first_signal_asks_the_daemon_to_stop(number: signal.Signals) -> None:
    with daemon("stops") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == f"stopping for {number.name}\nstopped\n"
    assert process.returncode == 0


def test_a_second_signal_ends_a_daemon_that_hangs() -> None:
    with daemon("hangs") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping for SIGINT\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
