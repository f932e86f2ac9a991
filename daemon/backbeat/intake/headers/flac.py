"""FLAC (RFC 9639): STREAMINFO states the number of samples; the last frame says where it stands among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backbeat.intake.headers.flac_frame import frame_end, is_whole_frame
from backbeat.intake.headers.id3_size import id3_end
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState, Repair

MAGIC = b"fLaC"
STREAMINFO, VORBIS_COMMENT = 0, 4

_MAX_BLOCKS = 128
_STREAMINFO_BYTES = 34
_DEFAULT_FRAME_BYTES = 1 << 17
_MAX_FRAME_BYTES = 1 << 21
_ID3V1_BYTES = 128
_CHECKED_TAILS = 3
_TOTAL_MASK = (1 << 36) - 1


@dataclass(frozen=True, kw_only=True)
class FlacBlock:
    """A metadata block: its type, where its content starts, and how long it declares to be."""

    kind: int
    start: int
    size: int
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class _StreamInfo:
    total_offset: int
    bits_before_total: int
    block_samples: int
    max_frame_bytes: int
    total_samples: int

    def with_total(self, samples: int) -> Repair:
        """The five bytes that hold the total, as if it had been known."""
        value = self.bits_before_total << 36 | samples & _TOTAL_MASK
        return Repair(offset=self.total_offset, data=value.to_bytes(5, "big"))


def flac_blocks(file: BinaryIO) -> Iterator[FlacBlock]:
    """The metadata blocks of a FLAC file (an ID3v2 tag before them is skipped) until the last, or the file's end."""
    position = id3_end(file) + len(MAGIC)
    for _ in range(_MAX_BLOCKS):
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            return
        block = FlacBlock(
            kind=head[0] & 0x7F, start=position + 4, size=int.from_bytes(head[1:], "big"), is_last=bool(head[0] & 0x80)
        )
        yield block
        if block.is_last:
            return
        position = block.start + block.size


def flac_report(file: BinaryIO, size: int) -> HeaderReport:
    """Judge a FLAC file: COMPLETE when its last frame ends with the last sample and its checksum holds.

    UNKNOWN when STREAMINFO states no total (a stream); the repair then puts in what the last frame says. Reads the heads of
    the metadata and one frame's length at the end.
    """
    info: _StreamInfo | None = None
    frames_start: int | None = None
    for block in flac_blocks(file):
        if block.kind == STREAMINFO and block.size >= _STREAMINFO_BYTES:
            file.seek(block.start)
            info = _stream_info(block.start, file.read(_STREAMINFO_BYTES))
        if block.is_last:
            frames_start = block.start + block.size
    if info is None or frames_start is None or frames_start >= size:
        return HeaderReport(state=HeaderState.INCOMPLETE, container=Container.FLAC)
    last_sample = _last_sample(_tail(file, frames_start, size, info), info)
    if info.total_samples == 0:
        repairs = () if last_sample is None else (info.with_total(last_sample),)
        return HeaderReport(state=HeaderState.UNKNOWN, container=Container.FLAC, repairs=repairs)
    state = HeaderState.COMPLETE if last_sample == info.total_samples else HeaderState.INCOMPLETE
    return HeaderReport(state=state, container=Container.FLAC)


def _stream_info(start: int, data: bytes) -> _StreamInfo | None:
    """RFC 9639, 8.2: block sizes 2 x 16 bits, frame sizes 2 x 24, then rate 20, channels 3, bits 5, total 36, MD5."""
    if len(data) < _STREAMINFO_BYTES:
        return None
    return _StreamInfo(
        total_offset=start + 13,
        bits_before_total=data[13] >> 4,
        block_samples=int.from_bytes(data[2:4], "big"),
        max_frame_bytes=int.from_bytes(data[7:10], "big"),
        total_samples=int.from_bytes(data[13:18], "big") & _TOTAL_MASK,
    )


def _tail(file: BinaryIO, frames_start: int, size: int, info: _StreamInfo) -> bytes:
    """The end of the frames, long enough to hold one whole; an ID3v1 tag behind them is cut off."""
    longest = min(info.max_frame_bytes or _DEFAULT_FRAME_BYTES, _MAX_FRAME_BYTES)
    file.seek(max(frames_start, size - longest - _ID3V1_BYTES))
    tail = file.read(longest + _ID3V1_BYTES)
    return tail[:-_ID3V1_BYTES] if tail[-_ID3V1_BYTES:].startswith(b"TAG") else tail


def _last_sample(tail: bytes, info: _StreamInfo) -> int | None:
    """How many samples there are up to the end of the frame that `tail` ends with; None when it ends with no whole one.

    What looks like a frame's head stands in the sound by chance, too, seldom; a file that is full of them is none, and would take
    hours to look through.
    """
    position, left_bytes = len(tail), _CHECKED_TAILS * len(tail)
    while left_bytes > 0 and (position := tail.rfind(b"\xff", 0, position)) >= 0:
        end = frame_end(tail[position : position + 16], info.block_samples)
        if end is None:
            continue
        left_bytes -= len(tail) - position
        if is_whole_frame(tail[position:]):
            return end
    return None
