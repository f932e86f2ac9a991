"""The address of a recording, or of a page with one, to a file in a folder."""

from __future__ import annotations

import filecmp
import re
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path

from backbeat.errors import DownloadError
from backbeat.intake.address_check import Resolve, resolve_any, resolve_public
from backbeat.intake.download_limits import DownloadLimits
from backbeat.intake.download_name import safe_name
from backbeat.intake.http_download import http_download, not_written
from backbeat.intake.page_to_file import page_to_file
from backbeat.intake.transfer import Transfer, run_transfer
from backbeat.monitor import Monitor

__all__ = ["DownloadLimits", "is_url", "url_to_file"]

_MAX_SAME_NAMES = 1000


def is_url(text: str) -> bool:
    """Whether `text` is an `http(s)://` address rather than a path."""
    return re.match(r"https?://", text.strip(), re.IGNORECASE) is not None


def url_to_file(url: str, folder: Path, limits: DownloadLimits, monitor: Monitor) -> Path:
    """Download the recording at `url` into `folder` (made if need be) and return its path.

    A web page is handed to yt-dlp (extra `url`). The name comes from the server, made safe; `song-2.wav` when `song.wav` is
    taken by something else; the same recording under the same name is kept as it is. Reports progress as `Stage.READ`,
    can be cancelled at any moment, and leaves nothing half-done in the folder.

    Raises DownloadError (with advice), Cancelled.
    """
    stem = folder / f".backbeat-{secrets.token_hex(4)}"
    resolve = resolve_any if limits.allow_local_addresses else resolve_public
    transfer = Transfer(limits.max_bytes)
    task = partial(_fetch, url.strip(), stem, transfer, limits.timeout_s, resolve)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return run_transfer(task, transfer, timeout_s=limits.timeout_s, monitor=monitor)
    except OSError as error:
        raise not_written(stem, error) from error
    finally:
        _sweep(stem)


def _fetch(url: str, stem: Path, transfer: Transfer, timeout_s: float, resolve: Resolve) -> Path:
    try:
        return _fetch_to_stem(url, stem, transfer, timeout_s, resolve)
    finally:
        _sweep(stem)  # this thread may outlive the one that waits for it


def _sweep(stem: Path) -> None:
    for leftover in stem.parent.glob(f"{stem.name}*"):
        with suppress(OSError):  # on Windows, while the other thread still writes; that one sweeps too
            leftover.unlink()


def _fetch_to_stem(url: str, stem: Path, transfer: Transfer, timeout_s: float, resolve: Resolve) -> Path:
    part = stem.with_name(f"{stem.name}.part")
    result = http_download(url, part, transfer, timeout_s=timeout_s, resolve=resolve)
    if not result.is_page:
        return _under_its_name(part, result.name, transfer)
    recording = page_to_file(url, stem, transfer, timeout_s=timeout_s, resolve=resolve)
    return _under_its_name(recording.path, safe_name(recording.title + recording.path.suffix), transfer)


def _under_its_name(downloaded: Path, name: str, transfer: Transfer) -> Path:
    """Rename a finished download to `name`, or to the first such name with a number that is free."""
    for number in range(1, _MAX_SAME_NAMES):
        target = downloaded.with_name(name)
        if number > 1:
            target = target.with_stem(f"{target.stem}-{number}")
        transfer.check()
        try:
            target.open("xb").close()  # takes the name, so that two downloads at once cannot both have it
        except FileExistsError:
            if target.is_file() and filecmp.cmp(downloaded, target, shallow=False):
                return target
            continue
        return downloaded.replace(target)
    raise DownloadError(f"There are too many files called {name} in {downloaded.parent}.", advice="Choose another folder.")
