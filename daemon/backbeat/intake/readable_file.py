"""Opening a user's file, with what can go wrong put into a musician's words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from backbeat.errors import AudioError, AudioMissing, AudioUnreadable

_GONE = (FileNotFoundError, NotADirectoryError)


@contextmanager
def readable_file(path: Path) -> Iterator[BinaryIO]:
    """Open `path` for reading in binary; what the operating system refuses in the block becomes our error.

    Raises AudioMissing when it is not there, AudioUnreadable when it is a folder or a device, when permission is
    denied, or when reading fails (a drive that was unplugged).
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a named pipe would wait for ever
            raise _not_a_file(path)
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise as_audio_error(path, error) from error


def file_status(path: Path) -> os.stat_result:
    """`path.stat()`; raises AudioMissing, or AudioUnreadable when permission is denied."""
    try:
        return path.stat()
    except OSError as error:
        raise as_audio_error(path, error) from error


def as_audio_error(path: Path, error: OSError) -> AudioError:
    """What an operating system error on `path` means to the user."""
    if isinstance(error, _GONE):
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
