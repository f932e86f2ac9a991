"""One file over HTTP or HTTPS, every hop checked before it is gone to. Proxies are not used."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import FileIO
from pathlib import Path
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from backbeat import __version__
from backbeat.errors import DownloadError
from backbeat.intake.address_check import HostAddress, Resolve
from backbeat.intake.download_name import download_name, header_text
from backbeat.intake.transfer import Transfer

_MAX_HOPS = 8
_BLOCK_BYTES = 1 << 16
_CONNECT_TIMEOUT_S = 10.0
_REDIRECTS = (301, 302, 303, 307, 308)
_PAGE_TYPES = ("text/html", "application/xhtml+xml")
_OTHER_TYPES = ("text/", "image/", "application/json", "application/pdf", "application/xml")
_SAFE_IN_PATH = "/%:@!$&'()*+,;=~"
_STATUS_ADVICE = {
    401: "The server wants a login: download the file in your browser and give its path.",
    403: "The server refuses: download the file in your browser and give its path.",
    404: "Check the address: there is nothing at it.",
    410: "Check the address: what was there has been removed.",
    429: "The server wants fewer requests: try again later.",
}


@dataclass(frozen=True, kw_only=True)
class HttpResult:
    """is_page: the answer is a web page, and nothing was written. name: a safe file name for what was written."""

    is_page: bool
    name: str


def http_download(url: str, target: Path, transfer: Transfer, *, timeout_s: float, resolve: Resolve) -> HttpResult:
    """Write what is at `url` to `target`, following redirects; `resolve` decides about each host.

    timeout_s: for each wait on the network; the caller limits the whole. Raises DownloadError, TransferStopped.
    """
    for _ in range(_MAX_HOPS):
        parts = _split(url)
        try:
            with closing(_connect(parts, timeout_s, resolve, transfer)) as connection, _request(connection, parts) as response:
                location = response.getheader("Location")
                if response.status not in _REDIRECTS or not location:
                    return _receive(url, response, target, transfer)
                url = urljoin(url, header_text(location))
        except (OSError, http.client.HTTPException, ValueError) as error:
            transfer.check()  # a socket that was closed to stop this thread is no network error
            raise _network_error(parts, error) from error
    raise DownloadError(f"The address leads in circles: more than {_MAX_HOPS} redirects.", advice="Check the address.")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DownloadError(f"{url} is not a web address.", advice="Write it like https://example.org/loop.wav.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise DownloadError(f"{url} is not a web address.", advice="Write it like https://example.org/loop.wav.")
    if parts.username or parts.password:
        raise DownloadError(
            "Addresses with a user name and password in them are not supported.",
            advice="Download the file in your browser and give its path.",
        )
    return parts


class _Plain(http.client.HTTPConnection):
    """Connects to an address that was checked, whatever the name would resolve to now."""

    def __init__(self, host: str, address: HostAddress, timeout_s: float) -> None:
        super().__init__(host, address.port, timeout=timeout_s)
        self._address = address
        self._timeout_s = timeout_s

    def connect(self) -> None:
        connect_s = min(self._timeout_s, _CONNECT_TIMEOUT_S)
        self.sock = socket.create_connection((self._address.ip, self._address.port), connect_s)
        self.sock.settimeout(self._timeout_s)


class _Secure(_Plain):
    """The same; the certificate is checked against the name."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _connect(parts: SplitResult, timeout_s: float, resolve: Resolve, transfer: Transfer) -> http.client.HTTPConnection:
    """A connection to the first address that answers."""
    host = parts.hostname or ""
    kind = _Secure if parts.scheme == "https" else _Plain
    failure = OSError("it has no address")
    for address in resolve(host, parts.port or kind.default_port):
        transfer.check()
        connection = kind(host, address, timeout_s)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            failure = error
            continue
        transfer.on_stop(partial(connection.sock.shutdown, socket.SHUT_RDWR))
        return connection
    raise failure


def _request(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = quote(parts.path or "/", safe=_SAFE_IN_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=_SAFE_IN_PATH + "?")
    headers = {"User-Agent": f"backbeat/{__version__}", "Accept": "audio/*, */*;q=0.5", "Accept-Encoding": "identity"}
    connection.request("GET", target, headers=headers)
    return connection.getresponse()


def _receive(url: str, response: http.client.HTTPResponse, target: Path, transfer: Transfer) -> HttpResult:
    if response.status != http.client.OK:
        reason = f"{response.status} {response.reason}".strip()
        advice = _STATUS_ADVICE.get(response.status, "Try again later.")
        raise DownloadError(f"{urlsplit(url).hostname} answers {reason!r}.", advice=advice)
    kind = response.headers.get_content_type() if response.headers.get("Content-Type") else ""
    if kind in _PAGE_TYPES:
        return HttpResult(is_page=True, name="")
    if kind.startswith(_OTHER_TYPES):
        raise DownloadError(
            f"What is at the address is not a recording but {kind}.", advice="Give the address of the audio file itself."
        )
    expected = response.length
    transfer.expect(expected)
    received = _write(response, target, transfer)
    if expected is not None and received < expected:
        raise _cut_off(received, expected)
    return HttpResult(is_page=False, name=download_name(url, response.headers))


def _write(response: http.client.HTTPResponse, target: Path, transfer: Transfer) -> int:
    received = 0
    try:
        file = target.open("wb", buffering=0)
    except OSError as error:
        raise not_written(target, error) from error
    with file:
        while block := _read(response, received):
            transfer.count(received + len(block))
            _write_all(file, block, target)
            received += len(block)
    return received


def _read(response: http.client.HTTPResponse, received: int) -> bytes:
    """What one call to the network gives; a larger read would wait until it is full."""
    try:
        return response.read1(_BLOCK_BYTES)
    except http.client.IncompleteRead as error:
        raise _cut_off(received, None) from error


def _write_all(file: FileIO, block: bytes, target: Path) -> None:
    try:
        while block:
            block = block[file.write(block) :]
    except OSError as error:
        raise not_written(target, error) from error


def not_written(target: Path, error: OSError) -> DownloadError:
    """The disk is full, or the folder may not be written to."""
    return DownloadError(
        f"The download cannot be written to {target.parent}: {error.strerror or error}.",
        advice="Free some space, or choose another folder.",
    )


def _cut_off(received: int, expected: int | None) -> DownloadError:
    of = "" if expected is None else f" of {expected / 1e6:.1f}"
    return DownloadError(
        f"The connection broke off in the middle of the download ({received / 1e6:.1f}{of} MB were received).",
        advice="Try again.",
    )


def _network_error(parts: SplitResult, error: Exception) -> DownloadError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return DownloadError(
            f"{parts.hostname} does not prove who it is ({error.verify_message}).",
            advice="Check the address and this computer's clock; or download the file in your browser and give its path.",
        )
    if isinstance(error, TimeoutError):
        return DownloadError(f"{parts.hostname} does not answer.", advice="Try again later.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return DownloadError(
        f"{parts.hostname} cannot be reached: {reason}.", advice="Check the address and your network connection."
    )
