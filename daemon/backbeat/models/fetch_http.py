"""http:// and https:// with the standard library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from backbeat import __version__
from backbeat.errors import ModelError
from backbeat.models.remote_file import CHUNK_BYTES, RemoteFile, TransferFailed, without_secrets

TIMEOUT_S = 30.0
_PASSING = {408, 425, 429, 500, 502, 503, 504}
"""Answers that may be different a moment later (RFC 9110)."""


@contextmanager
def open_http(uri: str) -> Iterator[RemoteFile]:
    """Open `uri`; raises ModelError when the server refuses, TransferFailed when it could not be reached or broke off."""
    with _ask(uri) as response:
        yield RemoteFile(size_bytes=_length(response), chunks=_chunks(response))


def _ask(uri: str) -> HTTPResponse:
    shown = without_secrets(uri)
    try:
        # The table of schemes sends only http and https here.
        request = Request(uri, headers={"User-Agent": f"backbeat/{__version__}", "Accept-Encoding": "identity"})  # noqa: S310
        response: HTTPResponse = urlopen(request, timeout=TIMEOUT_S)  # noqa: S310
    except HTTPError as error:
        error.close()
        message = f"{shown} answered {error.code} {error.reason}."
        if error.code in _PASSING:
            raise TransferFailed(message) from error
        raise ModelError(message, advice="Check the address of the model (models.uri in the config, or MODEL_URI).") from error
    except URLError as error:
        raise TransferFailed(f"{shown} could not be reached: {error.reason}.") from error
    except (OSError, HTTPException, ValueError) as error:
        raise TransferFailed(f"{shown} did not answer as a web server does: {error!r}.") from error
    return response


def _length(response: HTTPResponse) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := response.read(CHUNK_BYTES):
            yield chunk
    except (OSError, HTTPException) as error:
        raise TransferFailed(f"The connection broke: {error!r}.") from error
