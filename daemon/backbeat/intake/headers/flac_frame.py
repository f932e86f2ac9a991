"""The head and checksums of one FLAC frame (RFC 9639, section 9)."""

from __future__ import annotations

from backbeat.intake.headers.crc import Crc

_CODED_BLOCK_SAMPLES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}
_EXTRA_BYTES_OF_BLOCK_CODE = {6: 1, 7: 2}
_EXTRA_BYTES_OF_RATE_CODE = {12: 1, 13: 2, 14: 2}
_CRC8, _CRC16 = Crc(0x07, bits=8), Crc(0x8005, bits=16)


def frame_end(head: bytes, block_samples: int) -> int | None:
    """The number of the sample behind the frame whose first 16 bytes are `head`; None when it is no frame's head.

    block_samples: the stream's block size, which frames of fixed size are counted in.
    """
    if len(head) < 6 or head[0] != 0xFF or head[1] not in (0xF8, 0xF9) or head[3] & 1:
        return None
    block_code, rate_code = head[2] >> 4, head[2] & 15
    number_bytes = _coded_number_bytes(head[4])
    extra = _EXTRA_BYTES_OF_BLOCK_CODE.get(block_code, 0)
    checksum_at = 4 + number_bytes + extra + _EXTRA_BYTES_OF_RATE_CODE.get(rate_code, 0)
    if not number_bytes or block_code == 0 or rate_code == 15 or len(head) <= checksum_at:
        return None
    if _CRC8.of(head[:checksum_at]) != head[checksum_at]:
        return None
    samples = int.from_bytes(head[4 + number_bytes : 4 + number_bytes + extra], "big") + 1 if extra else 0
    samples = samples or _CODED_BLOCK_SAMPLES[block_code]
    number = _coded_number(head[4 : 4 + number_bytes])
    return (number if head[1] & 1 else number * block_samples) + samples


def is_whole_frame(frame: bytes) -> bool:
    """Whether the last two bytes are the checksum of those before."""
    return _CRC16.of(frame) == 0


def _coded_number_bytes(first: int) -> int:
    """Length of a number coded like UTF-8, extended to 36 bits; 0 when `first` cannot begin one."""
    ones = 8 - (first ^ 0xFF).bit_length()
    return {0: 1, 1: 0, 8: 0}.get(ones, ones)


def _coded_number(data: bytes) -> int:
    value = data[0] if len(data) == 1 else data[0] & 0x7F >> len(data)
    for byte in data[1:]:
        value = value << 6 | byte & 0x3F
    return value
