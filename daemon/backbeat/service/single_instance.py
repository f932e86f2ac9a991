"""One daemon per data folder: a locked file that names the process holding it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Self

from backbeat.errors import AlreadyRunning, StoreError
from backbeat.os_lock import try_lock

LOCK_NAME = "backbeat.lock"

LOCKED_BYTE = 1 << 30
"""Far behind the process id, which other processes have to be able to read."""

LOOKS, LOOK_S = 5, 0.05


def _lock_soon(descriptor: int) -> bool:
    """Take it, though somebody who only looks (`holder`) may have it for a moment; False when it is held. Raises OSError."""
    for _ in range(LOOKS - 1):
        if try_lock(descriptor, at=LOCKED_BYTE):
            return True
        time.sleep(LOOK_S)
    return try_lock(descriptor, at=LOCKED_BYTE)


class SingleInstance:
    """Held (`with`) for the life of the daemon. The system lets go when the process ends, however it ends."""

    def __init__(self, data_folder: Path) -> None:
        self.path = data_folder / LOCK_NAME
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Raises AlreadyRunning, with the process id, when another process holds the folder; StoreError when none can."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        # The file stays: removing it would let two processes lock two files of one name.
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, descriptor: int) -> None:
        try:
            is_ours = _lock_soon(descriptor)
        except OSError as error:
            raise self._unusable(error) from error
        if not is_ours:
            raise AlreadyRunning(
                f"Backbeat is running already{_holder(descriptor)}, with the data folder {self.path.parent}.",
                advice="Stop that one first, or give this one another jobs.data_folder.",
            )
        with contextlib.suppress(OSError):  # a full disk: it is held all the same, only without saying by whom
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The data folder {self.path.parent} cannot be used: {error.strerror}.",
            advice="Check its permissions, or set another jobs.data_folder in the config.",
        )


def holder(data_folder: Path) -> int | None:
    """The process that holds this data folder (0: it is held, by whom cannot be read), or None when nobody does."""
    try:
        descriptor = os.open(data_folder / LOCK_NAME, os.O_RDWR)
    except OSError:
        return None
    try:
        is_free = try_lock(descriptor, at=LOCKED_BYTE)
        return None if is_free else _process_in(descriptor) or 0
    except OSError:
        return _process_in(descriptor) or 0
    finally:
        os.close(descriptor)  # lets go of it, too


def _holder(descriptor: int) -> str:
    process = _process_in(descriptor)
    return f" (process {process})" if process else ""


def _process_in(descriptor: int) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return int(os.read(descriptor, 32))
    return None
