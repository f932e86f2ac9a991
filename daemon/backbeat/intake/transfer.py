"""A download in a thread of its own, so that the job stays able to cancel it and to end it in time.

A server may say nothing for ever, or one byte a minute: no time limit on single reads covers both.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from backbeat.errors import DownloadError
from backbeat.monitor import Monitor
from backbeat.values import Stage

T = TypeVar("T")

_POLL_S = 0.1
_STOP_GRACE_S = 1.5


class TransferStopped(Exception):
    """Raised in the download thread once nobody waits for it any more."""


class Transfer:
    """What the download thread and the waiting one share.

    max_bytes: how many may be received. received, total: bytes so far and in all (None: not known).
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.received = 0
        self.total: int | None = None
        self._stopped = threading.Event()
        self._close: Callable[[], None] | None = None

    def expect(self, total: int | None) -> None:
        """The server says how much there is; raises DownloadError when that is too much."""
        self.total = total
        if total is not None and total > self.max_bytes:
            raise self._too_large(f"{total / 1e6:.1f} MB")

    def count(self, received: int) -> None:
        """`received` bytes are there; raises DownloadError when that is too much, TransferStopped when nobody waits."""
        self.check()
        self.received = received
        if received > self.max_bytes:
            raise self._too_large(f"more than {self.max_bytes / 1e6:.1f} MB")

    def check(self) -> None:
        """Raise TransferStopped when nobody waits any more."""
        if self._stopped.is_set():
            raise TransferStopped

    def on_stop(self, close: Callable[[], None]) -> None:
        """What ends a blocking call of the download thread; called from the waiting one."""
        self._close = close
        self.check()

    def stop(self) -> None:
        """Make the download thread end soon."""
        self._stopped.set()
        if self._close is not None:
            with suppress(OSError):
                self._close()

    def _too_large(self, size: str) -> DownloadError:
        return DownloadError(
            f"The download is too large: {size}, the limit is {self.max_bytes / 1e6:.1f} MB.",
            advice="Download it yourself, or raise limits.download_max_mb in the config.",
        )


class _Thread(threading.Thread, Generic[T]):
    def __init__(self, task: Callable[[], T]) -> None:
        super().__init__(name="download", daemon=True)
        self._task = task
        self.result: list[T] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.result.append(self._task())
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            self.error = error


def run_transfer(task: Callable[[], T], transfer: Transfer, *, timeout_s: float, monitor: Monitor) -> T:
    """Run `task` in a thread until it ends; its error is raised here.

    Raises DownloadError after `timeout_s`, and what `monitor.check` raises; the thread is then told to stop, and given
    a moment to do so.
    """
    thread = _Thread(task)
    thread.start()
    try:
        _wait(thread, transfer, timeout_s, monitor)
    finally:
        if thread.is_alive():
            transfer.stop()
            thread.join(_STOP_GRACE_S)
    if thread.error is not None:
        raise thread.error
    return thread.result[0]


def _wait(thread: threading.Thread, transfer: Transfer, timeout_s: float, monitor: Monitor) -> None:
    deadline_s = time.monotonic() + timeout_s
    while thread.is_alive():
        thread.join(_POLL_S)
        monitor.check()
        if transfer.total:
            monitor.progress(Stage.READ, min(transfer.received / transfer.total, 1.0))
        if thread.is_alive() and time.monotonic() > deadline_s:
            raise DownloadError(
                f"The download took longer than {timeout_s:g} s ({transfer.received / 1e6:.1f} MB were received).",
                advice="Try again later, or raise limits.download_timeout_s in the config.",
            )
