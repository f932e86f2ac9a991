"""A recording on disk becomes `Audio`: decoded, one or two channels, at the analysis rate, finite everywhere."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soxr

from backbeat.errors import AudioChanged, AudioError, AudioTooLong, AudioUnreadable
from backbeat.intake.audio_header import header_report_of
from backbeat.intake.file_stamp import FileStamp, file_stamp, stamp_of
from backbeat.intake.fingerprint import fingerprint_of
from backbeat.intake.readable_file import readable_file
from backbeat.intake.tempo_hint import tempo_hint_of
from backbeat.monitor import Monitor
from backbeat.pipeline.downmix import Downmix
from backbeat.pipeline.length_check import check_declared_length, check_read_length, clock
from backbeat.pipeline.open_sound import open_sound
from backbeat.pipeline.sample_buffer import SampleBuffer
from backbeat.pipeline.sound_stream import SoundStream
from backbeat.records import Audio, FloatArray
from backbeat.values import ANALYSIS_RATE_HZ, Stage

_RATES_HZ = (1_000, 1_000_000)
_DULL_BELOW_HZ = 22_050
_SHORT_BELOW_S = 1.0


@dataclass(frozen=True, kw_only=True)
class AudioLimits:
    """max_minutes: longer recordings are refused."""

    max_minutes: float


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """samples: float32, shape (channels, n), at the analysis rate. frames: how many were read, at the file's rate."""

    samples: FloatArray
    frames: int
    downmix: Downmix


def file_to_audio(path: Path, *, fingerprint: str, channels: int, limits: AudioLimits, monitor: Monitor) -> Audio:
    """Decode `path` in blocks; reports `Stage.READ` and can be cancelled between blocks.

    The file is opened once: what is decoded is what the fingerprint was compared with, whatever the name leads to meanwhile.
    fingerprint: of the content that is meant; other content is AudioChanged. channels: 1 or 2, the most that the result
    has (mono stays mono; more than two become one). Sample 0 of the file is sample 0 of the result, and its length is the
    file's within a sample. NaN, infinite and absurd values become 0. The tempo that the file states goes along.

    Raises AudioMissing, AudioUnreadable, AudioTruncated, AudioTooLong, AudioChanged, Cancelled.
    """
    with readable_file(path) as file:
        stamp = stamp_of(file)
        _require_content(file, path, fingerprint, monitor)
        try:
            audio = _decode(file, path, fingerprint, channels=channels, limits=limits, monitor=monitor)
        except AudioError:
            _require_still_meant(file, path, stamp, fingerprint, monitor)  # a newer bounce may be being written over it
            raise
        _require_still_meant(file, path, stamp, fingerprint, monitor)
    return audio


def _decode(file: BinaryIO, path: Path, fingerprint: str, *, channels: int, limits: AudioLimits, monitor: Monitor) -> Audio:
    report = header_report_of(file)
    hint = tempo_hint_of(file, path.name)
    with ExitStack() as stack:
        stream = open_sound(file, path, report, stack)
        _check_rate(path, stream)
        check_declared_length(path, report, stream)
        reading = _read(path, stream, channels, limits, monitor)
        header_warnings = check_read_length(path, report, stream, reading.frames)
    if reading.frames == 0:
        raise AudioUnreadable(f"{path.name} holds no sound: it is 0 samples long.", advice="Bounce the track again.")
    return Audio(
        samples=reading.samples,
        sample_rate_hz=ANALYSIS_RATE_HZ,
        path=path,
        fingerprint=fingerprint,
        host_bpm=hint.bpm if hint else None,
        host_bpm_source=hint.source if hint else None,
        warnings=(*stream.notes, *header_warnings, *_warnings(stream, reading)),
    )


def _require_still_meant(file: BinaryIO, path: Path, stamp: FileStamp, fingerprint: str, monitor: Monitor) -> None:
    """The open file was not written to meanwhile, and the name leads to the same content still."""
    if stamp_of(file) != stamp:
        _require_content(file, path, fingerprint, monitor)
    if file_stamp(path) != stamp:
        with readable_file(path) as there:
            _require_content(there, path, fingerprint, monitor)


