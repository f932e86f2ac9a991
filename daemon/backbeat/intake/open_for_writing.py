"""Ask the operating system whether anybody still has a file open for writing."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path


def open_for_writing(path: Path) -> bool | None:
    """True when some program can still write to the file, False when none can, None when the system does not tell.

    Linux tells for our own files on most local disks; Windows always; macOS, and most network drives, never.
    """
    if sys.platform == "linux":
        return _linux(path)
    if sys.platform == "win32":
        return _windows(path)
    return None


if sys.platform == "linux":
    import fcntl
    import signal

    def _linux(path: Path) -> bool | None:
        """By a read lease (fcntl(2), F_SETLEASE), which the kernel grants only when nobody can write to the file.

        Should a program open the file for writing in the moment that we hold the lease, the kernel makes it wait until
        we have closed, and sends us a signal: SIGURG, because it is ignored by default, where the usual SIGIO would
        end the process.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except OSError as error:
            # Others (EACCES, EINVAL): not our file, or a file system without leases.
            return True if error.errno == errno.EAGAIN else None
        else:
            return False
        finally:
            os.close(descriptor)


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _GENERIC_READ = 0x80000000
    _SHARE_READ_AND_DELETE = 0x1 | 0x4
    _OPEN_EXISTING = 3
    _ERROR_SHARING_VIOLATION = 32
    _INVALID_HANDLE = wintypes.HANDLE(-1).value

    def _windows(path: Path) -> bool | None:
        """By opening it without sharing it for writing (CreateFileW), which fails while a writer has it open."""
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateFileW.restype = wintypes.HANDLE
        handle = kernel32.CreateFileW(str(path), _GENERIC_READ, _SHARE_READ_AND_DELETE, None, _OPEN_EXISTING, 0, None)
        if handle == _INVALID_HANDLE:
            return True if ctypes.get_last_error() == _ERROR_SHARING_VIOLATION else None
        kernel32.CloseHandle(wintypes.HANDLE(handle))
        return False
