"""One stage of a run: the same stages as in one process (`pipeline.stages`), with the records carried in files between them."""

from __future__ import annotations

from collections.abc import Callable

from backbeat.farm.records import RunRecords
from backbeat.farm.stage import FarmStage
from backbeat.pipeline.analysis_to_files import analysis_to_files
from backbeat.pipeline.heard_before import heard_before
from backbeat.pipeline.stage_context import StageContext
from backbeat.pipeline.stages import hear, ingest, prepare, separate
from backbeat.records import Analysis, Audio, DrumStem
from backbeat.service.finished_result import finished_result
from backbeat.service.worker_messages import Finished

Answer = FarmStage | Finished
"""The stage that comes next, or that the job is done."""


def do_stage(stage: FarmStage, context: StageContext, records: RunRecords) -> Answer:
    """Do a stage, or find that it was done before: then its record is there. Raises JobError, PresetError, Cancelled."""
    context.monitor.check()
    return _WORK[stage](context, records)


def _ingest(context: StageContext, records: RunRecords) -> Answer:
    if done := _done_before(context):
        return done
    prepare(context)
    kept = heard_before(context)
    if kept:
        context.tell(kept.hits)
        records.put_analysis(kept)
        return FarmStage.EXPORT
    if not records.has(Audio):
        records.put_audio(ingest(context), context.timings_s)
    return FarmStage.SEPARATE


def _separate(context: StageContext, records: RunRecords) -> Answer:
    if not records.has(DrumStem):
        audio, timings_s = records.audio(context.request)
        context.timings_s.update(timings_s)
        records.put_stem(separate(context, audio), context.timings_s)
    return FarmStage.HEAR


def _hear(context: StageContext, records: RunRecords) -> Answer:
    if not records.has(Analysis):
        audio, _ = records.audio(context.request)
        stem, timings_s = records.stem(audio)
        context.timings_s.update(timings_s)
        records.put_analysis(hear(context, audio, stem))
    return FarmStage.EXPORT


def _export(context: StageContext, records: RunRecords) -> Answer:
    if done := _done_before(context):
        return done
    stem = None
    if context.request.settings.keep_stem:
        stem, _ = records.stem(records.audio(context.request)[0])
    summary = analysis_to_files(context, records.analysis(), stem)
    return Finished(job_id="", outputs=summary.outputs, summary=summary.as_json)


def _done_before(context: StageContext) -> Finished | None:
    """The whole result, where it is there already: whoever made it did not come to say so."""
    there = finished_result(context.named, here=context.request)
    return Finished(job_id="", outputs=there.outputs, summary=there.summary) if there else None


_WORK: dict[FarmStage, Callable[[StageContext, RunRecords], Answer]] = {
    FarmStage.INGEST: _ingest,
    FarmStage.SEPARATE: _separate,
    FarmStage.HEAR: _hear,
    FarmStage.EXPORT: _export,
}
