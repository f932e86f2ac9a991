"""Sony Wave64: like RIFF with 128-bit names, 64-bit sizes that include the chunk's head, and alignment to 8 bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO

from backbeat.intake.headers.chunks import MAX_CHUNKS
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState, sound_chunk_report

MAGIC = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_GUID_TAIL = b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_WAVE = b"wave" + _GUID_TAIL
_DATA = b"data" + _GUID_TAIL
_CHUNK_HEAD = struct.Struct("<16sQ")


def w64_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a file that begins with `MAGIC`."""
    file.seek(0)
    head = file.read(40)
    incomplete = HeaderReport(state=HeaderState.INCOMPLETE, container=Container.W64)
    if len(head) < 40 or not any(head[16:]):
        return incomplete
    if head[24:] != _WAVE:
        return HeaderReport(state=HeaderState.NOT_AUDIO, container=Container.OTHER)
    form_end = int.from_bytes(head[16:24], "little")
    position = 40
    for _ in range(MAX_CHUNKS):
        file.seek(min(position, size))
        chunk_head = file.read(_CHUNK_HEAD.size)
        if len(chunk_head) < _CHUNK_HEAD.size:
            return incomplete
        name, chunk_size = _CHUNK_HEAD.unpack(chunk_head)
        if name == _DATA:
            declared = max(chunk_size - _CHUNK_HEAD.size, 0)
            start = position + _CHUNK_HEAD.size
            return sound_chunk_report(file, size, Container.W64, start=start, declared=declared, form_end=form_end or None)
        position += max(chunk_size + -chunk_size % 8, _CHUNK_HEAD.size)
    return incomplete
