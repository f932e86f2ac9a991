"""Downloads from a local server: what it sends, refuses, breaks off and draws out."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbeat.errors import Cancelled, DownloadError
from backbeat.intake.address_check import HostAddress, resolve_any, resolve_public
from backbeat.intake.http_download import http_download
from backbeat.intake.transfer import Transfer
from backbeat.intake.url_to_file import DownloadLimits, is_url, url_to_file
from backbeat.monitor import Unwatched
from backbeat.values import Stage

CONTENT = os.urandom(300_000)
LOCAL = DownloadLimits(max_bytes=1_000_000, timeout_s=20, allow_local_addresses=True)

Handler = Server = Any  # of conftest.py, which tests cannot import


def test_an_address_is_told_from_a_path() -> None:
    assert is_url("http://example.org/a.wav")
    assert is_url(" HTTPS://example.org")
    assert not is_url("/music/http://song.wav")
    assert not is_url("C:\\song.wav")
    assert not is_url("ftp://example.org/a.wav")
    assert not is_url("file:///etc/passwd")


def test_a_recording_is_downloaded_under_its_name(server: Server, folder: Path) -> None:
    server.answers["/loops/amen break.wav".replace(" ", "%20")] = lambda handler: handler.reply(200, CONTENT)
    path = url_to_file(server.url("/loops/amen break.wav"), folder, LOCAL, Unwatched())
    assert path == folder / "amen break.wav"
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("kind", ["audio/flac", "video/mp4", "application/octet-stream", "application/ogg", None])
def test_any_type_that_may_be_sound_is_taken(server: Server, folder: Path, kind: str | None) -> None:
    server.answers["/song"] = lambda handler: handler.reply(200, CONTENT, kind)
    assert url_to_file(server.url("/song"), folder, LOCAL, Unwatched()).read_bytes() == CONTENT


def test_a_chunked_answer_and_one_that_ends_with_the_connection_are_taken(server: Server, folder: Path) -> None:
    def chunked(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(CONTENT), 7_777):
            piece = CONTENT[start : start + 7_777]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    def unstated(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(CONTENT)

    server.answers |= {"/chunked.wav": chunked, "/unstated.wav": unstated}
    for name in ("chunked.wav", "unstated.wav"):
        assert url_to_file(server.url(f"/{name}"), folder, LOCAL, Unwatched()).read_bytes() == CONTENT


def test_the_same_recording_is_kept_once_and_another_of_its_name_gets_a_number(server: Server, folder: Path) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT)
    first = url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())
    assert url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched()) == first
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT[::-1])
    other = url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())
    assert other == folder / "song-2.wav"
    assert first.read_bytes() == CONTENT
    assert other.read_bytes() == CONTENT[::-1]


def test_redirects_are_followed_and_the_last_address_gives_the_name(server: Server, folder: Path) -> None:
    server.answers["/here"] = lambda handler: handler.reply(302, b"", Location="there/?to=song")
    server.answers["/there/"] = lambda handler: handler.reply(307, b"", Location=server.url("/song.wav"))
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT)
    assert url_to_file(server.url("/here"), folder, LOCAL, Unwatched()) == folder / "song.wav"
    assert server.requests == ["/here", "/there/?to=song", "/song.wav"]


def test_a_redirect_with_letters_beyond_ascii_is_followed(server: Server, folder: Path) -> None:
    server.answers["/here"] = lambda handler: handler.reply(302, b"", Location="/groß.wav".encode().decode("latin-1"))
    server.answers["/gro%C3%9F.wav"] = lambda handler: handler.reply(200, CONTENT)
    assert url_to_file(server.url("/here"), folder, LOCAL, Unwatched()) == folder / "groß.wav"


def test_redirects_in_circles_end(server: Server, folder: Path) -> None:
    server.answers["/here"] = lambda handler: handler.reply(301, b"", Location="/here")
    with pytest.raises(DownloadError, match="leads in circles"):
        url_to_file(server.url("/here"), folder, LOCAL, Unwatched())


def test_a_redirect_away_from_the_web_is_refused(server: Server, folder: Path) -> None:
    server.answers["/here"] = lambda handler: handler.reply(302, b"", Location="file:///etc/passwd")
    with pytest.raises(DownloadError, match="is not a web address"):
        url_to_file(server.url("/here"), folder, LOCAL, Unwatched())


def test_local_addresses_are_refused_unless_allowed(server: Server, folder: Path) -> None:
    limits = DownloadLimits(max_bytes=1_000_000, timeout_s=20)
    with pytest.raises(DownloadError, match=r"on this computer or the local network \(127\.0\.0\.1\)") as caught:
        url_to_file(server.url("/song.wav"), folder, limits, Unwatched())
    assert "allow_local_addresses" in caught.value.advice
    assert server.requests == []


def test_a_redirect_to_a_private_address_is_refused(server: Server, tmp_path: Path) -> None:
    """The first host stands for one on the internet; every further hop is judged by the real rule."""

    def resolve(host: str, port: int) -> tuple[HostAddress, ...]:
        if host == "public.example":
            return (HostAddress(ip="127.0.0.1", port=server.server_address[1]),)
        return resolve_public(host, port)

    server.answers["/here"] = lambda handler: handler.reply(302, b"", Location=server.url("/secret.wav"))
    server.answers["/secret.wav"] = lambda handler: handler.reply(200, CONTENT)
    with pytest.raises(DownloadError, match="on this computer or the local network"):
        http_download("http://public.example/here", tmp_path / "part", Transfer(1_000_000), timeout_s=5, resolve=resolve)
    assert server.requests == ["/here"]
    assert not (tmp_path / "part").exists()


def test_the_connection_goes_to_the_address_that_was_checked(server: Server, tmp_path: Path) -> None:
    """The name would lead elsewhere: what a name server answers a second time (DNS rebinding) does not matter."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> tuple[HostAddress, ...]:
        asked.append(host)
        return (HostAddress(ip="127.0.0.1", port=server.server_address[1]),)

    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT)
    result = http_download(
        "http://no-such-host.invalid/song.wav", tmp_path / "part", Transfer(1_000_000), timeout_s=5, resolve=resolve
    )
    assert (result.name, asked) == ("song.wav", ["no-such-host.invalid"])


