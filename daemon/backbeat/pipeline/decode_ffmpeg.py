"""Decoding with the ffmpeg program: m4a and whatever else libsndfile cannot read.

ffmpeg reads hundreds of formats, playlists among them that name other files to play. It is therefore told which few it may
take a recording for, that it may open local files only, and how much it may use.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from backbeat.errors import AudioUnreadable
from backbeat.pipeline.sound_stream import BLOCK_FRAMES, SoundStream
from backbeat.program_limits import limit_memory
from backbeat.records import FloatArray

# .snd: magic, offset of the sound, its size, coding 6 (32-bit float), rate, channels; big-endian (Sun/NeXT audio).
_AU_HEAD_BYTES = 24
_AU_FLOAT = 6
_MAX_LOG_BYTES = 1 << 16
_FORMATS = (
    *("aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "eac3", "flac", "flv", "matroska", "mov"),
    *("mp3", "mpc", "mpc8", "mpeg", "mpegts", "ogg", "tak", "tta", "voc", "w64", "wav", "webm", "wv"),
)
"""ffmpeg's names of what it may read: files that hold their sound themselves. Not among them are playlists (hls, concat, dash)
and others that make ffmpeg open further files, which may lie outside of the folders that may be read."""

MEMORY_MAX_BYTES = 2 << 30
_ONE_BLOCK_MAX_BYTES = 256 << 20
CPU_MAX_S = 3600
"""Decoding an hour takes seconds."""

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_ERROR_LINE = re.compile(r"^(?:\[[^\]]* @ [^\]]*\] )?\[(?:error|fatal|panic)\] (.+)$", re.MULTILINE)


def find_ffmpeg() -> str | None:
    """The ffmpeg program on PATH."""
    return shutil.which("ffmpeg")


@contextmanager
def ffmpeg_stream(file: BinaryIO, path: Path, program: str) -> Iterator[SoundStream]:
    """Decode the first sound track of the open file with ffmpeg, which is killed when the block is left early.

    ffmpeg writes a 24-byte head with rate and channels and then raw float32. path: for messages. Raises
    AudioUnreadable with what ffmpeg says when it finds no sound, and while reading when it fails.
    """
    name = _name(file, path)
    command = (
        *(program, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"),
        *("-timelimit", str(CPU_MAX_S), "-max_alloc", str(_ONE_BLOCK_MAX_BYTES)),
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", ",".join(_FORMATS)),
        *("-i", name, "-map", "0:a:0", "-map_metadata", "-1", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"),
    )
    with tempfile.TemporaryDirectory(prefix="backbeat-") as folder:
        log = Path(folder) / "log"  # a pipe that nobody reads would block ffmpeg when it is full
        process = _start(command, log, file)
        assert process.stdout is not None  # noqa: S101 - it was asked for
        try:
            yield _stream(_Source(name=name, path=path), process, process.stdout, log)
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


@dataclass(frozen=True, kw_only=True)
class _Source:
    """name: what ffmpeg calls it. path: what people call it."""

    name: str
    path: Path


def _name(file: BinaryIO, path: Path) -> str:
    """The open file itself, handed over by its descriptor; Windows can only be told the path."""
    if sys.platform == "win32":
        return f"file:{path}"
    file.seek(0)  # macOS opens a descriptor's name at the place where the descriptor is
    return f"file:/dev/fd/{file.fileno()}"


def _start(command: tuple[str, ...], log: Path, sound: BinaryIO) -> subprocess.Popen[bytes]:
    handed_over = () if sys.platform == "win32" else (sound.fileno(),)
    with log.open("wb") as file:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=file, pass_fds=handed_over
            )
        except OSError as error:
            raise AudioUnreadable(
                f"ffmpeg could not be started: {error.strerror}.", advice=f"Install ffmpeg again; it was found at {command[0]}."
            ) from error
    limit_memory(process.pid, MEMORY_MAX_BYTES)
    return process


def _stream(source: _Source, process: subprocess.Popen[bytes], sound: IO[bytes], log: Path) -> SoundStream:
    head = sound.read(_AU_HEAD_BYTES)
    if len(head) < _AU_HEAD_BYTES or head[:4] != b".snd" or int.from_bytes(head[12:16], "big") != _AU_FLOAT:
        process.wait()
        raise _failed(source, _read(log))
    offset, rate_hz, channels = (int.from_bytes(head[n : n + 4], "big") for n in (4, 16, 20))
    sound.read(offset - _AU_HEAD_BYTES)
    duration_s = _duration_s(_read(log))
    notes: list[str] = []

    def blocks() -> Iterator[FloatArray]:
        frame_bytes = 4 * channels
        while data := sound.read(BLOCK_FRAMES * frame_bytes):
            whole = data[: len(data) - len(data) % frame_bytes]
            if whole:
                yield np.frombuffer(whole, dtype=">f4").astype(np.float32).reshape(-1, channels)
        if process.wait():
            raise _failed(source, _read(log))
        complaint = _complaint(_read(log))
        if complaint:
            notes.append(f"ffmpeg found damage in the file: {complaint}.")

    return SoundStream(
        sample_rate_hz=rate_hz,
        channels=channels,
        frames=None if duration_s is None else round(duration_s * rate_hz),
        frames_are_exact=False,
        blocks=blocks(),
        notes=notes,
    )


def _read(log: Path) -> str:
    with log.open("rb") as file:
        return file.read(_MAX_LOG_BYTES).decode(errors="replace")


def _duration_s(text: str) -> float | None:
    match = _DURATION.search(text)
    return None if match is None else 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])


def _complaint(text: str) -> str:
    """The first error that ffmpeg reports, without its own names and addresses; empty when there is none."""
    match = _ERROR_LINE.search(text)
    return "" if match is None else match[1].strip().rstrip(".")


def _failed(source: _Source, text: str) -> AudioUnreadable:
    path, complaint = source.path, _complaint(text).removeprefix(f"{source.name}: ")
    if "matches no streams" in complaint:
        return AudioUnreadable(f"{path.name} has no sound in it.")
    return AudioUnreadable(f"{path.name} cannot be decoded (ffmpeg says: {complaint or 'nothing'}).")
