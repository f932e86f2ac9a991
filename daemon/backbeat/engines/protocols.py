"""What an engine has to be able to do. One adapter file each; adapters alone import the heavy packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, FloatArray, Hits
from backbeat.sensitivity import Sensitivity
from backbeat.settings import Settings
from backbeat.values import Compat, Device, Instrument, Meter


@dataclass(frozen=True, kw_only=True)
class BeatHint:
    """What is known about the beat beforehand; None where it is not.

    bpm: what the user says, as a DAW counts it, quarter notes per minute, whatever the meter: no other tempo is looked for.
    first_downbeat_s: where a bar begins, in seconds from the first sample; the bars are counted from there both ways.
    stated_bpm: what the file says about itself, in its metadata or its name, counted likewise; stated_source: where, in words.
        It may be a program's default or the project's tempo: it is looked for first, and what is clearly heard goes before it.
        An engine that cannot weigh it leaves it aside.
    """

    bpm: float | None = None
    meter: Meter | None = None
    first_downbeat_s: float | None = None
    stated_bpm: float | None = None
    stated_source: str | None = None


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """The part of the settings that an engine is opened with; engines are cached per process on it."""

    compat: Compat = Compat.TUNED
    device: Device = Device.AUTO
    separator_model: str = "htdemucs"

    @classmethod
    def from_settings(cls, settings: Settings) -> EngineOptions:
        """The part of `settings` that matters here."""
        return cls(compat=settings.compat, device=settings.device, separator_model=settings.separator_model)


class ModelFiles(Protocol):
    """Where engines get model files from; `backbeat.models.resolver` is the real one. Hashable: engines are cached on it."""

    def __hash__(self) -> int:
        """Equal for stores with equal settings."""

    @property
    def net_weights(self) -> Path | None:
        """The folder with the user's own weights for the engine `net`; None for those in the package."""

    def path(self, name: str) -> Path:
        """The local, verified file of the catalogue's model `name`; raises ModelError when it cannot be had."""

    def folder(self, name: str) -> Path:
        """The local folder of a model that consists of several files; raises ModelError when it is not there."""


class Separator(Protocol):
    """Takes the drums out of a mix."""

    name: str
    sample_rate_hz: int

    def drums(self, samples: FloatArray, sample_rate_hz: int, monitor: Monitor) -> FloatArray:
        """Mono drums, float32 (n,), as long as `samples`, float32 (channels, n), at the same rate and level.

        Reports `Stage.SEPARATE` and can be cancelled inside. Raises EngineFailed.
        """


class BeatEngine(Protocol):
    """Finds beats and bars."""

    name: str

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        """The grid of mono `samples`, float32 (n,). Raises EngineFailed when it finds no tempo at all."""


TellHits = Callable[[Hits], None]
"""Is given the hits of a recording as they become certain, in parts that follow one another; no hit comes twice or changes."""


def tell_nobody(_hits: Hits) -> None:
    """Where nobody wants to know before all hits are there."""


class HitEngine(Protocol):
    """Hears the strokes."""

    name: str
    version: str
    instruments: frozenset[Instrument]

    def hits(self, stem: DrumStem, grid: BeatGrid, monitor: Monitor, tell: TellHits = tell_nobody) -> Hits:
        """All hits in `stem`, found as readily as the engine finds best. Silence gives none. Raises EngineFailed.

        Before it returns them, it has told all of them to `tell`: at once, or part by part where it can be sure of a part.
        An engine that has a `Picker` puts into `Hits.state` what it picked them from, for each part too.
        """


class Picker(Protocol):
    """Picks hits from what an engine heard before; optional. It takes milliseconds and opens no model.

    An engine that has one names its module in the table of engines; the module's `pick_hits` is one of these.
    """

    def __call__(self, state: bytes, sensitivity: Sensitivity) -> Hits:
        """The hits of a state that the engine gave; at the sensitivity as shipped, those that it gave. Raises EngineFailed.

        More sensitivity for an instrument never loses a hit. The hits carry `state` along.
        """