@pytest.mark.parametrize(
    ("status", "message", "advice"),
    [
        (404, "404 Not Found", "there is nothing at it"),
        (403, "403 Forbidden", "download the file in your browser"),
        (500, "500 Internal Server Error", "Try again later"),
    ],
)
def test_what_the_server_refuses_is_said_with_advice(
    server: Server, folder: Path, status: int, message: str, advice: str
) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(status, b"")
    with pytest.raises(DownloadError, match=f"127.0.0.1 answers '{message}'") as caught:
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())
    assert advice in caught.value.advice


def test_too_large_a_file_is_refused_before_it_is_sent(server: Server, folder: Path) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT, Content_Length="250000000")
    with pytest.raises(DownloadError, match=r"too large: 250\.0 MB, the limit is 1\.0 MB") as caught:
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())
    assert "download_max_mb" in caught.value.advice


def test_too_large_a_file_of_unstated_size_is_cut_off(server: Server, folder: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not server.ended.is_set():
            handler.wfile.write(CONTENT)

    server.answers["/song.wav"] = endless
    with pytest.raises(DownloadError, match=r"too large: more than 1\.0 MB"):
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())


def drip_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.server.drip(handler, b"x")


def drip_headers(handler: Handler) -> None:
    handler.send_response(200)
    handler.flush_headers()
    handler.server.drip(handler, b"X-Wait: for it")


def say_nothing(handler: Handler) -> None:
    handler.server.ended.wait()


@pytest.mark.parametrize("answer", [drip_body, drip_headers, say_nothing])
def test_a_server_that_draws_it_out_meets_the_time_limit(server: Server, folder: Path, answer: Callable[[Handler], None]) -> None:
    server.answers["/song.wav"] = answer
    limits = DownloadLimits(max_bytes=1_000_000, timeout_s=0.5, allow_local_addresses=True)
    started_s = time.monotonic()
    with pytest.raises(DownloadError, match=r"took longer than 0\.5 s|does not answer"):
        url_to_file(server.url("/song.wav"), folder, limits, Unwatched())
    assert time.monotonic() - started_s < 3


