"""Which files may be named from outside: only those that really lie under the configured roots.

Two names of one file (a hard link) are one file: it is inside when one of its names is, and who could make that name could have
put a copy there as well.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from backbeat.errors import AudioMissing, PathRefused
from backbeat.intake.open_beneath import CAN_WALK, open_beneath
from backbeat.intake.readable_file import READ_FLAGS, as_audio_error, as_file

_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)([ .:].*)?", re.IGNORECASE)
"""Names that Windows gives to devices in every folder, whatever their suffix."""

WHOLE_PATH = "Give the whole path, such as /Users/me/Bounces/song.wav."


@dataclass(frozen=True, kw_only=True)
class ConfinedFile:
    """An open file under a root. path: its real path when it was opened."""

    path: Path
    file: BinaryIO


class Roots:
    """The folders whose files may be named by a message, or reached through a link in a watched folder."""

    def __init__(self, paths: Iterable[Path], *, windows: bool = sys.platform == "win32") -> None:
        self._paths = tuple(paths)
        self._windows = windows

    def confine(self, path: str | Path) -> Path:
        """The real path of a regular file under a root, with links resolved and `~` expanded.

        Raises PathRefused when it is relative, has `..` in it, is a device or network name, is not a regular file,
        or lies outside of every root, also through a link; AudioMissing when nothing is there, which is only ever
        told of places inside the roots.
        """
        asked = self._spelled(str(path))
        try:
            real = asked.resolve(strict=False)
            is_there = real.exists()
        except (OSError, RuntimeError) as error:  # links in a circle; links that change while they are followed
            raise PathRefused(f"{asked} cannot be followed: {getattr(error, 'strerror', None) or error}") from error
        self._check_inside(asked, real)
        if not is_there:
            raise AudioMissing(f"{asked} is not there")
        _check_regular(asked, real)
        return real

    @contextmanager
    def open(self, path: str | Path) -> Iterator[ConfinedFile]:
        """The file that `confine` stands for, open for reading, and no other: also when links are swapped meanwhile.

        Raises as `confine` does, PathRefused when a link was put in its way, and AudioUnreadable for what the system refuses.
        """
        real = self.confine(path)
        try:
            with as_file(self._descriptor(real), real) as file:
                yield ConfinedFile(path=real, file=file)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise PathRefused(f"{path} was replaced by a link while it was opened") from error
            raise as_audio_error(real, error) from error

    def _descriptor(self, real: Path) -> int:
        if CAN_WALK:
            folder = self._check_inside(real, real)
            return open_beneath(folder, real.relative_to(folder))
        descriptor = os.open(real, READ_FLAGS)
        if not os.path.samestat(os.fstat(descriptor), self.confine(real).stat()):
            os.close(descriptor)
            raise PathRefused(f"{real} was replaced by a link while it was opened")
        return descriptor

    def _spelled(self, text: str) -> Path:
        """What can be told from the spelling alone, before the disk or a server is touched."""
        if not text.strip() or "\0" in text:
            raise PathRefused("the path is empty or has a zero byte in it", advice=WHOLE_PATH)
        if self._windows:
            self._check_windows(PureWindowsPath(text))
        try:
            path = Path(text).expanduser()
        except RuntimeError as error:
            raise PathRefused(f"{text} names a home folder that is not known", advice=WHOLE_PATH) from error
        if not path.is_absolute():
            raise PathRefused(f"{text} is not a whole path", advice=WHOLE_PATH)
        if ".." in path.parts:
            raise PathRefused(f"{text} has .. in it", advice=WHOLE_PATH)
        return path

    def _check_windows(self, path: PureWindowsPath) -> None:
        """Refuse devices, and servers that are no root: already looking at a server would send it our login."""
        if path.drive.startswith("\\\\") and not any(path.is_relative_to(PureWindowsPath(str(root))) for root in self._paths):
            raise PathRefused(f"{path} is a network or device name outside the configured folders")
        if any(_WINDOWS_DEVICE.fullmatch(part) for part in path.parts[1:]) or ":" in str(path.relative_to(path.anchor)):
            raise PathRefused(f"{path} names a device, not a file")

    def _check_inside(self, asked: Path, real: Path) -> Path:
        """The root that it is under, as the beginning of `real`."""
        for root in self._paths:
            if (folder := _folder_above(real, root)) is not None:
                return folder
        raise PathRefused(f"{asked} is outside the configured folders")


def _folder_above(real: Path, root: Path) -> Path | None:
    """The root as the beginning of `real`, or None when it is not above it.

    By name first; then by identity, for file systems that take `Bounces` and `bounces` for the same folder.
    """
    if real.is_relative_to(folder := root.expanduser().resolve()):
        return folder
    try:
        wanted = root.expanduser().stat()
    except OSError:
        return None
    return next((parent for parent in real.parents if _is_same_folder(parent, wanted.st_dev, wanted.st_ino)), None)


def _is_same_folder(folder: Path, device: int, inode: int) -> bool:
    try:
        found = folder.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (device, inode)


def _check_regular(asked: Path, real: Path) -> None:
    """A pipe or a device would hold up whoever reads it."""
    try:
        mode = real.stat().st_mode
    except OSError as error:
        raise AudioMissing(f"{asked} is not there") from error
    if stat.S_ISDIR(mode):
        raise PathRefused(f"{asked} is a folder", advice="Name the file inside it.")
    if not stat.S_ISREG(mode):
        raise PathRefused(f"{asked} is not an ordinary file")
