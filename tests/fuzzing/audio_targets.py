"""Recordings: what their headers say, and what decoding them gives."""

from __future__ import annotations

import hashlib
import io
import struct
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from tests.fuzzing.target import Run, Target

from backbeat.intake.audio_header import HeaderState, header_report_of
from backbeat.intake.tempo_hint import tempo_hint_of
from backbeat.monitor import Unwatched
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.settings import BPM_MAX, BPM_MIN

KINDS = (("WAV", "PCM_16"), ("WAVEX", "FLOAT"), ("RF64", "PCM_24"), ("W64", "PCM_16"), ("AIFF", "PCM_16"), ("AIFF", "FLOAT"))
KINDS += (("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("CAF", "PCM_16"), ("AU", "PCM_16"))
TOKENS = tuple(
    b"RIFF RF64 BW64 WAVE ds64 data LIST INFO IBPM acid ID3\x04 TBPM FORM AIFF AIFC COMM SSND fLaC OggS \x01vorbis \x03vorbis "
    b"OpusHead OpusTags BPM=120 Xing Info \xff\xfb\x90\x64 ftyp moov mdat udta meta ilst tmpo caff TAG \xff\xff\xff\xff".split()
)


@cache
def recordings() -> list[bytes]:
    """A fifth of a second in every format, some with tags behind the sound."""
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 8820).astype(np.float32)
    files = []
    for kind, subtype in KINDS:
        file = io.BytesIO()
        soundfile.write(file, samples, 48_000, format=kind, subtype=subtype)
        files.append(file.getvalue())
    tag = b"TBPM" + struct.pack(">IH", 5, 0) + b"\x00128\0"
    id3 = b"ID3\x03\0\0" + bytes([0, 0, 0, len(tag)]) + tag
    acid = b"acid" + struct.pack("<IIHHfIHHf", 24, 0, 60, 0, 0.0, 8, 4, 4, 120.0)
    info = b"LIST" + struct.pack("<I", 16) + b"INFOIBPM" + struct.pack("<I", 4) + b"97\0\0"
    mp4 = struct.pack(">I4s4sI", 16, b"ftyp", b"M4A ", 0) + _box(b"moov", _box(b"udta", _box(b"meta", bytes(4) + _ilst())))
    tagged = [files[0] + acid + info, files[0] + b"id3 " + struct.pack("<I", len(id3)) + id3, id3 + files[9], id3 + files[6]]
    return [*files, *tagged, mp4 + _box(b"mdat", bytes(64))]


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _ilst() -> bytes:
    return _box(b"ilst", _box(b"tmpo", _box(b"data", struct.pack(">IIH", 21, 0, 112))))


def _open_header(_folder: Path) -> Run:
    def run(data: bytes) -> None:
        file = io.BytesIO(data)
        report = header_report_of(file)
        assert report.state in HeaderState
        assert report.present_bytes is None or 0 <= report.present_bytes <= len(data)
        assert report.declared_bytes is None or report.declared_bytes >= 0
        assert all(repair.offset >= 0 and repair.offset + len(repair.data) <= len(data) for repair in report.repairs)
        hint = tempo_hint_of(file, "song.wav")
        assert hint is None or BPM_MIN <= hint.bpm <= BPM_MAX

    return run


def _open_decoder(folder: Path) -> Run:
    path = folder / "song.wav"

    def run(data: bytes) -> None:
        path.write_bytes(data)
        audio = file_to_audio(
            path,
            fingerprint=hashlib.sha256(data).hexdigest(),
            channels=2,
            limits=AudioLimits(max_minutes=5),
            monitor=Unwatched(),
        )
        assert audio.samples.dtype == np.float32
        assert audio.samples.shape[0] in {1, 2}
        assert np.isfinite(audio.samples).all()

    return run


TARGETS = (
    Target(name="audio-header", open=_open_header, seeds=recordings, tokens=TOKENS),
    Target(name="audio-decode", open=_open_decoder, seeds=recordings, tokens=TOKENS),
)
