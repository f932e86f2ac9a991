"""Files of rendered segments: features and targets, written by several processes, each file reproducible by itself.

A file `NNNNN.npz` holds, for 64 segments of 8 s: F features (float16, (64, 800, BANDS)), Y onset targets and V velocities
(float16, (64, 800, 14)), and the strokes themselves: `strokes` (float32, (n, 4): segment, time_s, column, velocity).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backbeat.engines.net.features import FPS, features
from backbeat.engines.net.vocabulary import COLUMN
from backbeat.training.numbered_files import Arrays, Progress, Render, render_missing
from backbeat.training.playing.grooves import TRAINING_SPLITS, VALIDATION_SPLITS
from backbeat.training.segments.segment import Segment, render_segment
from backbeat.training.segments.targets import hits_to_targets
from backbeat.training.sounds.bank import VALIDATION, BankFilter
from backbeat.training.sources import Sources, load_sources

SEGMENTS_PER_FILE = 64
SEGMENT_S = 8.0


@dataclass(frozen=True, kw_only=True)
class RenderSettings:
    """What to render. seed and the file's number decide everything that is in a file.

    validation: the held-out kits and the performances of the dataset's other splits. bands_folder: more music for full mixes,
    see `backing.sound_font`.
    """

    bank_root: Path
    out_folder: Path
    files: int
    seed: int = 1
    processes: int = 2
    validation: bool = False
    segments_per_file: int = SEGMENTS_PER_FILE
    bank_filter: BankFilter | None = None
    bands_folder: Path | None = None

    @property
    def audio_hours(self) -> float:
        """How much audio that is."""
        return self.files * self.segments_per_file * SEGMENT_S / 3600

    def open_sources(self) -> Sources:
        """Read bank and grooves. Raises ConfigError when they are not there."""
        wanted = self.bank_filter or (VALIDATION if self.validation else BankFilter())
        splits = VALIDATION_SPLITS if self.validation else TRAINING_SPLITS
        return load_sources(self.bank_root, wanted, splits, self.bands_folder)


def render_dataset(settings: RenderSettings, progress: Progress | None = None) -> int:
    """Render the files that are missing; returns how many were. An interrupted run goes on where it stopped.

    Raises ConfigError when bank or grooves are not there.
    """
    return render_segments(
        settings.open_sources,
        settings.out_folder,
        files=settings.files,
        seed=settings.seed,
        processes=settings.processes,
        validation=settings.validation,
        segments_per_file=settings.segments_per_file,
        progress=progress,
    )


def render_segments(
    open_sources: Callable[[], Sources],
    folder: Path,
    *,
    files: int,
    seed: int,
    processes: int,
    validation: bool = False,
    segments_per_file: int = SEGMENTS_PER_FILE,
    progress: Progress | None = None,
) -> int:
    """As `render_dataset`, from any sources; they are opened only if a file is missing. validation: gives other numbers."""

    def open_render() -> Render:
        sources = open_sources()
        return lambda number: of_file(sources.fresh(), number)

    def of_file(sources: Sources, number: int) -> Arrays:
        rng = np.random.default_rng((seed, number, validation))
        return segments_to_arrays([render_segment(rng, sources, SEGMENT_S) for _ in range(segments_per_file)])

    return render_missing(folder, files, open_render, processes=processes, progress=progress)


def segments_to_arrays(segments: Sequence[Segment]) -> Arrays:
    """The arrays of one file (see above) from segments of one length."""
    frames = round(SEGMENT_S * FPS)
    targets = [hits_to_targets(segment.hits, frames) for segment in segments]
    strokes = [
        (index, stroke.time_s, COLUMN[stroke.instrument], stroke.velocity)
        for index, segment in enumerate(segments)
        for stroke in segment.hits
    ]
    return {
        "F": np.stack([features(segment.samples)[:frames] for segment in segments]).astype(np.float16),
        "Y": np.stack([onsets for onsets, _ in targets]),
        "V": np.stack([velocities for _, velocities in targets]),
        "strokes": np.array(strokes, np.float32).reshape(-1, 4),
    }
