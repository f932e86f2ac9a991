"""file -> Audio -> DrumStem -> BeatGrid -> Hits: everything that is heard in a recording."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

from backbeat.engines.protocols import BeatEngine, BeatHint, EngineOptions, ModelFiles
from backbeat.engines.registry import BEAT_ENGINES, open_beat_engine, open_hit_engine, open_separator
from backbeat.monitor import Monitor
from backbeat.pipeline.audio_to_beats import audio_to_beats
from backbeat.pipeline.audio_to_stem import audio_to_stem
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio
from backbeat.pipeline.request import Request
from backbeat.pipeline.stem_to_hits import stem_to_hits
from backbeat.pipeline.timed_stage import timed_stage
from backbeat.records import Analysis, DrumStem, SeparationReport
from backbeat.settings import Settings
from backbeat.values import Separation, Stage


def file_to_analysis(request: Request, *, models: ModelFiles, limits: AudioLimits, monitor: Monitor) -> tuple[Analysis, DrumStem]:
    """Hear a recording. The stem comes along for those who want to keep it. Raises JobError, Cancelled."""
    settings = request.settings
    timings_s: dict[str, float] = {}

    options = EngineOptions(compat=settings.compat, device=settings.device, separator_model=settings.separator_model)
    engine = open_hit_engine(settings.engine, options, models)
    # Two channels are for the separator alone: without it they would be a hundred megabytes for nothing.
    may_separate = settings.separation is Separation.DEMUCS or (settings.separation is Separation.AUTO and not engine.hears_mixes)
    channels = 2 if may_separate else 1

    with timed_stage(Stage.READ, timings_s, monitor):
        audio = file_to_audio(request.path, fingerprint=request.fingerprint, channels=channels, limits=limits, monitor=monitor)
    with timed_stage(Stage.SEPARATE, timings_s, monitor):
        stem = audio_to_stem(
            audio,
            settings.separation,
            lambda: open_separator("demucs", options, models),
            engine_hears_mixes=engine.hears_mixes,
            monitor=monitor,
        )
    with timed_stage(Stage.BEATS, timings_s, monitor):
        # The whole recording, not the stem: the other instruments help to find the beat.
        grid = audio_to_beats(
            audio.mono(),
            audio.sample_rate_hz,
            BeatHint(
                bpm=settings.bpm,
                meter=settings.meter,
                first_downbeat_s=settings.first_downbeat,
                stated_bpm=audio.host_bpm,
                stated_source=audio.host_bpm_source,
            ),
            _beat_openers(settings, options, models),
            monitor,
        )
    with timed_stage(Stage.HITS, timings_s, monitor):
        hits = stem_to_hits(stem, grid, engine, monitor)
    analysis = Analysis(
        fingerprint=request.fingerprint,
        duration_s=audio.duration_s,
        host_bpm=audio.host_bpm,
        host_bpm_source=audio.host_bpm_source,
        separation=SeparationReport(origin=stem.origin, reason=stem.reason, separator=stem.separator, quality=stem.quality),
        grid=grid,
        hits=hits,
        warnings=tuple(chain(audio.warnings, stem.warnings, grid.warnings, hits.warnings)),
        timings_s=timings_s,
    )
    return analysis, stem


def _beat_openers(settings: Settings, options: EngineOptions, models: ModelFiles) -> list[tuple[str, Callable[[], BeatEngine]]]:
    names = BEAT_ENGINES[settings.beats]
    return [(name, partial(open_beat_engine, name, options, models)) for name in names]
