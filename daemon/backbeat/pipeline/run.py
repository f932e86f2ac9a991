"""The whole path of one job in one process: a recording becomes an analysis, the analysis becomes files.

file -> Audio -> DrumStem -> Analysis -> files; or, where it was heard before, kept Analysis -> files
"""

from __future__ import annotations

from backbeat.engines.protocols import TellHits, tell_nobody
from backbeat.monitor import Monitor
from backbeat.pipeline.analysis_to_files import RunSummary, analysis_to_files
from backbeat.pipeline.heard_before import heard_before
from backbeat.pipeline.request import Request
from backbeat.pipeline.stage_context import Announce, StageContext, Tools
from backbeat.pipeline.stages import hear, ingest, prepare, separate
from backbeat.records import Analysis, DrumStem


def run_request(
    request: Request, *, tools: Tools, monitor: Monitor, announce: Announce, tell: TellHits = tell_nobody
) -> RunSummary:
    """Do one job from recording to files. Raises JobError, PresetError, Cancelled; then no JSON has been written."""
    context = StageContext(request=request, tools=tools, monitor=monitor, announce=announce, tell=tell)
    prepare(context)
    kept = heard_before(context)
    if kept:
        tell(kept.hits)
    analysis, stem = (kept, None) if kept else file_to_analysis(context)
    return analysis_to_files(context, analysis, stem if request.settings.keep_stem else None)


def file_to_analysis(context: StageContext) -> tuple[Analysis, DrumStem]:
    """Hear a recording. The stem comes along for those who want to keep it. Raises JobError, Cancelled."""
    audio = ingest(context)
    stem = separate(context, audio)
    return hear(context, audio, stem), stem
