"""Test recordings with known answers. Tests get this module as the fixture `audio_files`.

Samples are float32, shape (n,) for mono or (channels, n).
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from backbeat.values import Instrument

FloatArray = NDArray[np.float32]
Chunks = Sequence[tuple[bytes, bytes]]

RATE_HZ = 44_100


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """One stroke that was put into a recording: its first sample is at `time_s`. level: peak, 0..1."""

    time_s: float
    instrument: Instrument
    level: float


@dataclass(frozen=True, kw_only=True)
class DrumLoop:
    """A synthetic drum loop in 4/4 and what is in it. samples: float32, shape (n,)."""

    samples: FloatArray
    sample_rate_hz: int
    tempo_bpm: float
    strokes: tuple[Stroke, ...]

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.sample_rate_hz


def drum_loop(*, tempo_bpm: float = 120.0, bars: int = 4, sample_rate_hz: int = RATE_HZ, start_s: float = 0.0) -> DrumLoop:
    """Kick on 1 and 3, snare on 2 and 4, closed hat on every eighth; the first bar starts at `start_s`."""
    eighth_s = 30.0 / tempo_bpm
    strokes = []
    for n in range(8 * bars):
        time_s = start_s + n * eighth_s
        if n % 4 == 0:
            strokes.append(Stroke(time_s=time_s, instrument=Instrument.KICK, level=0.7))
        if n % 4 == 2:
            strokes.append(Stroke(time_s=time_s, instrument=Instrument.SNARE, level=0.6))
        strokes.append(Stroke(time_s=time_s, instrument=Instrument.HIHAT_CLOSED, level=0.2))
    samples = np.zeros(round((start_s + 8 * bars * eighth_s) * sample_rate_hz), dtype=np.float32)
    noise = np.random.default_rng(1)
    for stroke in strokes:
        sound = stroke.level * drum_sound(stroke.instrument, sample_rate_hz, noise)
        first = round(stroke.time_s * sample_rate_hz)
        last = min(first + len(sound), len(samples))
        samples[first:last] += sound[: last - first]
    return DrumLoop(samples=samples, sample_rate_hz=sample_rate_hz, tempo_bpm=tempo_bpm, strokes=tuple(strokes))


def drum_sound(instrument: Instrument, sample_rate_hz: int, noise: np.random.Generator) -> FloatArray:
    """A kick (falling sine), snare (tone and noise) or closed hat (short bright noise); peak 1."""
    time_s = np.arange(round(0.3 * sample_rate_hz)) / sample_rate_hz
    if instrument is Instrument.KICK:
        pitch_hz = 50.0 + 130.0 * np.exp(-time_s / 0.03)
        sound = np.sin(2 * np.pi * np.cumsum(pitch_hz) / sample_rate_hz) * np.exp(-time_s / 0.1)
    elif instrument is Instrument.SNARE:
        rattle = noise.standard_normal(len(time_s)) * np.exp(-time_s / 0.06)
        sound = 0.4 * np.sin(2 * np.pi * 190.0 * time_s) * np.exp(-time_s / 0.05) + 0.25 * rattle
    else:
        sound = np.diff(noise.standard_normal(len(time_s)), prepend=0.0) * np.exp(-time_s / 0.015) * 0.3
    return (sound / np.abs(sound).max()).astype(np.float32)


def clicks(times_s: Sequence[float], *, duration_s: float, sample_rate_hz: int = RATE_HZ, channels: int = 1) -> FloatArray:
    """Single samples of level 0.5 in silence, the same in all channels; shape (channels, n)."""
    samples = np.zeros((channels, round(duration_s * sample_rate_hz)), dtype=np.float32)
    for time_s in times_s:
        samples[:, round(time_s * sample_rate_hz)] = 0.5
    return samples


def noise(duration_s: float, *, sample_rate_hz: int = RATE_HZ, channels: int = 1, seed: int = 0) -> FloatArray:
    """White noise of about -20 dB, different in all channels; shape (channels, n)."""
    shape = (channels, round(duration_s * sample_rate_hz))
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) * np.float32(0.1)


def write_sound(
    path: Path, samples: FloatArray, *, sample_rate_hz: int = RATE_HZ, kind: str | None = None, subtype: str | None = None
) -> Path:
    """Write with libsndfile. kind, subtype: its names such as WAV, W64, RF64, AIFF and PCM_24, FLOAT; None: by the suffix."""
    soundfile.write(path, np.atleast_2d(samples).T, sample_rate_hz, format=kind, subtype=subtype)
    return path


def encode_with_ffmpeg(source: Path, target: Path, *options: str) -> Path:
    """Convert a recording with the ffmpeg program, which the tests need."""
    program = shutil.which("ffmpeg")
    assert program, "the tests need ffmpeg on PATH"
    command = [program, "-nostdin", "-v", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return target


def wav_bytes(
    samples: FloatArray,
    *,
    sample_rate_hz: int = RATE_HZ,
    before: Chunks = (),
    after: Chunks = (),
    data_size: int | None = None,
    riff_size: int | None = None,
) -> bytes:
    """A 16-bit WAV file, byte for byte: `before` and `after` are chunks around the sound; sizes may be made to lie."""
    frames = np.atleast_2d(samples).T
    sound = (np.clip(frames, -1, 1) * 32767).astype("<i2").tobytes()
    channels = frames.shape[1]
    layout = struct.pack("<HHIIHH", 1, channels, sample_rate_hz, sample_rate_hz * channels * 2, channels * 2, 16)
    data = b"data" + struct.pack("<I", len(sound) if data_size is None else data_size) + sound
    body = b"WAVE" + _riff_chunks([(b"fmt ", layout), *before]) + data + b"\0" * (len(sound) % 2) + _riff_chunks(after)
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


def acid_chunk(tempo_bpm: float, *, one_shot: bool = False, beats: int = 8) -> tuple[bytes, bytes]:
    """The chunk in which loops state their tempo."""
    return b"acid", struct.pack("<IHHfIHHf", int(one_shot), 60, 0x8000, 0.0, beats, 4, 4, tempo_bpm)


def id3_tag(text: str, *, version: int = 3) -> bytes:
    """An ID3v2 tag with a title and the tempo `text`."""
    if version == 2:
        frames = [
            b"TT2" + (5).to_bytes(3, "big") + b"\0loop",
            b"TBP" + (len(text) + 1).to_bytes(3, "big") + b"\0" + text.encode(),
        ]
    else:
        frames = [_id3_frame(b"TIT2", "a long title " * 20, version), _id3_frame(b"TBPM", text, version)]
    body = b"".join(frames) + bytes(64)
    return b"ID3" + bytes([version, 0, 0]) + _syncsafe(len(body)) + body


def _id3_frame(name: bytes, text: str, version: int) -> bytes:
    content = b"\x03" + text.encode() if version == 4 else b"\x01" + text.encode("utf-16")
    size = _syncsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
    return name + size + b"\0\0" + content


def _syncsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def _riff_chunks(chunks: Chunks) -> bytes:
    return b"".join(name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks)
