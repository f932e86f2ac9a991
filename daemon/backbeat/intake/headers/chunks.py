"""Walking the chunks of IFF-like files: RIFF, RF64 and AIFF."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_CHUNKS = 256
"""Real files have about ten; more means that sound or garbage is being read as chunks."""

SIZE_IN_DS64 = 0xFFFF_FFFF
"""In RF64 and BW64 the real size is in the ds64 chunk (EBU Tech 3306, ITU-R BS.2088)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """name: four bytes as in the file. start: offset of the content. size: declared bytes of content."""

    name: bytes
    start: int
    size: int

    @property
    def size_offset(self) -> int:
        """Where the size itself stands."""
        return self.start - 4


def iff_chunks(file: BinaryIO, *, big_endian: bool = False) -> Iterator[Chunk]:
    """The chunks behind a 12-byte head, in order, until the file ends; what a chunk declares is not checked.

    The reader may move `file` between chunks. In RF64 and BW64 files `data` has the size that `ds64` states.
    """
    layout = ">4sI" if big_endian else "<4sI"
    position = 12
    data_size = SIZE_IN_DS64
    file_size = file.seek(0, os.SEEK_END)
    for _ in range(MAX_CHUNKS):
        if position > file_size:
            return
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack(layout, head)
        if name == b"ds64":
            data_size = _ds64_data_size(file.read(16))
        elif name == b"data" and size == SIZE_IN_DS64:
            size = data_size
        chunk = Chunk(name, position + 8, size)
        yield chunk
        position = chunk.start + size + (size & 1)


def _ds64_data_size(content: bytes) -> int:
    """Content: RIFF size, data size, sample count, each 64 bits."""
    return int.from_bytes(content[8:16], "little") if len(content) == 16 else SIZE_IN_DS64
