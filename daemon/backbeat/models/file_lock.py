"""A lock between processes: one of them does the work, the others wait and find it done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from backbeat.errors import ModelError
from backbeat.os_lock import try_lock

POLL_S = 0.1


@contextmanager
def file_lock(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the lock that the file at `path` stands for; its folder is made.

    The system lets go of it when the process dies. The file stays: deleting it would let two processes lock two
    files of one name. Raises ModelError when the file cannot be made, or when somebody else still holds the lock
    after `timeout_s` seconds.
    """
    with _open(path) as file:  # closing it lets go of the lock
        deadline = time.monotonic() + timeout_s
        while not try_lock(file.fileno()):
            if time.monotonic() > deadline:
                raise ModelError(
                    f"Another Backbeat has been downloading into {path.parent} for {timeout_s:.0f} seconds.",
                    advice="Wait for it, or end it, and try again.",
                )
            time.sleep(POLL_S)
        yield


def _open(path: Path) -> IO[bytes]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+b")
    except OSError as error:
        raise ModelError(
            f"Models cannot be kept in {path.parent}: {error.strerror or error}.",
            advice="Choose a folder that can be written (models.cache_folder in the config, or MODEL_CACHE_DIR).",
        ) from error
