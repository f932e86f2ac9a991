"""The worker's end of the line to the daemon: the streams, the messages that go out, a job's monitor, the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container
from threading import Lock
from typing import BinaryIO, Protocol

from backbeat.errors import Cancelled
from backbeat.records import Hits
from backbeat.service.logging import current_job, current_stage, exception_of, message_of, note_stage
from backbeat.service.parent_watch import end_at_once
from backbeat.service.worker_messages import Heard, LogLine, Message, Progress, to_line
from backbeat.standard_streams import take_standard_streams
from backbeat.values import Stage

PROGRESS_INTERVAL_S = 0.1
"""No more than so many progress messages of a stage; its beginning and end are always told."""


class Sender(Protocol):
    """Takes messages for who waits for a job."""

    def send(self, message: Message) -> None:
        """Send it."""


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
        self, job_id: str, outgoing: Sender, cancelled: Container[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._job_id = job_id
        self._outgoing = outgoing
        self._cancelled = cancelled
        self._clock = clock
        self._told: dict[Stage, tuple[float, float]] = {}

    def progress(self, stage: Stage, fraction: float) -> None:
        note_stage(stage)
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


class JobHits:
    """Tells the daemon the hits of one job, in parts."""

    def __init__(self, job_id: str, outgoing: Sender) -> None:
        self._job_id = job_id
        self._outgoing = outgoing
        self._told = 0

    def tell(self, hits: Hits) -> None:
        if len(hits):
            self._outgoing.send(Heard(job_id=self._job_id, first=self._told, hits=tuple(hits)))
            self._told += len(hits)


class LogToDaemon(logging.Handler):
    """Log records of the worker, traceback included, become lines of the daemon's log."""

    def __init__(self, outgoing: Outgoing) -> None:
        super().__init__()
        self._outgoing = outgoing

    def emit(self, record: logging.LogRecord) -> None:
        line = LogLine(
            level=record.levelno,
            logger=record.name,
            text=message_of(record),
            job_id=current_job(),
            stage=current_stage(),
            exception=exception_of(record),
        )
        self._outgoing.send(line)


def take_streams() -> tuple[BinaryIO, Outgoing]:
    """Keep standard input and output for the daemon alone."""
    incoming, outgoing = take_standard_streams()
    return incoming, Outgoing(outgoing)
