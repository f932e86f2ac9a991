"""The system's lock on a file: between processes, and let go of however the one that has it ends."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, at: int) -> None:
        os.lseek(descriptor, at, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(descriptor: int, at: int) -> None:  # noqa: ARG001 - it is on the whole file
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def try_lock(descriptor: int, *, at: int = 0) -> bool:
    """Lock the open file until it is closed; False, at once, where another has it. Raises OSError when it cannot be.

    at: the byte that stands for the file on Windows, whose locks keep others from reading what is locked; it need not exist.
    """
    try:
        _lock(descriptor, at)
    except (BlockingIOError, PermissionError):  # Unix says the one, Windows the other
        return False
    return True
