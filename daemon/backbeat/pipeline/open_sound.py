"""Choosing the decoder for a recording, and saying why where there is none."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from backbeat.errors import AudioError, AudioTruncated, AudioUnreadable
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState
from backbeat.pipeline.decode_ffmpeg import ffmpeg_stream, find_ffmpeg
from backbeat.pipeline.decode_soundfile import FormatUnknown, soundfile_stream
from backbeat.pipeline.sound_stream import SoundStream

_GUESSED_LENGTH_NOTE = "The MP3 does not state its length, so its end may be missing; with ffmpeg installed it is read whole."


def open_sound(file: BinaryIO, path: Path, report: HeaderReport, stack: ExitStack) -> SoundStream:
    """Decode the open file with libsndfile, else with ffmpeg; ended by `stack`.

    What is decoded is the file that is open, whatever its name leads to by now. path: for messages.
    Raises AudioUnreadable (empty, not audio, no decoder), AudioTruncated (breaks off inside the header).
    """
    _refuse_hopeless(file, path, report)
    ffmpeg = find_ffmpeg()
    is_guessed = report.container is Container.MP3 and report.declared_bytes is None
    if not (is_guessed and ffmpeg):  # libsndfile stops at a guessed length
        try:
            stream = stack.enter_context(soundfile_stream(file, path, report))
        except FormatUnknown as error:
            if report.state is HeaderState.INCOMPLETE and report.container not in (Container.MP4, Container.OTHER):
                raise _broken_off(path, report) from error
        else:
            if is_guessed:
                stream.notes.append(_GUESSED_LENGTH_NOTE)
            return stream
    if ffmpeg is None:
        raise _needs_ffmpeg(path)
    try:
        return stack.enter_context(ffmpeg_stream(file, path, ffmpeg))
    except AudioUnreadable as error:
        if report.state is HeaderState.INCOMPLETE:
            raise _broken_off(path, report) from error
        raise


def _refuse_hopeless(file: BinaryIO, path: Path, report: HeaderReport) -> None:
    if os.fstat(file.fileno()).st_size == 0:
        raise AudioUnreadable(f"{path.name} is empty (0 bytes).", advice="Bounce the track again.")
    if report.state is HeaderState.NOT_AUDIO:
        raise AudioUnreadable(f"{path.name} is not an audio file, whatever its name says.")
    if report.state is HeaderState.INCOMPLETE and report.container is Container.OTHER:
        raise AudioTruncated(f"{path.name} has nothing in it yet: space was reserved for it, but no sound was written.")


def _broken_off(path: Path, report: HeaderReport) -> AudioError:
    return AudioTruncated(f"{path.name} breaks off: it begins like a {report.container} file, but there is no sound in it.")


def _needs_ffmpeg(path: Path) -> AudioUnreadable:
    kind = f"{path.suffix} files" if path.suffix else "files like this"
    return AudioUnreadable(
        f"{path.name} is in a format that cannot be read here: {kind} need the program ffmpeg, which is not installed.",
        advice="Install ffmpeg (https://ffmpeg.org) so that it is on PATH, or export as WAV, AIFF, FLAC, OGG or MP3.",
    )
