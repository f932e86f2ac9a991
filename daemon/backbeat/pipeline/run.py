"""The whole path of one job: a recording becomes an analysis, the analysis becomes files.

    file -> Analysis (heard, then chosen from) -> Score -> MIDI, tempo map MIDI -> MusicXML -> PDF -> picture -> JSON

Each file is announced as soon as it is there; JSON comes last and marks the result as complete.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from backbeat.engines.protocols import ModelFiles
from backbeat.engines.registry import open_picker
from backbeat.errors import AudioMissing, AudioUnreadable, EngineFailed, JobError, OutputError
from backbeat.intake.tempo_hint import tempo_hint
from backbeat.monitor import Monitor
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.musicxml_to_pdf import musicxml_to_pdf
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.result_to_json import result_to_json
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.outputs.stem_to_wav import stem_to_wav
from backbeat.outputs.write_atomic import sweep_temps, write_atomic
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.choose_hits import choose_hits
from backbeat.pipeline.earlier_result import retire_earlier_result
from backbeat.pipeline.file_to_analysis import file_to_analysis
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.grid_to_onsets import MovedGrid, grid_to_onsets
from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.pipeline.request import Request
from backbeat.pipeline.result_to_picture import result_to_picture
from backbeat.pipeline.timed_stage import timed_stage
from backbeat.records import Analysis, DrumStem
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, OutputKind, PdfBackend, Picture, Stage

log = logging.getLogger(__name__)

Announce = Callable[[OutputKind, Path], None]


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What jobs share: models, limits, the cache, the user's presets. Made from the config by the composition root."""

    models: ModelFiles
    limits: AudioLimits
    cache: AnalysisCache
    user_presets: Path | None
    low_confidence_threshold: float


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """What there is to tell about a finished job."""

    outputs: dict[OutputKind, Path]
    bpm: float
    bpm_unreliable: bool
    midi_bpm: float
    confidence: float
    hits: int
    warnings: tuple[str, ...]
    timings_s: dict[str, float] = field(default_factory=dict)


def run_request(request: Request, *, tools: Tools, monitor: Monitor, announce: Announce) -> RunSummary:
    """Do one job from recording to files. Raises JobError, PresetError, Cancelled; then no JSON has been written."""
    settings = request.settings
    note_map = load_note_map(settings.preset, tools.user_presets)
    staff_map = load_staff_map(settings.notation, tools.user_presets)
    _make_folder(request.out_base.parent)
    sweep_temps(request.out_base)
    outputs: dict[OutputKind, Path] = {}

    def written(kind: OutputKind) -> None:
        outputs[kind] = request.output(kind)
        announce(kind, outputs[kind])

    analysis, stem = _hear(request, tools, monitor)
    retire_earlier_result(request)
    if stem is not None:
        stem_to_wav(stem, request.output(OutputKind.STEM))
        written(OutputKind.STEM)
    timings_s = dict(analysis.timings_s)
    warnings = list(analysis.warnings)

    def result() -> bytes:
        return result_to_json(
            analysis,
            score,
            request=request,
            outputs=outputs,
            midi_bpm=midi_bpm,
            warnings=warnings,
            timings_s=timings_s,
            low_confidence_threshold=tools.low_confidence_threshold,
        )

    with timed_stage(Stage.MIDI, timings_s, monitor):
        moved = _on_the_onsets(analysis, settings)
        analysis = replace(analysis, grid=moved.grid)
        score = hits_to_score(
            analysis.hits,
            moved.grid,
            title=request.path.stem,
            duration_s=analysis.duration_s,
            style=ScoreStyle(grid=settings.grid, flam_ms=settings.flam_ms),
            grid_offset_s=moved.offset_s,
        )
        midi_bpm = settings.host_bpm or analysis.host_bpm or score.tempo_bpm
        style = MidiStyle(
            notes=note_map.notes,
            source=request.path.name,
            quantize=settings.quantize,
            velocity_curve=settings.velocity_curve,
            layout=settings.midi_layout,
            lead_in=settings.lead_in,
        )
        meter = analysis.grid.meters[0] if analysis.grid.meters else settings.meter or FOUR_FOUR
        write_atomic(request.output(OutputKind.MIDI), score_to_midi(score, style, tempo_bpm=midi_bpm, meter=meter))
        written(OutputKind.MIDI)
        write_atomic(request.output(OutputKind.TEMPOMAP), score_to_tempomap_midi(score, style))
        written(OutputKind.TEMPOMAP)

    with timed_stage(Stage.NOTATION, timings_s, monitor):
        musicxml = score_to_musicxml(score, staff_map=staff_map, repeat_bars=settings.repeat_bars, paper=settings.paper)
        write_atomic(request.output(OutputKind.MUSICXML), musicxml)
        written(OutputKind.MUSICXML)
        monitor.progress(Stage.NOTATION, 0.5)
        monitor.check()
        _engrave(request, monitor, written, warnings)
        _draw(request, result, monitor, written, warnings)

    monitor.check()
    write_atomic(request.output(OutputKind.JSON), result())
    written(OutputKind.JSON)
    return RunSummary(
        outputs=outputs,
        bpm=analysis.grid.quarter_bpm,
        bpm_unreliable=analysis.grid.bpm_unreliable,
        midi_bpm=midi_bpm,
        confidence=analysis.hits.confidence_score,
        hits=len(analysis.hits),
        warnings=tuple(warnings),
        timings_s=timings_s,
    )


