"""Files appear whole or not at all: written beside their place, flushed to the disk, then renamed.

Whatever interrupts the writing (an error, a full disk, a power cut), the old file, or none, is there afterwards.
A killed process may leave its temporary file; `sweep_temps` removes it when the job is taken up again.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from backbeat.errors import OutputError
from backbeat.values import OutputKind

_RANDOM_BYTES = 4
_ENDING = re.compile(r"\.[0-9a-f]{8}\.part")
_ENDING_LENGTH = len(".") + 2 * _RANDOM_BYTES + len(".part")
_NAME_BYTES_MAX = 255  # of one path component, on every file system that matters here
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_atomic(path: Path, data: bytes) -> None:
    """Make `path` hold exactly `data`; raises OutputError, and then `path` is as it was."""
    with atomic_path(path) as temp, temp.open("xb") as file:
        file.write(data)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; when the block ends without an error, the file moves to `path`.

    The temporary file is removed on any error. An OSError, from the block too, comes out as OutputError.
    """
    temp = path.with_name(f"{_temp_prefix(path.name)}.{secrets.token_hex(_RANDOM_BYTES)}.part")
    try:
        try:
            yield temp
            _flush(temp)
            temp.replace(path)
            _flush_folder(path.parent)
        finally:
            temp.unlink(missing_ok=True)
    except OSError as error:
        raise _output_error(path, error) from error


def sweep_temps(out_base: Path) -> list[Path]:
    """Remove what killed writers left of the results named `out_base`; returns what was removed.

    Call it only while nobody writes there. Files that cannot be removed are left alone.
    """
    return _sweep(out_base.parent, {_temp_prefix(out_base.name + kind.suffix) for kind in OutputKind})


def sweep_temps_of(path: Path) -> list[Path]:
    """As `sweep_temps`, for a single file that is no result of a job."""
    return _sweep(path.parent, {_temp_prefix(path.name)})


def _sweep(folder: Path, prefixes: Collection[str]) -> list[Path]:
    """Names are looked at as text: the folder may hold the results of ten thousand loops."""
    try:
        with os.scandir(folder) as entries:
            found = [name for entry in entries if (name := entry.name).endswith(".part")]
    except OSError:
        return []
    removed: list[Path] = []
    for name in found:
        if name[:-_ENDING_LENGTH] not in prefixes or _ENDING.fullmatch(name[-_ENDING_LENGTH:]) is None:
            continue
        try:
            (folder / name).unlink()
        except OSError:
            continue
        removed.append(folder / name)
    return removed


def _temp_prefix(name: str) -> str:
    """`.NAME`, cut at a character so that the ending still fits into a file name."""
    room = _NAME_BYTES_MAX - _ENDING_LENGTH - len(".")
    return "." + name.encode(errors="surrogateescape")[:room].decode(errors="ignore")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself last; a file system that cannot flush folders has said all it can."""
    if os.name == "nt":  # Windows has no descriptors of folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _output_error(path: Path, error: OSError) -> OutputError:
    if error.errno in _FULL:
        return OutputError(
            f"{path.name} could not be written: the disk is full.",
            advice=f"Free some space where {path.parent} lies, then retry.",
        )
    if error.errno in _REFUSED:
        return OutputError(
            f"{path.name} could not be written: {path.parent} does not allow it.",
            advice="Allow writing there, close a program that holds the file, or choose another output folder.",
        )
    if error.errno == errno.ENOENT:
        return OutputError(
            f"{path.name} could not be written: the folder {path.parent} is not there.",
            advice="Check that its drive is connected, or choose another output folder.",
        )
    return OutputError(
        f"{path.name} could not be written to {path.parent}: {error.strerror or error}.",
        advice="Check the drive, or choose another output folder.",
    )
