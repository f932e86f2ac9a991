"""What was heard to what is wanted of it: hits picked with the job's sensitivity, on the instruments that it tells apart.

Milliseconds, without a model: a finished job is done again with another choice from what the cache keeps of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backbeat.engines.protocols import Picker
from backbeat.pipeline.fold_hits import fold_hits
from backbeat.records import Analysis
from backbeat.sensitivity import Sensitivity
from backbeat.settings import Settings
from backbeat.values import InstrumentChoice


def choose_hits(analysis: Analysis, settings: Settings, open_picker: Callable[[str], Picker | None]) -> Analysis:
    """The analysis with the hits that `settings` ask for; `analysis` has those that the engine finds by itself.

    An engine that cannot pick again keeps its hits, and a warning says so. Raises EngineFailed when what the engine kept
    cannot be read.
    """
    hits, warnings = analysis.hits, analysis.warnings
    if settings.sensitivity != Sensitivity():
        picker = open_picker(settings.engine)
        if picker is None:
            warnings = (*warnings, f"The {settings.engine} recogniser has no sensitivity: its hits are as it finds them.")
        elif hits.state:  # silence leaves none
            hits = replace(picker(hits.state, settings.sensitivity), warnings=hits.warnings)
    if settings.instruments is InstrumentChoice.COMMON:
        hits = fold_hits(hits)
    return replace(analysis, hits=hits, warnings=warnings)
