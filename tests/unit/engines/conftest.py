"""Fakes for the engine tests: a network that hears bands, monitors that record and cancel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from backbeat.errors import Cancelled
from backbeat.records import BeatGrid, DrumStem, FloatArray
from backbeat.training.evaluation.recordings import NO_BEATS
from backbeat.values import ANALYSIS_RATE_HZ, Stage, StemOrigin


@dataclass
class BandNetwork:
    """Stands for AnNOTEator's network: hears a drum where its band holds most of a clip's power. Counts what it is asked.

    A clip with less power than `quietest` is nothing to it.
    """

    quietest: float = 0.0
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    asked: int = 0

    def __call__(self, mel: FloatArray) -> FloatArray:
        self.shapes.append(mel.shape)
        self.asked += len(mel)
        power = mel[..., 0].sum(axis=2, dtype=np.float64)
        total = power.sum(axis=1)
        snare, hat, kick = power[:, 9:70].sum(axis=1), power[:, 70:].sum(axis=1), power[:, :9].sum(axis=1)
        heard = np.full((len(mel), 6), 0.02, dtype=np.float32)
        for output, band in ((0, snare), (1, hat), (2, kick)):
            heard[(band > 0.4 * total) & (total > self.quietest), output] = 0.97
        return heard


@dataclass
class Watcher:
    """Records progress; cancels at the `cancel_at`th check."""

    cancel_at: int | None = None
    checks: int = 0
    fractions: list[float] = field(default_factory=list)

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.HITS
        self.fractions.append(fraction)

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.cancel_at:
            raise Cancelled("stop")


@pytest.fixture
def band_network() -> BandNetwork:
    return BandNetwork()


@pytest.fixture
def watcher() -> Callable[..., Watcher]:
    return Watcher


@pytest.fixture
def make_stem() -> Callable[..., DrumStem]:
    def make(samples: FloatArray, sample_rate_hz: int = ANALYSIS_RATE_HZ) -> DrumStem:
        return DrumStem(samples=samples, sample_rate_hz=sample_rate_hz, origin=StemOrigin.GIVEN, reason="test")

    return make


@pytest.fixture
def make_grid() -> Callable[[float], BeatGrid]:
    def make(tempo_bpm: float) -> BeatGrid:
        return replace(NO_BEATS, tempo_bpm=tempo_bpm)

    return make


@pytest.fixture
def make_loop(audio_files: ModuleType) -> Callable[..., Any]:
    """`audio_files.drum_loop`, but its sounds fade out: where they are cut off there is a click, which is an onset too."""

    def make(**arguments: Any) -> Any:
        loop = audio_files.drum_loop(**arguments)
        samples = np.zeros_like(loop.samples)
        noise = np.random.default_rng(1)
        for stroke in loop.strokes:
            sound = stroke.level * audio_files.drum_sound(stroke.instrument, loop.sample_rate_hz, noise)
            first = round(stroke.time_s * loop.sample_rate_hz)
            part = samples[first : first + len(sound)]
            part += (sound * np.linspace(1.0, 0.0, len(sound), dtype=np.float32) ** 2)[: len(part)]
        return replace(loop, samples=samples)

    return make
