"""Decoding with libsndfile: WAV, RF64, W64, AIFF, FLAC, Ogg, MP3 and its older formats."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import SEEK_SET
from pathlib import Path
from typing import BinaryIO

import soundfile

from backbeat.errors import AudioUnreadable
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState, Repair
from backbeat.pipeline.sound_stream import BLOCK_FRAMES, SoundStream
from backbeat.records import FloatArray

_NO_FRAMES_STATED = 1 << 62
"""libsndfile gives the largest 64-bit number for a FLAC file of unstated length."""


class FormatUnknown(Exception):
    """Raised when libsndfile cannot open the file; never leaves the pipeline, another decoder is to try."""


@contextmanager
def soundfile_stream(file: BinaryIO, path: Path, report: HeaderReport) -> Iterator[SoundStream]:
    """Decode the open file. path: for messages. Raises FormatUnknown; AudioUnreadable while reading (damaged)."""
    file.seek(0)
    try:
        sound = soundfile.SoundFile(_source(file, report), closefd=False)
    except soundfile.LibsndfileError as error:
        raise FormatUnknown(str(error)) from error
    with sound:
        # libsndfile guesses the length of an MP3 without a Xing frame.
        exact = report.container is not Container.MP3 or report.declared_bytes is not None
        notes = ["The header states no length; the sound was read to the end of the file."] if _is_unfinished(report) else []
        yield SoundStream(
            sample_rate_hz=sound.samplerate,
            channels=sound.channels,
            frames=sound.frames if sound.frames < _NO_FRAMES_STATED else None,
            frames_are_exact=exact,
            blocks=_blocks(sound, path, report),
            notes=notes,
        )


def _blocks(sound: soundfile.SoundFile, path: Path, report: HeaderReport) -> Iterator[FloatArray]:
    frames_read = 0
    while True:
        try:
            block: FloatArray = sound.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            if report.state is HeaderState.INCOMPLETE or sound.frames >= _NO_FRAMES_STATED:
                return  # the file breaks off; the caller sees it where the header said how much there is
            at_s = frames_read / sound.samplerate
            raise AudioUnreadable(
                f"{path.name} is damaged: it cannot be decoded beyond {at_s:.1f} s.",
                advice="Bounce the track again, or copy the file again from where it came.",
            ) from error
        if not len(block):
            return
        frames_read += len(block)
        yield block


def _is_unfinished(report: HeaderReport) -> bool:
    return bool(report.repairs) and report.declared_bytes == 0


def _source(file: BinaryIO, report: HeaderReport) -> int | BinaryIO | _RepairedFile:
    """What libsndfile reads from: the descriptor, not the name, behind which there may be another file by now.

    On Windows a descriptor means nothing to a library with a C runtime of its own.
    """
    if report.repairs:
        return _RepairedFile(file, report.repairs)
    return file if sys.platform == "win32" else file.fileno()


class _RepairedFile:
    """A file whose header reads as if it were finished; what soundfile needs of a file object."""

    def __init__(self, file: BinaryIO, repairs: tuple[Repair, ...]) -> None:
        self._file = file
        self._repairs = repairs

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:
        start = self._file.tell()
        data = bytearray(self._file.read(len(buffer)))
        for repair in self._repairs:
            for n, byte in enumerate(repair.data):
                if 0 <= repair.offset + n - start < len(data):
                    data[repair.offset + n - start] = byte
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int) -> bytes:
        data = bytearray(size)
        return bytes(data[: self.readinto(memoryview(data))])
