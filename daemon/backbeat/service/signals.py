"""The signals that ask the daemon to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""Service manager, Ctrl-C, closed terminal, and Windows' Ctrl-Break (how a parent asks there)."""


@contextmanager
def stop_signals(on_stop: Callable[[str], None]) -> Iterator[None]:
    """Inside, the first stop signal calls `on_stop` with its name; a second one ends the process at once.

    Only in the main thread. `on_stop` interrupts the main thread anywhere, so it may not take a lock that the main
    thread could hold: `queue.SimpleQueue.put` is made for this. On Windows the main thread hears signals only between
    waits: let it wait with a timeout. The worker needs no word: it sees its standard input end.
    """
    heard: list[int] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            os._exit(128 + number)
        on_stop(signal.Signals(number).name)

    before = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
