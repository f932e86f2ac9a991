"""The tempo that a recording's own metadata states, per container format.

Of the chunks of a Broadcast Wave file `acid`, `id3 ` and `LIST` `INFO` can state one; `bext` (EBU Tech 3285), `cart` (AES46) and
the fields of iXML have no place for it. The meter in `acid` is left aside: programs write 4/4 whatever the loop.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backbeat.intake.headers import flac, ogg
from backbeat.intake.headers.chunks import iff_chunks
from backbeat.intake.headers.id3_size import id3_end
from backbeat.intake.headers.id3_tempo import id3_tempo
from backbeat.intake.headers.mp4 import mp4_boxes
from backbeat.intake.headers.vorbis_comment import vorbis_comments

_MAX_TAG_BYTES = 1 << 24
_MAX_OGG_PAGES = 64
_ACID = struct.Struct("<IHHfIHHf")
"""Flags, root note, two unknowns, number of beats, meter (denominator, numerator), tempo (Sonic Foundry; as public readers
of loops have it)."""
_ACID_ONE_SHOT = 1
_INFO_ENTRY = struct.Struct("<4sI")
_COMMENT_KEYS = ("BPM", "TBPM", "TEMPO")
_COMMENT_PACKETS = (b"\x03vorbis", b"OpusTags")


@dataclass(frozen=True, kw_only=True)
class TempoTag:
    """value: as it stands in the file, not checked. source: in words, to go behind "from"."""

    value: str | float
    source: str


def tempo_tags(file: BinaryIO) -> Iterator[TempoTag]:
    """The tempo tags in `file`, those to believe most first; none for garbage."""
    file.seek(0)
    head = file.read(12)
    for magic, reader in _READERS.items():
        if head.startswith(magic):
            yield from reader(file)
            return
    if head[4:8] == b"ftyp":
        yield from _mp4(file)


def _riff(file: BinaryIO) -> Iterator[TempoTag]:
    later: list[TempoTag] = []
    for chunk in iff_chunks(file):
        file.seek(chunk.start)
        if chunk.name == b"acid" and chunk.size >= _ACID.size:
            yield from _acid(file.read(_ACID.size))
        elif chunk.name in (b"id3 ", b"ID3 "):
            later += _id3(file.read(min(chunk.size, _MAX_TAG_BYTES)))
        elif chunk.name == b"LIST":
            later += _info(file.read(min(chunk.size, _MAX_TAG_BYTES)))
    yield from later


def _info(content: bytes) -> Iterator[TempoTag]:
    """The entry IBPM, which taggers write; it is in no specification."""
    position = 4
    while content[:4] == b"INFO" and position + 8 <= len(content):
        name, size = _INFO_ENTRY.unpack_from(content, position)
        if name == b"IBPM":
            text = content[position + 8 : position + 8 + size].split(b"\0")[0].decode("latin-1")
            yield TempoTag(value=text, source="the RIFF tempo in the file")
        position += 8 + size + (size & 1)


def _aiff(file: BinaryIO) -> Iterator[TempoTag]:
    for chunk in iff_chunks(file, big_endian=True):
        if chunk.name in (b"ID3 ", b"id3 "):
            file.seek(chunk.start)
            yield from _id3(file.read(min(chunk.size, _MAX_TAG_BYTES)))


def _acid(content: bytes) -> Iterator[TempoTag]:
    """A one-shot sample has no tempo, whatever its chunk says."""
    if len(content) == _ACID.size:
        flags, *_, tempo = _ACID.unpack(content)
        if not flags & _ACID_ONE_SHOT:
            yield TempoTag(value=tempo, source="the ACID tempo in the file")


def _id3(tag: bytes) -> Iterator[TempoTag]:
    text = id3_tempo(tag)
    if text is not None:
        yield TempoTag(value=text, source="the ID3 tempo in the file")


def _tagged(file: BinaryIO) -> Iterator[TempoTag]:
    """MP3, or FLAC behind an ID3v2 tag."""
    end = id3_end(file)
    file.seek(0)
    yield from _id3(file.read(min(end, _MAX_TAG_BYTES)))
    file.seek(end)
    if file.read(4) == flac.MAGIC:
        yield from _flac(file)


def _flac(file: BinaryIO) -> Iterator[TempoTag]:
    for block in flac.flac_blocks(file):
        if block.kind == flac.VORBIS_COMMENT:
            file.seek(block.start)
            yield from _comments(file.read(block.size))


def _ogg(file: BinaryIO) -> Iterator[TempoTag]:
    for packet in ogg.ogg_packets(file, max_pages=_MAX_OGG_PAGES):
        for name in _COMMENT_PACKETS:
            if packet.startswith(name):
                yield from _comments(packet[len(name) :])
                return


def _comments(block: bytes) -> Iterator[TempoTag]:
    comments = vorbis_comments(block)
    for key in _COMMENT_KEYS:
        if key in comments:
            yield TempoTag(value=comments[key], source=f"the {key} comment in the file")


def _mp4(file: BinaryIO) -> Iterator[TempoTag]:
    """The iTunes tag `tmpo`: a whole number, in moov/udta/meta/ilst/tmpo/data behind eight bytes of type and locale."""
    end = file.seek(0, os.SEEK_END)
    start = 0
    for name in (b"moov", b"udta", b"meta", b"ilst", b"tmpo", b"data"):
        box = next((box for box in mp4_boxes(file, start, end) if box.name == name), None)
        if box is None:
            return
        start, end = box.start + (4 if name == b"meta" else 0), min(end, box.start + box.size)
    file.seek(start)
    content = file.read(min(end - start, 12))[8:]
    if content:
        yield TempoTag(value=float(int.from_bytes(content, "big")), source="the tempo tag in the file")


_READERS: dict[bytes, Callable[[BinaryIO], Iterable[TempoTag]]] = {
    b"RIFF": _riff,
    b"RF64": _riff,
    b"BW64": _riff,
    b"FORM": _aiff,
    b"fLaC": _flac,
    b"OggS": _ogg,
    b"ID3": _tagged,
}
