"""The summary picture of a result: its hits, beats and bars, under the waveform where the recording is at hand."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbeat.errors import AudioError, AudioMissing, EngineMissing, OutputError
from backbeat.monitor import Monitor
from backbeat.outputs.picture.data import PictureData, picture_data
from backbeat.outputs.picture.envelope import Envelope
from backbeat.outputs.picture.layout import Layout, picture_layout
from backbeat.pipeline.file_to_envelope import file_to_envelope
from backbeat.values import Picture

POINTS_PER_IN = 64
"""Of the waveform's outline: finer than a screen shows, and an SVG file of ten minutes has about 2 MB."""


@dataclass(frozen=True, kw_only=True)
class PictureOptions:
    """What is drawn of a result. start_s, end_s: the stretch, seconds; None: to its end. seconds_per_row: None: by itself."""

    start_s: float = 0.0
    end_s: float | None = None
    seconds_per_row: float | None = None


def result_to_picture(
    document: Mapping[str, Any],
    *,
    recording: Path,
    picture: Picture,
    monitor: Monitor,
    options: PictureOptions | None = None,
) -> bytes:
    """Draw a result (`read_document` gives it) as PNG or SVG; the same result and recording give the same bytes.

    recording: where it should be. Without it (gone, replaced, unreadable) there is no waveform, and the picture says why.
    Raises OutputError when there is nothing to draw or it cannot be drawn, EngineMissing without matplotlib, Cancelled.
    """
    options = options or PictureOptions()
    data = picture_data(document)
    layout, envelope, notes = _with_wave(data, options, recording, monitor)
    monitor.check()
    with _without_remarks():
        try:
            from backbeat.outputs.picture.drawing import draw  # noqa: PLC0415 - matplotlib takes a second to load
        except ImportError as error:
            raise EngineMissing(
                f"The picture needs the package matplotlib, which cannot be loaded: {error}.", advice="Install Backbeat again."
            ) from error
        try:
            return draw(data, layout, envelope, notes=notes, picture=picture)
        except (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise OutputError(f"The picture could not be drawn: {str(error) or type(error).__name__}.") from error


@contextmanager
def _without_remarks() -> Iterator[None]:
    """What matplotlib logs on its fonts and folders is of no use to a musician."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _with_wave(
    data: PictureData, options: PictureOptions, recording: Path, monitor: Monitor
) -> tuple[Layout, Envelope | None, list[str]]:
    """The layout with the waveform, or the layout without it and why."""
    layout = _layout(data, options, has_wave=True)
    start_s, end_s = layout.rows[0].start_s, layout.rows[-1].end_s
    step_s = 1.0 / (POINTS_PER_IN * layout.in_per_s)
    try:
        envelope = file_to_envelope(
            recording, fingerprint=data.fingerprint, start_s=start_s, end_s=end_s, step_s=step_s, monitor=monitor
        )
    except AudioMissing:
        return _layout(data, options, has_wave=False), None, ["No waveform: the recording is not there any more."]
    except AudioError as error:
        return _layout(data, options, has_wave=False), None, [f"No waveform: {error.message}"]
    return layout, envelope, []


def _layout(data: PictureData, options: PictureOptions, *, has_wave: bool) -> Layout:
    return picture_layout(
        data, has_wave=has_wave, start_s=options.start_s, end_s=options.end_s, seconds_per_row=options.seconds_per_row
    )
