"""MPEG audio layer III: no length of its own, but most encoders write a Xing or Info frame that states it."""

from __future__ import annotations

from typing import BinaryIO

from backbeat.intake.headers.id3_size import id3_end
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState

_SEARCH_BYTES = 4096
_HAS_FRAMES, _HAS_BYTES = 1, 2


def is_mpeg_frame(head: bytes) -> bool:
    """Whether four bytes are the head of an MPEG audio frame (11 bits of sync; layer, bit rate and rate not reserved)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer != 0 and head[2] >> 4 != 15 and head[2] >> 2 & 3 != 3


def mp3_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a file that begins with an MPEG frame or an ID3v2 tag: INCOMPLETE or UNKNOWN, never COMPLETE.

    declared_bytes is what the Xing or Info frame states (counted from that frame on).
    """
    start = id3_end(file)
    if start >= size:
        return HeaderReport(state=HeaderState.INCOMPLETE, container=Container.MP3)
    file.seek(start)
    data = file.read(_SEARCH_BYTES)
    first = next((n for n in range(len(data) - 3) if is_mpeg_frame(data[n : n + 4])), None)
    declared = None if first is None else _xing_bytes(data[first:])
    if first is None or declared is None:
        return HeaderReport(state=HeaderState.UNKNOWN, container=Container.MP3)
    present = min(size - start - first, declared)
    state = HeaderState.INCOMPLETE if present < declared else HeaderState.UNKNOWN
    return HeaderReport(state=state, container=Container.MP3, declared_bytes=declared, present_bytes=present)


def _xing_bytes(frame: bytes) -> int | None:
    """The byte count of a Xing or Info frame; None where there is none or it does not say."""
    mpeg1, mono = frame[1] >> 3 & 3 == 3, frame[3] >> 6 == 3
    side_info = (17 if mono else 32) if mpeg1 else (9 if mono else 17)
    tag = frame[4 + side_info : 4 + side_info + 16]
    if len(tag) < 16 or tag[:4] not in (b"Xing", b"Info"):
        return None
    flags = int.from_bytes(tag[4:8], "big")
    if flags & (_HAS_FRAMES | _HAS_BYTES) != _HAS_FRAMES | _HAS_BYTES:
        return None
    return int.from_bytes(tag[12:16], "big") or None
