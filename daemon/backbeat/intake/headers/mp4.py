"""MP4 and QuickTime (m4a, mov): boxes one after another; the sound is in mdat, its index in moov (ISO 14496-12, 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from backbeat.intake.headers.chunks import MAX_CHUNKS, Chunk
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState


def mp4_boxes(file: BinaryIO, start: int, end: int) -> Iterator[Chunk]:
    """The boxes between two offsets, in order; what a box declares may go beyond `end`."""
    position = start
    for _ in range(MAX_CHUNKS):
        if position + 8 > end:
            return
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            return
        size, head_bytes = int.from_bytes(head[:4], "big"), 8
        if size == 1 and len(head) == 16:
            size, head_bytes = int.from_bytes(head[8:16], "big"), 16
        elif size == 0:
            size = end - position  # reaches to the end of the file
        if size < head_bytes:
            return
        yield Chunk(head[4:8], position + head_bytes, size - head_bytes)
        position += size


def mp4_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a file whose first box is `ftyp`: COMPLETE when moov and mdat are there and the boxes end with the file."""
    boxes = list(mp4_boxes(file, 0, size))
    names = {box.name for box in boxes}
    end = boxes[-1].start + boxes[-1].size if boxes else 0
    declared = sum(box.size for box in boxes if box.name == b"mdat") or None
    present = sum(min(box.size, size - box.start) for box in boxes if box.name == b"mdat") if declared else None
    complete = end == size and {b"moov", b"mdat"} <= names
    state = HeaderState.COMPLETE if complete else HeaderState.INCOMPLETE
    return HeaderReport(state=state, container=Container.MP4, declared_bytes=declared, present_bytes=present)
