"""The table of engines. A new engine is one adapter (a module, or `engine` in a package of its own) and one row here.

Each adapter module has `open_engine(options: EngineOptions, models: ModelFiles)`. Nothing is imported until then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from backbeat.errors import EngineMissing
from backbeat.extras import how_to_add
from backbeat.values import BeatChoice

if TYPE_CHECKING:  # the table is read by `backbeat --help`, which does without NumPy
    from backbeat.engines.protocols import BeatEngine, EngineOptions, HitEngine, ModelFiles, Picker, Separator


class EngineKind(StrEnum):
    """What an engine does in the path of the data."""

    SEPARATOR = "separator"
    BEATS = "beats"
    HITS = "hits"


@dataclass(frozen=True, kw_only=True)
class EngineInfo:
    """One row: what `doctor` shows and what is needed to open the engine.

    packages: import names that have to be there. extra: the install extra that brings them.
    models: names in the model catalogue. picker: the module of the engine's `Picker`; empty where it has none.
    hears_mixes: a hit engine that needs no drum stem.
    """

    name: str
    kind: EngineKind
    module: str
    packages: tuple[str, ...]
    extra: str
    models: tuple[str, ...]
    licence: str
    summary: str
    picker: str = ""
    hears_mixes: bool = False

    @property
    def missing_packages(self) -> tuple[str, ...]:
        """The packages that are not installed; found out without importing them."""
        return tuple(name for name in self.packages if find_spec(name) is None)


ENGINES: tuple[EngineInfo, ...] = (
    EngineInfo(
        name="demucs",
        kind=EngineKind.SEPARATOR,
        module="backbeat.engines.demucs.engine",
        packages=("demucs", "torch"),
        extra="separate",
        models=("htdemucs",),
        licence="code and weights MIT",
        summary="takes the drums out of a full mix (htdemucs)",
    ),
    EngineInfo(
        name="net",
        kind=EngineKind.BEATS,
        module="backbeat.engines.net_beats.engine",
        packages=("onnxruntime",),
        extra="",
        models=(),
        licence="code and weights MIT; trained on permissively licensed sounds only",
        summary="our own network, inside the package: beats, bars, meter and tempo",
    ),
    EngineInfo(
        name="madmom",
        kind=EngineKind.BEATS,
        module="backbeat.engines.madmom.engine",
        packages=("madmom",),
        extra="madmom",
        models=(),
        licence="code BSD; models CC BY-NC-SA 4.0 (non-commercial)",
        summary="beats, downbeats and tempo by recurrent networks",
    ),
    EngineInfo(
        name="librosa",
        kind=EngineKind.BEATS,
        module="backbeat.engines.librosa",
        packages=("librosa",),
        extra="librosa",
        models=(),
        licence="ISC",
        summary="beats and tempo by onset strength; flagged as unreliable",
    ),
    EngineInfo(
        name="net",
        kind=EngineKind.HITS,
        module="backbeat.engines.net.engine",
        packages=("onnxruntime",),
        extra="",
        models=(),
        licence="code and weights MIT; trained on permissively licensed sounds only",
        summary="our own network, inside the package: fourteen instruments, stems and full mixes",
        picker="backbeat.engines.net.picker",
        hears_mixes=True,
    ),
    EngineInfo(
        name="annoteator",
        kind=EngineKind.HITS,
        module="backbeat.engines.annoteator.engine",
        packages=("tensorflow", "librosa", "pedalboard"),
        extra="annoteator",
        models=("annoteator",),
        licence="code and weights MIT; pedalboard GPLv3",
        summary="onsets, then AnNOTEator's network on 0.2 s clips; six drums",
    ),
)


BEAT_ENGINES = {
    BeatChoice.AUTO: ("net",),
    BeatChoice.NET: ("net",),
    BeatChoice.MADMOM: ("madmom", "net"),
    BeatChoice.LIBROSA: ("librosa", "net"),
    BeatChoice.NONE: (),
}
"""Which beat engines are tried, in order; after the last comes the user's tempo or 120 BPM."""


def engine_info(name: str, kind: EngineKind) -> EngineInfo:
    """The row of `name`; raises EngineMissing with the names there are."""
    for info in ENGINES:
        if info.name == name and info.kind is kind:
            return info
    known = ", ".join(info.name for info in ENGINES if info.kind is kind)
    raise EngineMissing(f"There is no {kind} engine called {name!r}.", advice=f"Known: {known}.")


def open_separator(name: str, options: EngineOptions, models: ModelFiles) -> Separator:
    """Open (or find open) a separator; raises EngineMissing, ModelError."""
    engine: Separator = _open(name, EngineKind.SEPARATOR, options, models)
    return engine


def open_beat_engine(name: str, options: EngineOptions, models: ModelFiles) -> BeatEngine:
    """Open (or find open) a beat engine; raises EngineMissing."""
    engine: BeatEngine = _open(name, EngineKind.BEATS, options, models)
    return engine


def open_hit_engine(name: str, options: EngineOptions, models: ModelFiles) -> HitEngine:
    """Open (or find open) a hit engine; raises EngineMissing, ModelError."""
    engine: HitEngine = _open(name, EngineKind.HITS, options, models)
    return engine


def open_picker(name: str) -> Picker | None:
    """What picks the hits of the hit engine `name` again; None where it cannot. Raises EngineMissing for an unknown name."""
    info = engine_info(name, EngineKind.HITS)
    picker: Picker | None = import_module(info.picker).pick_hits if info.picker else None
    return picker


@lru_cache(maxsize=8)  # models stay loaded between jobs; errors are not cached
def _open(name: str, kind: EngineKind, options: EngineOptions, models: ModelFiles) -> Any:
    info = engine_info(name, kind)
    if info.missing_packages:
        raise EngineMissing(
            f"The {name} engine needs {', '.join(info.missing_packages)}, which is not installed.",
            advice=how_to_add(info.extra),
        )
    opener: Callable[[EngineOptions, ModelFiles], Any] = import_module(info.module).open_engine
    return opener(options, models)
