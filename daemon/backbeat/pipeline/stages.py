"""The stages of a job up to what is heard, each a record to the next.

    prepare    the request can be carried out, as far as can be told before any work
    ingest     file -> Audio
    separate   Audio -> DrumStem
    hear       Audio, DrumStem -> Analysis

The last one, Analysis -> files, is `analysis_to_files`. `run.run_request` does them in one process with the records in
memory; a farm does each on whatever machine is free and carries the records in files. There is no other path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain

from backbeat.engines.protocols import BeatEngine, BeatHint
from backbeat.engines.registry import (
    BEAT_ENGINES,
    EngineKind,
    engine_info,
    open_beat_engine,
    open_hit_engine,
    open_picker,
    open_separator,
)
from backbeat.host.chain import load_chain
from backbeat.host.run_chain import run_chain
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.result_folder import make_result_folder
from backbeat.outputs.write_atomic import sweep_temps
from backbeat.pipeline.apply_chain import apply_chain
from backbeat.pipeline.audio_to_beats import audio_to_beats
from backbeat.pipeline.audio_to_stem import audio_to_stem
from backbeat.pipeline.choose_hits import choose_hits, chosen_hits
from backbeat.pipeline.file_to_audio import file_to_audio
from backbeat.pipeline.stage_context import StageContext
from backbeat.pipeline.stem_to_hits import stem_to_hits
from backbeat.pipeline.timed_stage import timed_stage
from backbeat.records import Analysis, Audio, DrumStem, Hits, SeparationReport
from backbeat.settings import Settings
from backbeat.values import Separation, Stage


def prepare(context: StageContext) -> None:
    """The presets are there, and so is the folder of the results, without what a killed job left in it.

    Raises PresetError, OutputError, EngineMissing for an engine that nobody has.
    """
    request = context.request
    load_note_map(request.settings.preset, context.tools.user_presets)
    load_staff_map(request.settings.notation, context.tools.user_presets)
    load_chain(request.settings.chain, context.tools.user_presets)
    make_result_folder(request.out_base.parent)
    sweep_temps(request.out_base)


def ingest(context: StageContext) -> Audio:
    """The decoded recording, through the chain of effects where the job asks for one.

    Raises AudioError, PresetError, EngineMissing, PluginError, Cancelled.
    """
    request, monitor = context.request, context.monitor
    effects = load_chain(request.settings.chain, context.tools.user_presets)
    # Two channels are for the separator alone: without it they would be a hundred megabytes for nothing.
    channels = 2 if _may_separate(request.settings) else 1
    with timed_stage(Stage.READ, context.timings_s, context.monitor):
        audio = file_to_audio(
            request.path, fingerprint=request.fingerprint, channels=channels, limits=context.tools.limits, monitor=monitor
        )
        return apply_chain(audio, effects.name, partial(run_chain, effects), monitor) if effects else audio


def separate(context: StageContext, audio: Audio) -> DrumStem:
    """The drum signal. Raises EngineMissing, ModelError, EngineFailed, Cancelled."""
    settings, models = context.request.settings, context.tools.models
    open_hit_engine(settings.engine, context.engine_options, models)  # what cannot be heard need not be separated first
    with timed_stage(Stage.SEPARATE, context.timings_s, context.monitor):
        return audio_to_stem(
            audio,
            settings.separation,
            lambda: open_separator("demucs", context.engine_options, models),
            engine_hears_mixes=_hears_mixes(settings),
            monitor=context.monitor,
        )


def hear(context: StageContext, audio: Audio, stem: DrumStem) -> Analysis:
    """Beats and hits, with the hits that the job asks for. Raises EngineMissing, ModelError, EngineFailed, Cancelled.

    The cache keeps what was heard, whatever sensitivity or instruments were asked for: another choice hears nothing again.
    """
    settings, monitor = context.request.settings, context.monitor
    engine = open_hit_engine(settings.engine, context.engine_options, context.tools.models)

    def tell(part: Hits) -> None:
        context.tell(chosen_hits(part, settings, open_picker))

    with timed_stage(Stage.BEATS, context.timings_s, monitor):
        # The whole recording, not the stem: the other instruments help to find the beat.
        grid = audio_to_beats(audio.mono(), audio.sample_rate_hz, _beat_hint(settings, audio), _beat_openers(context), monitor)
    with timed_stage(Stage.HITS, context.timings_s, monitor):
        hits = stem_to_hits(stem, grid, engine, monitor, tell)
    analysis = Analysis(
        fingerprint=context.request.fingerprint,
        duration_s=audio.duration_s,
        host_bpm=audio.host_bpm,
        host_bpm_source=audio.host_bpm_source,
        separation=SeparationReport(origin=stem.origin, reason=stem.reason, separator=stem.separator, quality=stem.quality),
        grid=grid,
        hits=hits,
        warnings=tuple(chain(audio.warnings, stem.warnings, grid.warnings, hits.warnings)),
        timings_s=dict(context.timings_s),
    )
    context.tools.cache.put(analysis, settings)
    return choose_hits(analysis, settings, open_picker)


def _may_separate(settings: Settings) -> bool:
    return settings.separation is Separation.DEMUCS or (settings.separation is Separation.AUTO and not _hears_mixes(settings))


def _hears_mixes(settings: Settings) -> bool:
    return engine_info(settings.engine, EngineKind.HITS).hears_mixes


def _beat_hint(settings: Settings, audio: Audio) -> BeatHint:
    return BeatHint(
        bpm=settings.bpm,
        meter=settings.meter,
        first_downbeat_s=settings.first_downbeat,
        stated_bpm=audio.host_bpm,
        stated_source=audio.host_bpm_source,
    )


def _beat_openers(context: StageContext) -> list[tuple[str, Callable[[], BeatEngine]]]:
    names = BEAT_ENGINES[context.request.settings.beats]
    return [(name, partial(open_beat_engine, name, context.engine_options, context.tools.models)) for name in names]
