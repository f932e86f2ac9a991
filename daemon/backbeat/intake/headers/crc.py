"""Checksums that the standard library does not have: most significant bit first, starting at 0, as FLAC and Ogg use them."""

from __future__ import annotations


class Crc:
    """A cyclic redundancy check of 8, 16 or 32 bits; a table of 256 remainders makes it a step per byte."""

    def __init__(self, polynomial: int, *, bits: int) -> None:
        self._bits = bits
        self._mask = (1 << bits) - 1
        self._table = tuple(self._remainder(value << bits - 8, polynomial) for value in range(256))

    def of(self, data: bytes) -> int:
        """The checksum of `data`; 0 for none, and for data with its own checksum behind it."""
        shift, mask, table = self._bits - 8, self._mask, self._table
        remainder = 0
        for byte in data:
            remainder = remainder << 8 & mask ^ table[remainder >> shift ^ byte]
        return remainder

    def _remainder(self, value: int, polynomial: int) -> int:
        for _ in range(8):
            carry = value >> self._bits - 1 & 1
            value = value << 1 & self._mask ^ (polynomial if carry else 0)
        return value
