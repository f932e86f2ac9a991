"""The log file: turned over before it grows too large, and written by one process only."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import ExitStack
from logging.handlers import RotatingFileHandler
from pathlib import Path

from backbeat.os_lock import try_lock

BYTES_PER_MB = 1_000_000


class LogFileTaken(OSError):
    """Raised when another process writes that log file."""


class LogFile(RotatingFileHandler):
    """`file`, and beside it `file.1` (newest) to `file.<keep>`; all but the last line of a file fit into `max_mb`.

    Two processes that turn over one file would lose each other's lines: the file `NAME.lock` beside it is locked for as long as
    the log is open. Raises LogFileTaken, or OSError when it cannot be written.
    """

    def __init__(self, file: Path, *, max_mb: float, keep: int) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._let_go = _hold(file.with_name(f"{file.name}.lock"))
        try:
            max_bytes = max(1, round(max_mb * BYTES_PER_MB))
            super().__init__(file, maxBytes=max_bytes, backupCount=keep, encoding="utf-8", errors="backslashreplace")
        except BaseException:
            self._let_go()
            raise

    def close(self) -> None:
        """Also lets go of the file."""
        super().close()
        self._let_go()


def _hold(path: Path) -> Callable[[], None]:
    """Lock the file; returns what lets go of it, as the end of the process does too."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("ab"))
        if try_lock(file.fileno()):
            return stack.pop_all().close
    raise LogFileTaken(errno.EWOULDBLOCK, "another process writes it")
