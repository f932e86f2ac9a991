"""Where log lines go: the terminal, and a file that is turned over before it grows large. Each names its job."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

_log = logging.getLogger(__name__)

PLAIN = "%(asctime)s %(levelname)-7s %(name)s%(in_job)s: %(message)s"
FILE_MAX_BYTES = 2_000_000
OLD_FILES = 4

_current_job: ContextVar[str | None] = ContextVar("current_job", default=None)


@contextmanager
def job_context(job_id: str | None) -> Iterator[None]:
    """Log lines inside belong to that job."""
    token = _current_job.set(job_id)
    try:
        yield
    finally:
        _current_job.reset(token)


def current_job() -> str | None:
    """The job that log lines belong to here, or None."""
    return _current_job.get()


def setup_logging(level: str = "info", *, json: bool = False, file: Path | None = None) -> None:
    """Log to standard error and, where given, to `file`; may be called again, the last call counts.

    level: debug, info, warning or error, for Backbeat's own lines; other packages are heard from `warning` up.
    json: one JSON object per line. A file that cannot be written is reported and done without.
    """
    close_logging()
    handlers: list[logging.Handler] = []
    if sys.stderr is not None:  # a program without a console has none
        handlers.append(logging.StreamHandler(sys.stderr))
    trouble = None
    if file is not None:
        try:
            handlers.append(_file_handler(file))
        except OSError as error:
            trouble = error
    root = logging.getLogger()
    for handler in handlers:
        handler.set_name(f"{__name__}.{type(handler).__name__}")
        handler.addFilter(_add_job)
        handler.setFormatter(JsonLines() if json else logging.Formatter(PLAIN))
        root.addHandler(handler)
    logging.getLogger("backbeat").setLevel(level.upper())
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


class JsonLines(logging.Formatter):
    """One JSON object per line: time (UTC, ISO 8601), level, logger, message; job and exception where there are."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if job := getattr(record, "job", None):
            entry["job"] = job
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def _add_job(record: logging.LogRecord) -> bool:
    job = getattr(record, "job", None) or _current_job.get()
    record.job = job
    record.in_job = f" [{job}]" if job else ""
    return True


def _file_handler(file: Path) -> logging.Handler:
    file.parent.mkdir(parents=True, exist_ok=True)
    return RotatingFileHandler(file, maxBytes=FILE_MAX_BYTES, backupCount=OLD_FILES, encoding="utf-8", errors="backslashreplace")
