"""The identity of a recording: the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from backbeat.intake.readable_file import readable_file
from backbeat.monitor import Monitor

_BLOCK_BYTES = 1 << 20


def fingerprint(path: Path, monitor: Monitor) -> str:
    """SHA-256 of the file's bytes, 64 hexadecimal digits, read in blocks of 1 MiB; can be cancelled between blocks.

    An empty file has a fingerprint too. Raises AudioMissing, AudioUnreadable, Cancelled.
    """
    with readable_file(path) as file:
        return fingerprint_of(file, monitor)


def fingerprint_of(file: BinaryIO, monitor: Monitor) -> str:
    """The same of an open file, from its first byte to its last; the next reader has to seek."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK_BYTES):
        monitor.check()
        digest.update(block)
    return digest.hexdigest()