def _require_content(file: BinaryIO, path: Path, fingerprint: str, monitor: Monitor) -> None:
    if fingerprint_of(file, monitor) != fingerprint:
        raise AudioChanged(
            f"{path.name} was replaced before it was read to the end.",
            advice="In a watched folder the new version gets a job of its own; otherwise ask for it again.",
        )


def _check_rate(path: Path, stream: SoundStream) -> None:
    lowest, highest = _RATES_HZ
    if not lowest <= stream.sample_rate_hz <= highest or stream.channels < 1:
        raise AudioUnreadable(
            f"{path.name} is damaged: its header states {stream.channels} channels at {stream.sample_rate_hz} Hz.",
            advice="Bounce the track again.",
        )


def _read(path: Path, stream: SoundStream, channels: int, limits: AudioLimits, monitor: Monitor) -> _Reading:
    max_frames = int(limits.max_minutes * 60 * stream.sample_rate_hz)
    if stream.frames is not None and stream.frames > max_frames:
        raise _too_long(path, stream.frames, stream, limits)
    downmix = Downmix(stream.channels, channels)
    ratio = ANALYSIS_RATE_HZ / stream.sample_rate_hz
    frames = 0

    def mixed_blocks() -> Iterator[FloatArray]:
        nonlocal frames
        for block in stream.blocks:
            monitor.check()
            frames += len(block)
            if frames > max_frames:
                raise _too_long(path, frames, stream, limits)
            yield downmix.mix(block)
            if stream.frames:
                monitor.progress(Stage.READ, min(frames / stream.frames, 1.0))

    try:
        expected = None if stream.frames is None else math.ceil(stream.frames * ratio) + 1
        buffer = SampleBuffer(downmix.out_channels, expected)
        for block in _resampled(mixed_blocks(), stream.sample_rate_hz, downmix.out_channels):
            buffer.append(block)
        samples = buffer.samples()
    except MemoryError as error:
        raise AudioTooLong(f"{path.name} does not fit into this computer's memory.") from error
    if downmix.gain != 1.0:
        samples *= np.float32(downmix.gain)
    monitor.progress(Stage.READ, 1.0)
    return _Reading(samples=samples, frames=frames, downmix=downmix)


def _resampled(blocks: Iterator[FloatArray], rate_hz: int, channels: int) -> Iterator[FloatArray]:
    """Blocks of shape (n, channels) at the analysis rate. soxr's stream takes its own delay out."""
    if rate_hz == ANALYSIS_RATE_HZ:
        yield from blocks
        return
    resampler = soxr.ResampleStream(rate_hz, ANALYSIS_RATE_HZ, channels, dtype="float32", quality="HQ")
    for block in blocks:
        yield resampler.resample_chunk(block)
    yield resampler.resample_chunk(np.empty((0, channels), dtype=np.float32), last=True)


def _too_long(path: Path, frames: int, stream: SoundStream, limits: AudioLimits) -> AudioTooLong:
    length = clock(frames / stream.sample_rate_hz)
    return AudioTooLong(f"{path.name} is longer than {limits.max_minutes:g} minutes (at least {length}).")


def _warnings(stream: SoundStream, reading: _Reading) -> Iterator[str]:
    downmix, length_s = reading.downmix, reading.frames / stream.sample_rate_hz
    if stream.channels > 2:
        silent = stream.channels - downmix.sounding_channels
        yield f"The recording has {stream.channels} channels ({silent} of them silent); they were mixed down to one."
    if downmix.bad_values:
        yield f"{downmix.bad_values} samples are not numbers (NaN or infinite); they were taken as silence."
    if stream.sample_rate_hz < _DULL_BELOW_HZ:
        rate_khz = stream.sample_rate_hz / 1000
        yield f"The recording is sampled at {rate_khz:g} kHz: it has nothing above {rate_khz / 2:g} kHz to tell cymbals apart by."
    if length_s < _SHORT_BELOW_S:
        yield f"The recording is only {1000 * length_s:.0f} ms long: too short to find a tempo in."
    if not downmix.sounding_channels:
        yield "The recording is silent from beginning to end."