def _on_the_onsets(analysis: Analysis, settings: Settings) -> MovedGrid:
    """Where the user says when a bar begins, the beats are a click's, and who plays beside it does so in the score too."""
    if settings.first_downbeat is not None:
        return MovedGrid(grid=analysis.grid, offset_s=0.0)
    return grid_to_onsets(analysis.grid, analysis.hits)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error


def _hear(request: Request, tools: Tools, monitor: Monitor) -> tuple[Analysis, DrumStem | None]:
    """The analysis with the hits that the job asks for, and the drum stem if it is to be kept.

    The cache keeps what was heard, whatever sensitivity or instruments were asked for: another choice hears nothing again.
    """
    keep_stem = request.settings.keep_stem
    kept = None if keep_stem else tools.cache.get(request.fingerprint, request.settings)  # the cache keeps no audio
    kept = _under_this_name(kept, request) if kept else None
    if kept:
        try:
            return choose_hits(kept, request.settings, open_picker), None
        except EngineFailed as error:
            log.warning("%s is heard again: %s", request.path.name, error.message)
    analysis, stem = file_to_analysis(request, models=tools.models, limits=tools.limits, monitor=monitor)
    tools.cache.put(analysis, request.settings)
    return choose_hits(analysis, request.settings, open_picker), stem if keep_stem else None


def _under_this_name(kept: Analysis, request: Request) -> Analysis | None:
    """The same sound may have been heard under another name, and a name may state a tempo, near which the beats are looked for.

    None where they have to be heard again. Where the recording is not there any more, what it stated then still holds.
    """
    try:
        hint = tempo_hint(request.path)
    except (AudioMissing, AudioUnreadable):
        return kept
    stated_bpm = hint.bpm if hint else None
    if stated_bpm != kept.host_bpm and request.settings.bpm is None:
        return None
    return replace(kept, host_bpm=stated_bpm, host_bpm_source=hint.source if hint else None)


def _engrave(request: Request, monitor: Monitor, written: Callable[[OutputKind], None], warnings: list[str]) -> None:
    """The PDF is a service on top: where it cannot be made the job still succeeds, and the result says so."""
    backend = request.settings.pdf
    if backend is PdfBackend.NONE:
        return
    try:
        musicxml = request.output(OutputKind.MUSICXML)
        musicxml_to_pdf(musicxml, request.output(OutputKind.PDF), backend, monitor, paper=request.settings.paper)
    except JobError as error:
        warnings.append(f"No PDF: {error.in_words}")
    else:
        written(OutputKind.PDF)


def _draw(
    request: Request, result: Callable[[], bytes], monitor: Monitor, written: Callable[[OutputKind], None], warnings: list[str]
) -> None:
    """The picture is drawn from the result as far as it goes, as `backbeat plot` draws it later; without it the job succeeds."""
    picture = request.settings.picture
    if picture is Picture.NONE:
        return
    kind = OutputKind(picture)
    try:
        image = result_to_picture(json.loads(result()), recording=request.path, picture=picture, monitor=monitor)
        write_atomic(request.output(kind), image)
    except JobError as error:
        warnings.append(f"No picture: {error.in_words}")
    else:
        written(kind)
