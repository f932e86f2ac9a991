"""Ogg pages (RFC 3533): the last page of a finished stream is marked, and ends with the file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backbeat.intake.headers.crc import Crc
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState

MAGIC = b"OggS"
_HEAD = struct.Struct("<4sBBqIIIB")
_MAX_PAGE_BYTES = 65_307
_MAX_HEAD_BYTES = _HEAD.size + 255
_END_OF_STREAM = 4
_CHECKSUM_AT = 22
_CRC32 = Crc(0x04C1_1DB7, bits=32)


@dataclass(frozen=True, kw_only=True)
class OggPage:
    """lacing: the lengths of its segments; a packet ends with the first that is below 255. size: of the whole page."""

    flags: int
    granule: int
    lacing: bytes

    @property
    def head_bytes(self) -> int:
        return _HEAD.size + len(self.lacing)

    @property
    def size(self) -> int:
        return self.head_bytes + sum(self.lacing)


def parse_page(data: bytes) -> OggPage | None:
    """The page whose head `data` begins with; None when it is none or its head is cut."""
    if len(data) < _HEAD.size:
        return None
    magic, version, flags, granule, _serial, _number, _checksum, segments = _HEAD.unpack_from(data)
    lacing = data[_HEAD.size : _HEAD.size + segments]
    if magic != MAGIC or version != 0 or len(lacing) < segments:
        return None
    return OggPage(flags=flags, granule=granule, lacing=lacing)


def ogg_packets(file: BinaryIO, *, max_pages: int) -> Iterator[bytes]:
    """The packets of the first pages, as of a file with one stream; ends quietly where the pages do."""
    position, packet = 0, bytearray()
    for _ in range(max_pages):
        file.seek(position)
        data = file.read(_MAX_PAGE_BYTES)
        page = parse_page(data)
        if page is None:
            return
        at = page.head_bytes
        for length in page.lacing:
            packet += data[at : at + length]
            at += length
            if length < 255:
                yield bytes(packet)
                packet.clear()
        position += page.size


def ogg_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge an Ogg file: COMPLETE when its last page ends with the file, is marked as the last, and is whole."""
    file.seek(max(size - 2 * _MAX_PAGE_BYTES, 0))
    tail = file.read(2 * _MAX_PAGE_BYTES)
    position = len(tail)
    while (position := tail.rfind(MAGIC, 0, position)) >= 0:
        page = parse_page(tail[position : position + _MAX_HEAD_BYTES])
        if page is not None and position + page.size == len(tail):
            finished = page.flags & _END_OF_STREAM and page.granule >= 0 and _is_whole(tail[position:])
            return _report(HeaderState.COMPLETE if finished else HeaderState.INCOMPLETE)
    return _report(HeaderState.INCOMPLETE)


def _is_whole(page: bytes) -> bool:
    """Whether the page's checksum holds; it is computed with four zero bytes in its own place."""
    blank = page[:_CHECKSUM_AT] + bytes(4) + page[_CHECKSUM_AT + 4 :]
    return _CRC32.of(blank) == int.from_bytes(page[_CHECKSUM_AT : _CHECKSUM_AT + 4], "little")


def _report(state: HeaderState) -> HeaderReport:
    return HeaderReport(state=state, container=Container.OGG)
