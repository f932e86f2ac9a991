"""The worker's end of the line to the daemon: the streams, the messages that go out, a job's monitor, the log."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Container
from threading import Lock
from typing import BinaryIO

from backbeat.errors import Cancelled
from backbeat.service.logging import current_job
from backbeat.service.parent_watch import end_at_once
from backbeat.service.worker_messages import LogLine, Message, Progress, to_line
from backbeat.values import Stage

PROGRESS_INTERVAL_S = 0.1
"""No more than so many progress messages of a stage; its beginning and end are always told."""


class Outgoing:
    """Messages to the daemon, from any thread."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = Lock()

    def send(self, message: Message) -> None:
        """Send it; when nobody reads any more the process ends."""
        line = to_line(message)
        try:
            with self._lock:
                self._stream.write(line)
                self._stream.flush()
        except OSError:
            end_at_once()

    def checked(self, message: Message) -> Message:
        """The same message, after seeing that it can be sent; raises TypeError or ValueError when not."""
        to_line(message)
        return message


class JobMonitor:
    """The `Monitor` of one job."""

    def __init__(
        self, job_id: str, outgoing: Outgoing, cancelled: Container[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._job_id = job_id
        self._outgoing = outgoing
        self._cancelled = cancelled
        self._clock = clock
        self._told: dict[Stage, tuple[float, float]] = {}

    def progress(self, stage: Stage, fraction: float) -> None:
        fraction = min(max(float(fraction), 0.0), 1.0)
        now = self._clock()
        told_at, told = self._told.get(stage, (-PROGRESS_INTERVAL_S, -1.0))
        is_end = fraction in (0.0, 1.0)
        if fraction == told or (not is_end and now - told_at < PROGRESS_INTERVAL_S):
            return
        self._told[stage] = (now, fraction)
        self._outgoing.send(Progress(job_id=self._job_id, stage=stage, fraction=fraction))

    def check(self) -> None:
        if self._job_id in self._cancelled:
            raise Cancelled("The job was cancelled.")


class LogToDaemon(logging.Handler):
    """Log records of the worker, traceback included, become lines of the daemon's log."""

    def __init__(self, outgoing: Outgoing) -> None:
        super().__init__()
        self._outgoing = outgoing

    def emit(self, record: logging.LogRecord) -> None:
        line = LogLine(level=record.levelno, logger=record.name, text=self.format(record), job_id=current_job())
        self._outgoing.send(line)


def take_standard_streams() -> tuple[BinaryIO, Outgoing]:
    """Keep standard input and output for the daemon alone.

    What libraries print goes to standard error instead, and programs that a job starts find an empty standard input:
    ffmpeg would otherwise eat messages. The kept copies are not inherited.
    """
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return incoming, Outgoing(outgoing)
