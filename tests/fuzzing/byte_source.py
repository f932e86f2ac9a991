"""Structured values out of any bytes, so that one fuzzer serves targets whose input is no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class ByteSource:
    """Takes values from the front of `data`; when it is used up, everything is 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at >= len(self._data)

    def bytes(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def whole(self, below: int) -> int:
        """0 up to below `below`."""
        return int.from_bytes(self.bytes(2 if below > 256 else 1), "little") % below

    def choice(self, items: Sequence[T]) -> T:
        return items[self.whole(len(items))]

    def text(self) -> str:
        """Up to 63 bytes as text; what is no UTF-8 becomes lone surrogates, as in file names."""
        return self.bytes(self.whole(64)).decode("utf-8", "surrogateescape")
