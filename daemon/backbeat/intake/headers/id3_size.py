"""How much of a file's head an ID3v2 tag takes."""

from __future__ import annotations

from typing import BinaryIO

HEAD_BYTES = 10


def id3_end(file: BinaryIO) -> int:
    """The offset behind an ID3v2 tag at the start of `file`; 0 when there is none (ID3v2.4, 3.1)."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES or head[:3] != b"ID3":
        return 0
    footer = HEAD_BYTES if head[5] & 0x10 else 0
    return HEAD_BYTES + syncsafe(head[6:10]) + footer


def syncsafe(data: bytes) -> int:
    """Seven bits to the byte, most significant first (ID3v2.4, 6.2)."""
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
    return value
