"""What every way of fetching gives: a stream of bytes that knows how long it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """An open source. size_bytes: as the other side states it, or None."""

    size_bytes: int | None
    chunks: Iterator[bytes]


class TransferFailed(Exception):
    """Raised when one try at a transfer failed in a way that another try may mend. Never leaves this package."""


def without_secrets(uri: str) -> str:
    """The address without password and query, which may hold a signature: for messages and records."""
    parts = urlsplit(uri)
    if len(parts.scheme) <= 1:  # a path, perhaps with a drive letter
        return uri
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
