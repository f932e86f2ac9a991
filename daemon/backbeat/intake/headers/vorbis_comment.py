"""Vorbis comments: `KEY=value` lines in FLAC, Ogg Vorbis and Opus (xiph.org, Ogg Vorbis I, 5)."""

from __future__ import annotations

_MAX_COMMENTS = 1024


def vorbis_comments(block: bytes) -> dict[str, str]:
    """Keys in upper case to their first value; what is cut off or not UTF-8 is left out."""
    comments: dict[str, str] = {}
    position = 4 + _length(block, 0)  # the vendor's name comes first
    count = min(_length(block, position), _MAX_COMMENTS)
    position += 4
    for _ in range(count):
        size = _length(block, position)
        line = block[position + 4 : position + 4 + size]
        position += 4 + size
        if position > len(block):
            break
        key, _, value = line.decode(errors="replace").partition("=")
        comments.setdefault(key.upper(), value)
    return comments


def _length(block: bytes, position: int) -> int:
    return int.from_bytes(block[position : position + 4], "little")
