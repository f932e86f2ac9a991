"""The recording on a web page (video sites, players), by yt-dlp: the optional extra `url`.

yt-dlp opens its own connections. The page's address and those of the media that it names are checked here, but what it is
redirected to on the way is not: with pages, the check of local addresses is a hurdle and no wall.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from backbeat.errors import DownloadError
from backbeat.extras import how_to_add
from backbeat.intake.address_check import Resolve
from backbeat.intake.transfer import Transfer

_MAX_WAIT_S = 20.0
_RETRIES = 2
_NOISE = re.compile(r"^(?:ERROR: )?(?:\[[^\]]+\] )?(?:[\w-]+: )?")
_GIVE_FILE = "Give the address of the audio file itself, or download it in your browser and give its path."


@dataclass(frozen=True, kw_only=True)
class PageRecording:
    """path: where it was written. title: what the page calls it."""

    path: Path
    title: str


def page_to_file(url: str, stem: Path, transfer: Transfer, *, timeout_s: float, resolve: Resolve) -> PageRecording:
    """Download the sound of the one recording on a page to `stem` with a suffix.

    timeout_s: for each wait on the network; the caller limits the whole. The caller also removes everything that begins
    with `stem` when this fails. Raises DownloadError (also when yt-dlp is not installed), TransferStopped.
    """
    try:
        import yt_dlp  # noqa: PLC0415 - an optional extra, and slow to import
    except ImportError as error:
        raise DownloadError(
            f"{urlsplit(url).hostname} answers with a web page, not with a recording.",
            advice=f"Give the address of the audio file itself, or add what reads such pages. {how_to_add('url')}",
        ) from error
    try:
        with yt_dlp.YoutubeDL(_options(stem, transfer, timeout_s)) as downloader:
            info = _one_recording(downloader.extract_info(url, download=False))
            transfer.check()
            _check_media(info, transfer, resolve)
            done = downloader.process_ie_result(info, download=True)
    except yt_dlp.utils.YoutubeDLError as error:
        transfer.check()
        reason = _NOISE.sub("", str(error)).partition("; please report")[0].strip().rstrip(".")
        raise DownloadError(f"No recording could be taken from the page: {reason}.", advice=_GIVE_FILE) from error
    return PageRecording(path=_downloaded(done, stem), title=str(info.get("title") or urlsplit(url).hostname))


def _options(stem: Path, transfer: Transfer, timeout_s: float) -> dict[str, Any]:
    return {
        "format": "bestaudio/best",
        "noplaylist": True,
        "extract_flat": "in_playlist",
        "outtmpl": {"default": str(stem).replace("%", "%%") + ".%(ext)s"},
        "progress_hooks": [lambda status: _follow(status, transfer)],
        "logger": _Silent(),
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "color": "no_color",
        "cachedir": False,
        "fixup": "never",
        "updatetime": False,
        "hls_prefer_native": True,
        "socket_timeout": min(timeout_s, _MAX_WAIT_S),
        "retries": _RETRIES,
        "fragment_retries": _RETRIES,
        "extractor_retries": 1,
    }


class _Silent:
    """What yt-dlp has to say comes as an exception; the rest would end in the middle of a progress bar."""

    def debug(self, message: str) -> None:
        """Drop it."""

    info = warning = error = debug


def _follow(status: dict[str, Any], transfer: Transfer) -> None:
    total = status.get("total_bytes")
    if total:
        transfer.expect(int(total))
    elif status.get("total_bytes_estimate"):
        transfer.total = int(status["total_bytes_estimate"])  # may be far off: no reason to refuse
    transfer.count(int(status.get("downloaded_bytes") or 0))


def _one_recording(info: Any) -> dict[str, Any]:
    """A page with one recording may come as a list of one; raises DownloadError for more, none, or a live stream."""
    if isinstance(info, dict) and info.get("entries") is not None:
        entries = [entry for entry in info["entries"] if entry]
        if len(entries) != 1:
            raise DownloadError(
                f"The page holds {len(entries)} recordings; one is needed.", advice="Give the address of a single recording."
            )
        info = entries[0]
    if not isinstance(info, dict):
        raise DownloadError("There is no recording on the page.", advice=_GIVE_FILE)
    if info.get("is_live"):
        raise DownloadError("The page is a live stream, which has no end.", advice="Come back when it is over.")
    return info


def _check_media(info: dict[str, Any], transfer: Transfer, resolve: Resolve) -> None:
    for media in info.get("requested_formats") or info.get("requested_downloads") or [info]:
        parts = urlsplit(str(media.get("url") or info.get("url") or ""))
        if parts.hostname:
            resolve(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        size = media.get("filesize")
        if size:
            transfer.expect(int(size))


def _downloaded(done: Any, stem: Path) -> Path:
    for entry in (done or {}).get("requested_downloads") or []:
        path = Path(str(entry.get("filepath")))
        if path.name.startswith(stem.name) and path.is_file():
            return path
    raise DownloadError("There is no recording on the page.", advice=_GIVE_FILE)
