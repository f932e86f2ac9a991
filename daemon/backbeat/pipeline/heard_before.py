"""The cache look-up: what was heard in a recording before, with the hits that this job asks for."""

from __future__ import annotations

import logging
from dataclasses import replace

from backbeat.engines.registry import open_picker
from backbeat.errors import EngineFailed
from backbeat.intake.tempo_hint import FROM_NAME, name_to_bpm
from backbeat.pipeline.choose_hits import choose_hits
from backbeat.pipeline.request import Request
from backbeat.pipeline.stage_context import StageContext
from backbeat.records import Analysis

log = logging.getLogger(__name__)


def heard_before(context: StageContext) -> Analysis | None:
    """The analysis that takes the place of ingest, separate and hear; None where they have to be gone through.

    They have to for a job that keeps its stem, too: the cache keeps no audio.
    """
    request = context.request
    kept = None if request.settings.keep_stem else context.tools.cache.get(request.fingerprint, request.settings)
    kept = _under_this_name(kept, request) if kept else None
    if kept is None:
        return None
    try:
        return choose_hits(kept, request.settings, open_picker)
    except EngineFailed as error:
        log.warning("%s is heard again: %s", request.path.name, error.message)
        return None


def _under_this_name(kept: Analysis, request: Request) -> Analysis | None:
    """The same sound may have been heard under another name, and a name may state a tempo, near which the beats are looked for.

    What stands in the recording itself is the same wherever it lies, so it is not opened again. None where the beats have to be
    heard again.
    """
    if kept.host_bpm_source not in {None, FROM_NAME}:
        return kept
    stated_bpm = name_to_bpm(request.path.name)
    if stated_bpm != kept.host_bpm and request.settings.bpm is None:
        return None
    return replace(kept, host_bpm=stated_bpm, host_bpm_source=None if stated_bpm is None else FROM_NAME)
