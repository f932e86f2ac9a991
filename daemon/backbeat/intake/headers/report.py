"""What a header says about its file, and the rules that RIFF, RF64, W64 and AIFF share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO


class HeaderState(StrEnum):
    """Whether a file is all there, as far as its header tells.

    INCOMPLETE also covers a length of zero and bytes beyond the declared end: what a program leaves that fills in the
    length when it is done. UNKNOWN: the format does not say, stillness has to decide.
    """

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    UNKNOWN = "unknown"
    NOT_AUDIO = "not_audio"


class Container(StrEnum):
    """File formats whose headers are understood; `other` is for those that only the decoders know."""

    WAV = "WAV"
    RF64 = "RF64"
    BW64 = "BW64"
    W64 = "W64"
    AIFF = "AIFF"
    FLAC = "FLAC"
    OGG = "OGG"
    MP3 = "MP3"
    MP4 = "MP4"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Bytes that a decoder has to see at `offset` instead of those in the file, for it to read the sound."""

    offset: int
    data: bytes


@dataclass(frozen=True, kw_only=True)
class HeaderReport:
    """declared_bytes, present_bytes: coded sound that the header promises, and that is there; None where it does not say.

    repairs: what to change, in memory only, so that decoders read a header that is unfinished but usable.
    """

    state: HeaderState
    container: Container
    declared_bytes: int | None = None
    present_bytes: int | None = None
    repairs: tuple[Repair, ...] = ()


def is_streamed_size(size: int) -> bool:
    """Whether a 32-bit size is one of those that programs write who cannot go back to fill in the real one.

    ffmpeg and others write 0xFFFFFFFF, sox 0x7FFFF000, arecord 0x80000000, some 0x7FFFFFFF.
    """
    return 0x7FFF_F000 <= size <= 0x8000_0000 or size >= 0xFFFF_FF00


# Chunks that are found behind the sound (blanks stripped).
_KNOWN_TAILS = frozenset(
    b"LIST id3 ID3 bext iXML acid smpl inst cue plst JUNK junk FLLR PAD fact PEAK _PMX axml chna umid cart minf elm1 regn "
    b"strc afsp MARK INST COMT NAME AUTH ANNO APPL AESD basc trns cate (c) MIDI levl DISP LGWV SAUR SMED ResU LGDA".split()
)


def sound_chunk_report(
    file: BinaryIO, size: int, container: Container, *, start: int, declared: int, form_end: int | None
) -> HeaderReport:
    """Judge a chunk of sound against the file.

    start: where the sound begins. declared: its length in bytes. form_end: where the whole file ends as its head says,
    None where it does not say.
    """
    present = max(min(declared, size - start), 0)
    sound_end = start + declared + (declared & 1)
    whole_end = max(sound_end, form_end or 0)
    if declared == 0 or size < start + declared:
        state = HeaderState.INCOMPLETE
    elif form_end is not None and form_end > size + 1:
        state = HeaderState.INCOMPLETE  # chunks behind the sound are still to come
    elif size > whole_end + 1 and not _is_known_tail(file, whole_end):
        state = HeaderState.INCOMPLETE  # the file has grown beyond what its header knows of
    else:
        state = HeaderState.COMPLETE
    return HeaderReport(state=state, container=container, declared_bytes=declared, present_bytes=present)


def _is_known_tail(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    name = file.read(4)
    return name.strip() in _KNOWN_TAILS or name.startswith((b"TAG", b"ID3", b"APE"))
