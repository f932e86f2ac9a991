"""Where log lines go: the terminal, and a file that is turned over before it grows large. Each names its job."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

from backbeat.service.log_file import LogFile
from backbeat.visible_text import visible_text

_log = logging.getLogger(__name__)

PLAIN = "%(asctime)s %(levelname)-7s %(name)s%(in_job)s: %(message)s"

_current_job: ContextVar[str | None] = ContextVar("current_job", default=None)
_current_stage: ContextVar[str | None] = ContextVar("current_stage", default=None)

_hooks_before: list[Callable[[threading.ExceptHookArgs], object]] = []
"""What heard of the ends of threads before `setup_logging`."""


@contextmanager
def job_context(job_id: str | None, stage: str | None = None) -> Iterator[None]:
    """Log lines inside belong to that job, and to its stage, which `note_stage` changes."""
    job_token, stage_token = _current_job.set(job_id), _current_stage.set(stage)
    try:
        yield
    finally:
        _current_job.reset(job_token)
        _current_stage.reset(stage_token)


def note_stage(stage: str) -> None:
    """From here on, until the `job_context` ends, log lines belong to this stage."""
    _current_stage.set(stage)


def current_job() -> str | None:
    """The job that log lines belong to here, or None."""
    return _current_job.get()


def current_stage() -> str | None:
    """The stage that log lines belong to here, or None."""
    return _current_stage.get()


def setup_logging(
    level: str = "info", *, json: bool = False, file: Path | None = None, max_mb: float = 2.0, keep: int = 4
) -> None:
    """Log to standard error and, where given, to `file`; may be called again, the last call counts.

    level: debug, info, warning or error, for Backbeat's own lines; other packages are heard from `warning` up, and what they
    say with Python's `warnings` and what ends a thread come as log lines too.
    json: one JSON object per line. A file that cannot be written, or that another process writes, is reported and done without.
    max_mb, keep: how large the file grows before it is turned over, and how many old ones stay.
    """
    close_logging()
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:  # a program without a console has none
        handlers.append(logging.StreamHandler(sys.stderr))
    trouble = None
    if file is not None:
        try:
            handlers.append(LogFile(file, max_mb=max_mb, keep=keep))
        except OSError as error:
            trouble = error
    root = logging.getLogger()
    for handler in handlers:
        handler.set_name(f"{__name__}.{type(handler).__name__}")
        handler.addFilter(_add_job)
        handler.setFormatter(JsonLines() if json else PlainLines(PLAIN))
        root.addHandler(handler)
    logging.getLogger("backbeat").setLevel(level.upper())
    logging.captureWarnings(True)
    _hooks_before.append(threading.excepthook)
    threading.excepthook = _log_end_of_thread
    if trouble is not None:
        _log.warning("The log file %s cannot be written (%s); logging goes to the terminal only.", file, trouble.strerror)


def close_logging() -> None:
    """Take back what `setup_logging` did and close the file."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if (handler.get_name() or "").startswith(f"{__name__}."):
            root.removeHandler(handler)
            handler.close()
    logging.getLogger("backbeat").setLevel(logging.NOTSET)
    logging.captureWarnings(False)
    while _hooks_before:
        threading.excepthook = _hooks_before.pop()


class PlainLines(logging.Formatter):
    """For people: one line for each message, whatever names are quoted in it; a traceback has lines of its own."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name that logging calls
        record.message = visible_text(record.message)
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """One JSON object per line, whatever is logged: these fields, all of them text, the last three only where there is one.

    time (ISO 8601 with its zone, UTC), level (debug, info, warning, error, critical), logger, message, job (id), stage,
    exception (the traceback, with line ends inside the text).
    """

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            "job": getattr(record, "job", None),
            "stage": getattr(record, "stage", None),
            "exception": exception_of(record),
        }
        return json.dumps({name: value for name, value in entry.items() if value is not None})


def exception_of(record: logging.LogRecord) -> str | None:
    """The traceback as text, or None."""
    return logging.Formatter().formatException(record.exc_info) if record.exc_info else record.exc_text


def message_of(record: logging.LogRecord) -> str:
    """What was said, without a traceback."""
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a foreign package's slip in its own log call
        return f"{record.msg!s} {record.args!r}"


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is not SystemExit and ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "unknown"
        _log.error("the thread %s has ended with an error", name, exc_info=ended.exc_value)


def _add_job(record: logging.LogRecord) -> bool:
    job = getattr(record, "job", None) or _current_job.get()
    record.job = job
    record.stage = getattr(record, "stage", None) or _current_stage.get()
    record.in_job = f" [{job}]" if job else ""
    return True
