"""The identity of a recording: the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from backbeat.intake.readable_file import readable_file
from backbeat.monitor import Monitor

_BLOCK_BYTES = 1 << 20


def fingerprint(path: Path, monitor: Monitor) -> str:
    """SHA-256 of the file's bytes, 64 hexadecimal digits, read in blocks of 1 MiB; can be cancelled between blocks.

    An empty file has a fingerprint too. Raises AudioMissing, AudioUnreadable, Cancelled.
    """
    digest = hashlib.sha256()
    with readable_file(path) as file:
        while block := file.read(_BLOCK_BYTES):
            monitor.check()
            digest.update(block)
    return digest.hexdigest()
