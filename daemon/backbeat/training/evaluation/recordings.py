"""How well the engine, as it runs in the daemon, hears annotated recordings."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile as sf

from backbeat.engines.protocols import HitEngine
from backbeat.errors import ConfigError
from backbeat.monitor import Unwatched
from backbeat.records import BeatGrid, DrumStem, Hit
from backbeat.training.evaluation.heard import Heard
from backbeat.training.evaluation.references import FAMILY_LABELS, found_by_family, read_reference, read_techniques
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches
from backbeat.values import StemOrigin

NO_BEATS = BeatGrid(
    times_s=np.zeros(0),
    numbers=np.zeros(0, np.int64),
    meters=(),
    tempo_bpm=120.0,
    confidence=0.0,
    bpm_unreliable=True,
    engine="none",
)
"""For engines that need no beat."""


@dataclass
class Evaluation:
    """Counts per family over all recordings, their lags (found minus reference, seconds), and how long it took."""

    families: dict[str, Counts] = field(default_factory=lambda: {family: Counts() for family in FAMILY_LABELS.values()})
    lags_s: dict[str, list[float]] = field(default_factory=lambda: {family: [] for family in FAMILY_LABELS.values()})
    tracks: dict[str, float] = field(default_factory=dict)
    audio_s: float = 0.0
    wall_s: float = 0.0

    @property
    def f_measure(self) -> float:
        """Micro F over the strokes of all families."""
        return Counts.sum(self.families.values()).f_measure

    def __str__(self) -> str:
        families = ", ".join(f"{name} {counts.f_measure:.3f}" for name, counts in self.families.items() if counts.expected)
        lags = ", ".join(f"{name} {np.median(lags) * 1000:+.0f} ms" for name, lags in self.lags_s.items() if lags)
        speed = self.audio_s / max(self.wall_s, 1e-9)
        return f"F {self.f_measure:.3f} ({families}); median lag {lags}; {speed:.0f} times as fast as playing"


def recordings(folder: Path) -> Iterator[Path]:
    """Its WAV and FLAC files by name. Raises ConfigError when there are none."""
    paths = sorted(path for path in folder.glob("*") if path.suffix.lower() in {".wav", ".flac"})
    if not paths:
        raise ConfigError(f"There are no WAV or FLAC files in {folder}.", advice="Name the folder that the recordings are in.")
    return iter(paths)


def read_stem(path: Path) -> DrumStem:
    """A recording as the engine gets it: mono."""
    samples, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    return DrumStem(samples=samples.mean(axis=1), sample_rate_hz=rate_hz, origin=StemOrigin.GIVEN, reason="evaluation")


def evaluate(engine: HitEngine, audio_folder: Path, reference_folder: Path) -> Evaluation:
    """Score `engine` on each recording `NAME.*` that has a reference `NAME.txt`. Raises ConfigError, EngineFailed."""
    evaluation = Evaluation()
    for path in recordings(audio_folder):
        reference = read_reference(reference_folder / f"{path.stem}.txt")
        stem = read_stem(path)
        started = time.perf_counter()
        found = found_by_family(engine.hits(stem, NO_BEATS, Unwatched()))
        evaluation.wall_s += time.perf_counter() - started
        evaluation.audio_s += stem.duration_s
        track = []
        for family, expected_s in reference.items():
            pairs = matches(expected_s, found[family], WINDOW_S)
            counts = Counts(matched=len(pairs), expected=len(expected_s), found=len(found[family]))
            evaluation.families[family] += counts
            evaluation.lags_s[family] += [float(found[family][there] - expected_s[here]) for here, there in pairs]
            track.append(counts)
        evaluation.tracks[path.stem] = Counts.sum(track).f_measure
    return evaluation


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """Folders of annotations `NAME.txt`: of the five classes, and of playing techniques."""

    classes: Path
    techniques: Path

    def heard(self, recording: str, duration_s: float, hits: Iterable[Hit]) -> Heard:
        """A system's answer for one recording beside what was annotated. Raises ConfigError when there is no annotation."""
        return Heard(
            recording=recording,
            duration_s=duration_s,
            played=tuple(read_techniques(self.techniques / f"{recording}.txt")),
            families=read_reference(self.classes / f"{recording}.txt"),
            hits=tuple(hits),
        )


def hear_recordings(engine: HitEngine, audio_folder: Path, annotations: Annotations) -> list[Heard]:
    """The engine's answers for all recordings of a folder, by name. Raises ConfigError, EngineFailed."""
    heard = []
    for path in recordings(audio_folder):
        stem = read_stem(path)
        heard.append(annotations.heard(path.stem, stem.duration_s, engine.hits(stem, NO_BEATS, Unwatched())))
    return heard
