"""yt-dlp for real, on pages of a local server."""

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backbeat.errors import Cancelled, DownloadError
from backbeat.intake.address_check import resolve_public
from backbeat.intake.page_to_file import page_to_file
from backbeat.intake.transfer import Transfer
from backbeat.intake.url_to_file import DownloadLimits, url_to_file
from backbeat.monitor import Unwatched
from backbeat.values import Stage

LOCAL = DownloadLimits(max_bytes=1_000_000, timeout_s=60, allow_local_addresses=True)
PAGE = b"<!DOCTYPE html><html><head><title>The %% Amen / break</title></head><body>%s</body></html>"

# yt-dlp leaves an open connection to the garbage collector when it is stopped in the middle.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

Handler = Server = Any  # of conftest.py, which tests cannot import


def page(*sources: str) -> bytes:
    return PAGE.replace(b"%%", b"%").replace(b"%s", b"".join(f'<audio src="{source}"></audio>'.encode() for source in sources))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What yt-dlp leaves open is collected here, and not in the middle of somebody else's test."""
    yield
    gc.collect()


@pytest.fixture
def song(audio_files: ModuleType, tmp_path: Path) -> bytes:
    path: Path = audio_files.write_sound(tmp_path / "song.mp3", audio_files.noise(3))
    return path.read_bytes()


def test_the_recording_on_a_page_is_downloaded_under_the_title(server: Server, folder: Path, song: bytes) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html; charset=utf-8")
    server.answers["/song.mp3"] = lambda handler: handler.reply(200, song, "audio/mpeg")
    path = url_to_file(server.url("/page"), folder, LOCAL, Unwatched())
    assert path.suffix == ".mp3"
    assert path.stem.startswith("The % Amen")
    assert path.read_bytes() == song
    assert list(folder.iterdir()) == [path]


def test_a_page_with_several_recordings_is_refused(server: Server, folder: Path, song: bytes) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3", "/other.mp3"), "text/html")
    for name in ("/song.mp3", "/other.mp3"):
        server.answers[name] = lambda handler: handler.reply(200, song, "audio/mpeg")
    with pytest.raises(DownloadError, match="holds 2 recordings"):
        url_to_file(server.url("/page"), folder, LOCAL, Unwatched())


def test_a_page_without_a_recording_is_said_to_have_none(server: Server, folder: Path) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page(), "text/html")
    with pytest.raises(DownloadError, match="No recording could be taken from the page: Unsupported URL") as caught:
        url_to_file(server.url("/page"), folder, LOCAL, Unwatched())
    assert "Give the address of the audio file itself" in caught.value.advice


def test_without_yt_dlp_a_page_gives_the_line_that_installs_it(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)  # what importing finds where the extra is not installed
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html")
    with pytest.raises(DownloadError, match="answers with a web page, not with a recording") as caught:
        url_to_file(server.url("/page"), folder, LOCAL, Unwatched())
    assert "--extra url" in caught.value.advice


def test_a_recording_on_a_page_that_is_too_large_is_refused(server: Server, folder: Path) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html")
    server.answers["/song.mp3"] = lambda handler: handler.reply(200, os.urandom(1_500_000), "audio/mpeg")
    with pytest.raises(DownloadError, match=r"too large: 1\.5 MB"):
        url_to_file(server.url("/page"), folder, LOCAL, Unwatched())


def test_a_missing_recording_on_a_page_is_an_error_of_ours(server: Server, folder: Path) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html")
    with pytest.raises(DownloadError, match=r"No recording could be taken from the page: .*404"):
        url_to_file(server.url("/page"), folder, LOCAL, Unwatched())


def test_media_at_a_private_address_are_refused(server: Server, tmp_path: Path) -> None:
    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html")
    with pytest.raises(DownloadError, match="on this computer or the local network"):
        page_to_file(server.url("/page"), tmp_path / ".stem", Transfer(1_000_000), timeout_s=10, resolve=resolve_public)
    assert server.requests.count("/song.mp3") <= 1  # yt-dlp may look at its headers


class CancelledOnce:
    """A monitor that cancels once `event` is set."""

    def __init__(self, event: threading.Event) -> None:
        self.event = event

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        if self.event.is_set():
            raise Cancelled("cancelled")


def test_a_download_from_a_page_can_be_cancelled(server: Server, folder: Path, song: bytes) -> None:
    sending = threading.Event()

    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/mpeg")
        handler.end_headers()
        if handler.command == "GET":
            handler.wfile.write(song)
            sending.set()
            handler.server.drip(handler, bytes(1024))

    server.answers["/page"] = lambda handler: handler.reply(200, page("/song.mp3"), "text/html")
    server.answers["/song.mp3"] = endless
    with pytest.raises(Cancelled):
        url_to_file(server.url("/page"), folder, LOCAL, CancelledOnce(sending))
    deadline_s = time.monotonic() + 5
    while any(thread.name == "download" for thread in threading.enumerate()):
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