class CancelledWhen:
    """A monitor that cancels once `condition` holds, and keeps the progress."""

    def __init__(self, condition: Callable[[], object]) -> None:
        self.condition = condition
        self.fractions: list[float] = []

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.READ
        self.fractions.append(fraction)

    def check(self) -> None:
        if self.condition():
            raise Cancelled("cancelled")


@pytest.mark.parametrize("answer", [drip_body, drip_headers, say_nothing])
def test_it_can_be_cancelled_whatever_the_server_does(server: Server, folder: Path, answer: Callable[[Handler], None]) -> None:
    server.answers["/song.wav"] = answer
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        url_to_file(server.url("/song.wav"), folder, LOCAL, CancelledWhen(lambda: server.requests))
    assert time.monotonic() - started_s < 2
    assert [thread.name for thread in threading.enumerate() if thread.name == "download"] == []


def test_progress_is_told(server: Server, folder: Path) -> None:
    half_seen = threading.Event()

    def in_halves(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        handler.wfile.write(CONTENT[: len(CONTENT) // 2])
        assert half_seen.wait(10)
        handler.wfile.write(CONTENT[len(CONTENT) // 2 :])

    def watch() -> bool:
        if monitor.fractions and monitor.fractions[-1] >= 0.5:
            half_seen.set()
        return False

    monitor = CancelledWhen(watch)
    server.answers["/song.wav"] = in_halves
    url_to_file(server.url("/song.wav"), folder, LOCAL, monitor)
    assert 0.5 in monitor.fractions
    assert monitor.fractions == sorted(monitor.fractions)


def test_a_body_that_breaks_off_is_noticed(server: Server, folder: Path) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT[:200_000], Content_Length="300000")
    with pytest.raises(DownloadError, match=r"broke off .* \(0\.2 of 0\.3 MB were received\)"):
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())


def test_a_chunked_body_that_breaks_off_is_noticed(server: Server, folder: Path) -> None:
    def chunked(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"186a0\r\n" + CONTENT[:50_000])
        handler.close_connection = True

    server.answers["/song.wav"] = chunked
    with pytest.raises(DownloadError, match="broke off"):
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "image/png"])
def test_what_is_no_recording_is_refused(server: Server, folder: Path, kind: str) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(200, b"{}", kind)
    with pytest.raises(DownloadError, match=f"not a recording but {kind}"):
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())


@pytest.mark.parametrize("url", ["http://", "http://host:port/a.wav", "http://host:0/", "http://[::1/a.wav", "https:///a.wav"])
def test_what_is_no_address_is_refused(folder: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="is not a web address"):
        url_to_file(url, folder, LOCAL, Unwatched())


def test_an_address_with_a_password_is_refused(server: Server, folder: Path) -> None:
    with pytest.raises(DownloadError, match="user name and password"):
        url_to_file(server.url("/song.wav").replace("http://", "http://me:secret@"), folder, LOCAL, Unwatched())


def test_a_server_that_is_not_there_cannot_be_reached(server: Server, folder: Path) -> None:
    url = server.url("/song.wav")
    server.server_close()
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 cannot be reached"):
        url_to_file(url, folder, LOCAL, Unwatched())


def test_an_answer_that_is_not_http_is_an_error_of_ours(server: Server, folder: Path) -> None:
    server.answers["/song.wav"] = lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    with pytest.raises(DownloadError, match="cannot be reached"):
        url_to_file(server.url("/song.wav"), folder, LOCAL, Unwatched())


def test_a_folder_that_cannot_be_made_is_said(server: Server, tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(b"a file")
    with pytest.raises(DownloadError, match="cannot be written"):
        url_to_file(server.url("/song.wav"), tmp_path / "inbox" / "songs", LOCAL, Unwatched())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said(server: Server) -> None:
    server.answers["/song.wav"] = lambda handler: handler.reply(200, CONTENT)
    with pytest.raises(DownloadError, match="No space left on device") as caught:
        http_download(server.url("/song.wav"), Path("/dev/full"), Transfer(1_000_000), timeout_s=5, resolve=resolve_any)
    assert "Free some space" in caught.value.advice
