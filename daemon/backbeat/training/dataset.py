"""Files of rendered segments: features and targets, written by several processes, each file reproducible by itself.

A file `NNNNN.npz` holds, for 64 segments of 8 s: F features (float16, (64, 800, BANDS)), Y onset targets and V velocities
(float16, (64, 800, 14)), and the strokes themselves: `strokes` (float32, (n, 4): segment, time_s, column, velocity).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbeat.engines.net_features import FPS, features
from backbeat.engines.net_vocabulary import COLUMN, INSTRUMENTS
from backbeat.training.bank import VALIDATION, BankFilter
from backbeat.training.grooves import TRAINING_SPLITS, VALIDATION_SPLITS
from backbeat.training.segment import Segment, Sources, load_sources, render_segment
from backbeat.training.targets import hits_to_targets
from backbeat.values import Instrument

SEGMENTS_PER_FILE = 64
SEGMENT_S = 8.0

Progress = Callable[[int, int], None]
"""Called with the number of files that are there and the number wanted."""


@dataclass(frozen=True, kw_only=True)
class RenderSettings:
    """What to render. seed and the file's number decide everything that is in a file.

    validation: the held-out kits and the performances of the dataset's other splits. bands_folder: more music for full mixes,
    see `backing_gm`.
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


def missing_files(settings: RenderSettings) -> list[int]:
    """The numbers of the files that are not there yet, rising."""
    return [number for number in range(settings.files) if not file_path(settings, number).is_file()]


def file_path(settings: RenderSettings, number: int) -> Path:
    """Where a file goes."""
    return settings.out_folder / f"{number:05d}.npz"


def render_dataset(settings: RenderSettings, progress: Progress | None = None) -> int:
    """Render the files that are missing; returns how many were. An interrupted run goes on where it stopped.

    Raises ConfigError when bank or grooves are not there.
    """
    wanted = missing_files(settings)
    if not wanted:
        return 0
    settings.out_folder.mkdir(parents=True, exist_ok=True)
    sources = settings.open_sources()
    for done, _ in enumerate(_render_each(settings, sources, wanted), start=settings.files - len(wanted) + 1):
        if progress:
            progress(done, settings.files)
    return len(wanted)


def _render_each(settings: RenderSettings, sources: Sources, wanted: list[int]) -> Iterator[int]:
    """Render the files in any order, yielding the number of each as it is done. Children share the loaded bank with us."""
    if settings.processes < 2 or len(wanted) == 1 or not _can_fork():
        for number in wanted:
            yield _render_numbered(settings, sources, number)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(settings.processes, initializer=_remember, initargs=(settings, sources)) as pool:
        yield from pool.imap_unordered(_render_remembered, wanted)


def _can_fork() -> bool:
    return "fork" in multiprocessing.get_all_start_methods()


_remembered: list[tuple[RenderSettings, Sources]] = []  # set once per child process, which lives for one dataset


def _remember(settings: RenderSettings, sources: Sources) -> None:
    _remembered[:] = [(settings, sources)]


def _render_remembered(number: int) -> int:
    return _render_numbered(*_remembered[0], number)


def _render_numbered(settings: RenderSettings, sources: Sources, number: int) -> int:
    write_file(settings, sources, number)
    return number


def write_file(settings: RenderSettings, sources: Sources, number: int) -> Path:
    """Render one file; it appears under its name only when it is whole."""
    fresh = sources.fresh()
    rng = np.random.default_rng((settings.seed, number, settings.validation))
    segments = [render_segment(rng, fresh, SEGMENT_S) for _ in range(settings.segments_per_file)]
    arrays = segments_to_arrays(segments)
    path = file_path(settings, number)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(file, F=arrays["F"], Y=arrays["Y"], V=arrays["V"], strokes=arrays["strokes"])
    part.replace(path)
    return path


def segments_to_arrays(segments: list[Segment]) -> dict[str, NDArray[np.generic]]:
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


def strokes_per_hour(folder: Path) -> dict[Instrument, float]:
    """How often each instrument is struck per hour of the rendered files in a folder; empty for an empty folder."""
    counts = np.zeros(len(INSTRUMENTS))
    hours = 0.0
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            counts += np.bincount(file["strokes"][:, 2].astype(int), minlength=len(INSTRUMENTS))
            hours += len(file["F"]) * SEGMENT_S / 3600
    return {instrument: float(count / hours) for instrument, count in zip(INSTRUMENTS, counts, strict=True)} if hours else {}
