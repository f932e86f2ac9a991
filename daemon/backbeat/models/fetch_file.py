"""file:// addresses and plain paths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from backbeat.errors import ModelError
from backbeat.models.remote_file import CHUNK_BYTES, RemoteFile, TransferFailed


@contextmanager
def open_file(uri: str) -> Iterator[RemoteFile]:
    """Open a local file; raises ModelError when it cannot be read."""
    path = _path(uri)
    try:
        file = path.open("rb")
    except OSError as error:
        raise ModelError(
            f"The model file {path} cannot be read: {error.strerror or error}.",
            advice="Check the path (models.uri in the config, or MODEL_URI).",
        ) from error
    with file:
        yield RemoteFile(size_bytes=path.stat().st_size, chunks=_chunks(file))


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    try:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise TransferFailed(f"Reading broke off: {error}.") from error


def _path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return Path(uri).expanduser()
    host = f"//{parts.netloc}" if parts.netloc not in ("", "localhost") else ""
    return Path(url2pathname(host + parts.path))
