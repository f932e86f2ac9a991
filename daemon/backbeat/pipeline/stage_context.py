"""What every stage of a job is given besides the record that it works on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from backbeat.engines.protocols import EngineOptions, ModelFiles, TellHits, tell_nobody
from backbeat.monitor import Monitor
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.request import Request
from backbeat.values import OutputKind

Announce = Callable[[OutputKind, Path], None]
"""Told of each file as soon as it is there."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What jobs share: models, limits, the cache, the user's presets. Made from the config by the composition root."""

    models: ModelFiles
    limits: AudioLimits
    cache: AnalysisCache
    user_presets: Path | None
    low_confidence_threshold: float


@dataclass(frozen=True, kw_only=True)
class StageContext:
    """One job while it is done.

    tell: is given the hits that the job asks for, as soon as they are certain: all of them, in order, each once.
    timings_s: how long each stage took that has ended, seconds by stage; the stages write it.
    asked: the request in the words of who asked, whose computer may have other names for the same folders; None: the same.
    """

    request: Request
    tools: Tools
    monitor: Monitor
    announce: Announce
    tell: TellHits = tell_nobody
    timings_s: dict[str, float] = field(default_factory=dict)
    asked: Request | None = None

    @property
    def named(self) -> Request:
        """The request as the result names it."""
        return self.asked or self.request

    @property
    def engine_options(self) -> EngineOptions:
        """What the job's engines are opened with."""
        return EngineOptions.from_settings(self.request.settings)
