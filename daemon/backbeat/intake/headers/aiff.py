"""AIFF and AIFF-C (Apple, 1989 and 1991): IFF with big-endian sizes; sound is in SSND, its length also in COMM."""

from __future__ import annotations

from typing import BinaryIO

from backbeat.intake.headers.chunks import iff_chunks
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState, sound_chunk_report

_SSND_HEAD_BYTES = 8
"""An offset and a block size stand before the sound."""

_UNCOMPRESSED = (b"NONE", b"sowt", b"twos", b"fl32", b"FL32", b"fl64", b"FL64", b"in24", b"in32", b"raw ")


def aiff_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a file that begins with FORM. One that is neither AIFF nor AIFC is NOT_AUDIO (8SVX: UNKNOWN)."""
    file.seek(0)
    head = file.read(12)
    incomplete = HeaderReport(state=HeaderState.INCOMPLETE, container=Container.AIFF)
    if len(head) < 12:
        return incomplete
    if head[8:] in (b"8SVX", b"16SV"):
        return HeaderReport(state=HeaderState.UNKNOWN, container=Container.OTHER)
    if head[8:] not in (b"AIFF", b"AIFC"):
        state = HeaderState.NOT_AUDIO if any(head[4:]) else HeaderState.INCOMPLETE
        return HeaderReport(state=state, container=Container.OTHER)
    form_end = 8 + int.from_bytes(head[4:8], "big")
    described: int | None = None
    for chunk in iff_chunks(file, big_endian=True):
        if chunk.name == b"COMM":
            file.seek(chunk.start)
            described = _described_bytes(file.read(min(chunk.size, 22)))
        elif chunk.name == b"SSND":
            declared = max(chunk.size - _SSND_HEAD_BYTES, 0)
            if described == 0:
                declared = 0  # written once the recording ends
            start = chunk.start + _SSND_HEAD_BYTES
            report = sound_chunk_report(file, size, Container.AIFF, start=start, declared=declared, form_end=form_end)
            return _against_comm(report, described)
    return incomplete


def _described_bytes(comm: bytes) -> int | None:
    """Bytes of sound that COMM (channels, frames, bits, rate, coding) describes; None where it is compressed or cut."""
    if len(comm) < 18:
        return None
    if len(comm) >= 22 and comm[18:22] not in _UNCOMPRESSED:
        return None
    channels, bits = int.from_bytes(comm[:2], "big"), int.from_bytes(comm[6:8], "big")
    return channels * int.from_bytes(comm[2:6], "big") * ((bits + 7) // 8)


def _against_comm(report: HeaderReport, described: int | None) -> HeaderReport:
    """A sound chunk that is shorter than COMM describes is not finished either."""
    if described is None or report.declared_bytes is None or described <= report.declared_bytes:
        return report
    return HeaderReport(
        state=HeaderState.INCOMPLETE,
        container=Container.AIFF,
        declared_bytes=described,
        present_bytes=report.present_bytes,
    )
