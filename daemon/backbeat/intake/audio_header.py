"""Whether a recording is all there, from its first and last few kilobytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from backbeat.intake.headers import aiff, flac, ogg, w64
from backbeat.intake.headers.id3_size import id3_end
from backbeat.intake.headers.mp3 import is_mpeg_frame, mp3_report
from backbeat.intake.headers.mp4 import mp4_report
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState
from backbeat.intake.headers.riff import riff_report
from backbeat.intake.readable_file import readable_file

__all__ = ["HeaderReport", "HeaderState", "header_report", "header_report_of", "header_state"]

_HEAD_BYTES = 512
_SHORTEST_BYTES = 16

_READERS: dict[bytes, Callable[[BinaryIO, int], HeaderReport]] = {
    b"RIFF": riff_report,
    b"RF64": riff_report,
    b"BW64": riff_report,
    w64.MAGIC: w64.w64_report,
    b"FORM": aiff.aiff_report,
    flac.MAGIC: flac.flac_report,
    ogg.MAGIC: ogg.ogg_report,
}

_OTHER_AUDIO = (
    *(b"caff", b".snd", b"NIST_1A", b"PVF1", b"Creative Voice File", b"wvpk", b"MAC ", b"TTA1", b"MPCK", b"MP+", b"#!AMR"),
    *(b"\x1a\x45\xdf\xa3", b"\x30\x26\xb2\x75"),  # Matroska/WebM; Windows Media
)
_NOT_AUDIO = (
    *(b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"MThd", b"SQLite format 3", b"\x7fELF", b"MZ\x90"),
    *(b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"BZh"),
)


def header_state(path: Path) -> HeaderState:
    """Compare the length that the file's header declares with what is on disk; cheap (a few reads at both ends).

    COMPLETE is only said when the header accounts for the whole file, so a file that still grows, or that was given its
    size beforehand and is being filled, is not COMPLETE as far as its header can tell. An empty file is INCOMPLETE, text
    under an audio name NOT_AUDIO, formats without a length UNKNOWN.

    Raises AudioMissing, AudioUnreadable (permission denied, a folder).
    """
    return header_report(path).state


def header_report(path: Path) -> HeaderReport:
    """Like `header_state`, with the container format and the lengths that it is judged by."""
    with readable_file(path) as file:
        return header_report_of(file)


def header_report_of(file: BinaryIO) -> HeaderReport:
    """The same of an open file; the next reader has to seek."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    for magic, reader in _READERS.items():
        if head.startswith(magic):
            return reader(file, size)
    if head.startswith(b"ID3"):
        return _behind_id3(file, size)
    if head[4:8] == b"ftyp":
        return mp4_report(file, size)
    if is_mpeg_frame(head[:4]):
        return mp3_report(file, size)
    return HeaderReport(state=_state_of_others(head), container=Container.OTHER)


def _behind_id3(file: BinaryIO, size: int) -> HeaderReport:
    file.seek(id3_end(file))
    return flac.flac_report(file, size) if file.read(4) == flac.MAGIC else mp3_report(file, size)


def _state_of_others(head: bytes) -> HeaderState:
    if not any(head):
        return HeaderState.INCOMPLETE  # empty, or its space reserved and nothing written yet
    if head.startswith(_OTHER_AUDIO):
        return HeaderState.UNKNOWN
    if len(head) < _SHORTEST_BYTES and any(magic.startswith(head) for magic in (*_READERS, b"ID3")):
        return HeaderState.INCOMPLETE
    if head.startswith(_NOT_AUDIO) or _is_text(head):
        return HeaderState.NOT_AUDIO
    return HeaderState.UNKNOWN


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True  # UTF-16
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not only a character that the end of `head` cuts
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character in "\t\r\n\f\ufeff" for character in text)
