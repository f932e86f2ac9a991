"""Names for downloaded files: what a server says must not lead out of the folder or name a device."""

from __future__ import annotations

import re
import unicodedata
from email.message import Message
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

_MAX_CHARACTERS = 100
_MAX_BYTES = 200
_FALLBACK = "download"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", *(f"{kind}{n}" for kind in ("com", "lpt") for n in "0123456789¹²³")}
_SUFFIXES = {
    "audio/mpeg": ".mp3",
    "audio/mp3": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/wave": ".wav",
    "audio/vnd.wave": ".wav",
    "audio/flac": ".flac",
    "audio/x-flac": ".flac",
    "audio/ogg": ".ogg",
    "application/ogg": ".ogg",
    "audio/aiff": ".aiff",
    "audio/x-aiff": ".aiff",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
}


def download_name(url: str, headers: Message) -> str:
    """A safe file name from the Content-Disposition header, else from the address; with a suffix where one is known."""
    name = header_text(headers.get_filename() or "") or unquote(PurePosixPath(urlsplit(url).path).name)
    name = safe_name(re.split(r"[/\\]", name)[-1])
    if not Path(name).suffix:
        name += _SUFFIXES.get(headers.get_content_type(), "")
    return name


def header_text(text: str) -> str:
    """What a header says: many servers send UTF-8, which Python reads as Latin-1, the letter of the standard."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def safe_name(name: str) -> str:
    """`name` without what any file system takes amiss; never empty, never a path, at most 100 characters."""
    visible = (c for c in unicodedata.normalize("NFC", name) if not unicodedata.category(c).startswith("C"))
    name = _FORBIDDEN.sub("_", "".join(visible)).strip(" .")
    stem, suffix = (Path(name).stem, Path(name).suffix) if len(Path(name).suffix) <= 10 else (name, "")
    stem = stem[: _MAX_CHARACTERS - len(suffix)]
    while len((stem + suffix).encode()) > _MAX_BYTES:
        stem = stem[:-1]
    stem = stem.rstrip(" .")
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = f"_{stem}"
    return f"{stem or _FALLBACK}{suffix}"
