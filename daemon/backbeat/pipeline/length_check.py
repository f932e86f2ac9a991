"""Whether a recording is as long as its header says, in seconds that can be told to the user."""

from __future__ import annotations

from pathlib import Path

from backbeat.errors import AudioTruncated
from backbeat.intake.headers.report import Container, HeaderReport, HeaderState
from backbeat.pipeline.sound_stream import SoundStream

_LINEAR = (Container.WAV, Container.RF64, Container.BW64, Container.W64, Container.AIFF)
_TOLERATED_S = 0.05
"""Some programs count a few bytes too many; what is lost of a real recording is more."""

_ESTIMATE_TOLERATED_S = 0.5
_ESTIMATE_TOLERATED = 0.02

_DISAGREE = "The file and its header disagree about the length; if the end is missing, bounce the track again."


def clock(seconds: float) -> str:
    """`2.5 s`, `1:05` or `1:00:00`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def check_declared_length(path: Path, report: HeaderReport, stream: SoundStream) -> None:
    """For formats in which bytes are time: raise AudioTruncated, before anything is decoded, where too few are there."""
    declared, present = report.declared_bytes, report.present_bytes
    if report.container not in _LINEAR or not declared or present is None or present >= declared:
        return
    held_s = stream.duration_s or 0.0
    declared_s = held_s * declared / present if present else None
    if declared_s is None or declared_s - held_s > _TOLERATED_S:
        raise _truncated(path, held_s, declared_s)


def check_read_length(path: Path, report: HeaderReport, stream: SoundStream, frames: int) -> tuple[str, ...]:
    """After decoding `frames` frames: raise AudioTruncated where more were declared; returns warnings."""
    held_s, declared_s = frames / stream.sample_rate_hz, stream.duration_s
    is_incomplete = report.state is HeaderState.INCOMPLETE
    if declared_s is not None:
        tolerated_s = _TOLERATED_S
        if not stream.frames_are_exact:
            tolerated_s = _ESTIMATE_TOLERATED_S + _ESTIMATE_TOLERATED * declared_s
        is_short = held_s < declared_s - tolerated_s
        if is_short and (stream.frames_are_exact or is_incomplete or stream.notes):
            raise _truncated(path, held_s, declared_s)
    return (_DISAGREE,) if is_incomplete and not stream.notes else ()


def _truncated(path: Path, held_s: float, declared_s: float | None) -> AudioTruncated:
    if declared_s is None:
        return AudioTruncated(f"{path.name} is cut off: there is no sound behind its header.")
    return AudioTruncated(
        f"{path.name} is cut off: its header promises {clock(declared_s)} of sound, the file holds {clock(held_s)}."
    )
