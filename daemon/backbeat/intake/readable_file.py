"""Opening a user's file, with what can go wrong put into a musician's words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from backbeat.errors import AudioError, AudioMissing, AudioUnreadable

_GONE = (FileNotFoundError, NotADirectoryError)

READ_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Not blocking: a named pipe that was put in the file's place would be waited for, for ever. Files do not care."""


@contextmanager
def readable_file(path: Path) -> Iterator[BinaryIO]:
    """Open `path` for reading in binary; what the operating system refuses in the block becomes our error.

    The file has no buffer of its own: its descriptor may be handed to a decoder, and both see one position.
    Raises AudioMissing when it is not there, AudioUnreadable when it is a folder or a device, when permission is
    denied, or when reading fails (a drive that was unplugged).
    """
    if not stat.S_ISREG(file_status(path).st_mode):  # opening a device may already do something
        raise _not_a_file(path)
    try:
        with as_file(os.open(path, READ_FLAGS), path) as file:
            yield file
    except OSError as error:
        raise as_audio_error(path, error) from error


def as_file(descriptor: int, path: Path) -> BinaryIO:
    """The open descriptor as a file, which closes it. Raises AudioUnreadable, and closes it, when it is no regular file."""
    file = cast("BinaryIO", os.fdopen(descriptor, "rb", buffering=0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # what was looked at by name may have been replaced since
        file.close()
        raise _not_a_file(path)
    return file


def file_status(path: Path) -> os.stat_result:
    """`path.stat()`; raises AudioMissing, or AudioUnreadable when permission is denied."""
    try:
        return path.stat()
    except (OSError, ValueError) as error:
        raise as_audio_error(path, error) from error


def as_audio_error(path: Path, error: OSError | ValueError) -> AudioError:
    """What an operating system error on `path` means to the user; a ValueError is a name with a zero byte, which no file has."""
    if isinstance(error, (*_GONE, ValueError)):
        return AudioMissing(f"{path.name} is not there: {path}")
    if isinstance(error, PermissionError):
        return AudioUnreadable(
            f"{path.name} cannot be read: permission denied.",
            advice="Allow your user to read the file and its folder, or bounce into another folder.",
        )
    if error.errno == errno.ELOOP:
        return AudioUnreadable(f"{path.name} is a link that leads in a circle.", advice="Give the path of the recording itself.")
    return AudioUnreadable(
        f"{path.name} cannot be read: {error.strerror or error}.",
        advice="Check the drive that it is on, then try again.",
    )


def _not_a_file(path: Path) -> AudioUnreadable:
    kind = "a folder" if path.is_dir() else "not a regular file"
    return AudioUnreadable(f"{path.name} is {kind}.", advice="Give the path of one recording.")
