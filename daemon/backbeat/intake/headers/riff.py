"""RIFF WAVE and its 64-bit forms RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088)."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import BinaryIO

from backbeat.intake.headers.chunks import SIZE_IN_DS64, Chunk, iff_chunks
from backbeat.intake.headers.report import (
    Container,
    HeaderReport,
    HeaderState,
    Repair,
    is_streamed_size,
    sound_chunk_report,
)

_CONTAINERS = {b"RIFF": Container.WAV, b"RF64": Container.RF64, b"BW64": Container.BW64}
_VIDEO_FORMS = (b"AVI ",)
_SIZE_FIELD = struct.Struct("<I")


def riff_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a file that begins with RIFF, RF64 or BW64. A RIFF file that holds no sound (RMID, WEBP) is NOT_AUDIO."""
    file.seek(0)
    head = file.read(12)
    container = _CONTAINERS[head[:4]]
    if len(head) < 12 or not any(head[4:]):
        return HeaderReport(state=HeaderState.INCOMPLETE, container=container)
    if head[8:] in _VIDEO_FORMS:
        return HeaderReport(state=HeaderState.UNKNOWN, container=Container.OTHER)
    if head[8:] != b"WAVE":
        return HeaderReport(state=HeaderState.NOT_AUDIO, container=Container.OTHER)
    form_size = _SIZE_FIELD.unpack(head[4:8])[0]
    for chunk in iff_chunks(file):
        if chunk.name == b"ds64" and container is not Container.WAV:
            file.seek(chunk.start)
            form_size = int.from_bytes(file.read(8), "little")
        elif chunk.name == b"data":
            return _with_repairs(_data_report(file, size, container, chunk, form_size), chunk, size)
    return HeaderReport(state=HeaderState.INCOMPLETE, container=container)


def _data_report(file: BinaryIO, size: int, container: Container, chunk: Chunk, form_size: int) -> HeaderReport:
    unstated = chunk.size == SIZE_IN_DS64 or (container is Container.WAV and is_streamed_size(chunk.size))
    if unstated and size - chunk.start < chunk.size:
        return HeaderReport(state=HeaderState.UNKNOWN, container=container)
    unstated_form = form_size == 0 or (container is Container.WAV and is_streamed_size(form_size))
    form_end = None if unstated_form else 8 + form_size
    return sound_chunk_report(file, size, container, start=chunk.start, declared=chunk.size, form_end=form_end)


def _with_repairs(report: HeaderReport, chunk: Chunk, size: int) -> HeaderReport:
    """What libsndfile needs: it takes a data size of 0 at its word, and does not know BW64, which is RF64 by another name."""
    repairs = []
    if report.container is Container.BW64:
        repairs.append(Repair(offset=0, data=b"RF64"))
    if report.container is Container.WAV and report.declared_bytes == 0 and size > chunk.start:
        repairs.append(Repair(offset=chunk.size_offset, data=_SIZE_FIELD.pack(min(size - chunk.start, 0xFFFF_FFFF))))
    return replace(report, repairs=tuple(repairs))
