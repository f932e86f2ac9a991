"""The last stage of a job: what was heard becomes files.

    Analysis -> Score -> MIDI, tempo map MIDI -> MusicXML -> PDF -> picture -> JSON

Each file is announced as soon as it is there; JSON comes last and marks the result as complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backbeat.errors import JobError
from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.musicxml_to_pdf import musicxml_to_pdf
from backbeat.outputs.notation.staff_map import load_staff_map
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.result_to_json import result_to_json
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.outputs.stem_to_wav import stem_to_wav
from backbeat.outputs.write_atomic import write_atomic
from backbeat.pipeline.earlier_result import retire_earlier_result
from backbeat.pipeline.grid_to_onsets import MovedGrid, grid_to_onsets
from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.pipeline.result_to_picture import result_to_picture
from backbeat.pipeline.stage_context import StageContext
from backbeat.pipeline.timed_stage import timed_stage
from backbeat.records import Analysis, DrumStem
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, OutputKind, PdfBackend, Picture, Stage

Written = Callable[[OutputKind], None]


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
    duration_s: float = 0.0

    @property
    def as_json(self) -> dict[str, Any]:
        """All but the files, as JSON has it: what the store keeps of a finished job."""
        return {
            "bpm": self.bpm,
            "bpm_unreliable": self.bpm_unreliable,
            "midi_bpm": self.midi_bpm,
            "confidence": self.confidence,
            "hits": self.hits,
            "warnings": list(self.warnings),
            "timings_s": self.timings_s,
            "duration_s": self.duration_s,
        }


def analysis_to_files(context: StageContext, analysis: Analysis, stem: DrumStem | None) -> RunSummary:
    """Write every file that the job asks for; `stem` only if it is to be kept.

    Raises OutputError, PresetError, Cancelled; then no JSON has been written.
    """
    request, monitor = context.request, context.monitor
    settings = request.settings
    note_map = load_note_map(settings.preset, context.tools.user_presets)
    staff_map = load_staff_map(settings.notation, context.tools.user_presets)
    outputs: dict[OutputKind, Path] = {}

    def written(kind: OutputKind) -> None:
        outputs[kind] = request.output(kind)
        context.announce(kind, outputs[kind])

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
            request=context.named,
            outputs={kind: context.named.output(kind) for kind in outputs},
            midi_bpm=midi_bpm,
            warnings=warnings,
            timings_s=timings_s,
            low_confidence_threshold=context.tools.low_confidence_threshold,
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
        _engrave(context, written, warnings)
        _draw(context, result, written, warnings)

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
        duration_s=round(analysis.duration_s, 6),
    )


def _on_the_onsets(analysis: Analysis, settings: Settings) -> MovedGrid:
    """Where the user says when a bar begins, the beats are a click's, and who plays beside it does so in the score too."""
    if settings.first_downbeat is not None:
        return MovedGrid(grid=analysis.grid, offset_s=0.0)
    return grid_to_onsets(analysis.grid, analysis.hits)


def _engrave(context: StageContext, written: Written, warnings: list[str]) -> None:
    """The PDF is a service on top: where it cannot be made the job still succeeds, and the result says so."""
    request = context.request
    backend = request.settings.pdf
    if backend is PdfBackend.NONE:
        return
    try:
        musicxml = request.output(OutputKind.MUSICXML)
        musicxml_to_pdf(musicxml, request.output(OutputKind.PDF), backend, context.monitor, paper=request.settings.paper)
    except JobError as error:
        warnings.append(f"No PDF: {error.in_words}")
    else:
        written(OutputKind.PDF)


def _draw(context: StageContext, result: Callable[[], bytes], written: Written, warnings: list[str]) -> None:
    """The picture is drawn from the result as far as it goes, as `backbeat plot` draws it later; without it the job succeeds."""
    request = context.request
    picture = request.settings.picture
    if picture is Picture.NONE:
        return
    kind = OutputKind(picture)
    try:
        image = result_to_picture(json.loads(result()), recording=request.path, picture=picture, monitor=context.monitor)
        write_atomic(request.output(kind), image)
    except JobError as error:
        warnings.append(f"No picture: {error.in_words}")
    else:
        written(kind)
