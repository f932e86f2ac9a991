"""The outline of a recording's waveform, for drawing: the lowest and highest sample of each short stretch."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from backbeat.errors import AudioChanged, AudioUnreadable
from backbeat.intake.audio_header import header_report_of
from backbeat.intake.fingerprint import fingerprint_of
from backbeat.intake.readable_file import readable_file
from backbeat.monitor import Monitor
from backbeat.outputs.picture.envelope import Envelope
from backbeat.pipeline.open_sound import open_sound
from backbeat.records import FloatArray, IntArray

_ROUNDING = 1e-6
"""Of a frame: what times in seconds may be off."""


def file_to_envelope(path: Path, *, fingerprint: str, start_s: float, end_s: float, step_s: float, monitor: Monitor) -> Envelope:
    """Read `path` in blocks, so that memory does not grow with its length; can be cancelled between them.

    fingerprint: of the content that is meant. start_s, end_s: the stretch, seconds. step_s: length of one point, seconds;
    a frame at least.
    Where the file has no sound, points are 0. Raises AudioMissing, AudioUnreadable, AudioTruncated, AudioChanged, Cancelled.
    """
    with ExitStack() as stack:
        file = stack.enter_context(readable_file(path))
        if fingerprint_of(file, monitor) != fingerprint:
            raise AudioChanged(f"{path.name} is not the same recording any more.")
        stream = open_sound(file, path, header_report_of(file), stack)
        if stream.sample_rate_hz < 1:
            raise AudioUnreadable(f"{path.name} is damaged: its header states {stream.sample_rate_hz} Hz.")
        step_s = max(step_s, 1.0 / stream.sample_rate_hz)
        points = Points(start_s=start_s, end_s=end_s, step_s=step_s, sample_rate_hz=stream.sample_rate_hz)
        for block in stream.blocks:
            monitor.check()
            points.take(block)
            if points.is_full:
                break
    return Envelope(start_s=start_s, step_s=step_s, low=points.low, high=points.high)


class Points:
    """Gathers blocks of samples into points that are a frame long at least.

    low, high: float32, shape (n,): point k is over the frames from `edges[k]` to before `edges[k + 1]`, over all channels.
    """

    def __init__(self, *, start_s: float, end_s: float, step_s: float, sample_rate_hz: int) -> None:
        count = max(1, int(np.ceil((end_s - start_s) / step_s - 1e-9)))
        edges_s = np.minimum(start_s + np.arange(count + 1) * step_s, end_s)
        self.edges: IntArray = np.floor(edges_s * sample_rate_hz + _ROUNDING).astype(np.int64)
        self.low: FloatArray = np.zeros(count, dtype=np.float32)
        self.high: FloatArray = np.zeros(count, dtype=np.float32)
        self._frames = 0

    @property
    def is_full(self) -> bool:
        """Whether what comes now is behind the last point."""
        return bool(self._frames >= self.edges[-1])

    def take(self, block: FloatArray) -> None:
        """Add the next frames: float32, shape (n, channels); values that are not finite count as 0."""
        first, end = self._frames, self._frames + len(block)
        self._frames = end
        begin, stop = max(first, int(self.edges[0])), min(end, int(self.edges[-1]))
        if begin >= stop:
            return
        frames = np.nan_to_num(block[begin - first : stop - first], nan=0.0, posinf=0.0, neginf=0.0)
        points = slice(
            int(np.searchsorted(self.edges, begin, side="right")) - 1, int(np.searchsorted(self.edges, stop, side="left"))
        )
        cuts = np.maximum(self.edges[points], begin) - begin
        low, high = (np.minimum.reduceat(frames.min(axis=1), cuts), np.maximum.reduceat(frames.max(axis=1), cuts))
        self.low[points] = np.minimum(self.low[points], low)
        self.high[points] = np.maximum(self.high[points], high)
