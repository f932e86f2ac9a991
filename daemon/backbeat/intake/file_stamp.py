"""What tells cheaply that a file changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backbeat.intake.readable_file import file_status


@dataclass(frozen=True, kw_only=True)
class FileStamp:
    """Equal stamps: almost certainly the same bytes. Different stamps: look at the content.

    size: in bytes. mtime_ns: last modification, nanoseconds since 1970. inode: the file behind the name, so that a
    replacement by renaming shows even where size and time agree.
    """

    size: int
    mtime_ns: int
    inode: int


def file_stamp(path: Path) -> FileStamp:
    """The stamp of the file that `path` leads to; raises AudioMissing (or AudioUnreadable: permission denied)."""
    return _stamp(file_status(path))


def stamp_of(file: BinaryIO) -> FileStamp:
    """The stamp of an open file, whatever its name leads to now; raises OSError."""
    return _stamp(os.fstat(file.fileno()))


def _stamp(status: os.stat_result) -> FileStamp:
    return FileStamp(size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino)
