"""What was heard to what is wanted of it: hits picked with the job's sensitivity, on the instruments that it tells apart.

Milliseconds, without a model: a finished job is done again with another choice from what the cache keeps of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backbeat.engines.protocols import Picker
from backbeat.pipeline.fold_hits import fold_hits
from backbeat.records import Analysis, Hits
from backbeat.sensitivity import Sensitivity
from backbeat.settings import Settings
from backbeat.values import InstrumentChoice

OpenPicker = Callable[[str], Picker | None]


def choose_hits(analysis: Analysis, settings: Settings, open_picker: OpenPicker) -> Analysis:
    """The analysis with the hits that `settings` ask for; `analysis` has those that the engine finds by itself.

    An engine that cannot pick again keeps its hits, and a warning says so. Raises EngineFailed when what the engine kept
    cannot be read.
    """
    warnings = analysis.warnings
    if settings.sensitivity != Sensitivity() and open_picker(settings.engine) is None:
        warnings = (*warnings, f"The {settings.engine} recogniser has no sensitivity: its hits are as it finds them.")
    return replace(analysis, hits=chosen_hits(analysis.hits, settings, open_picker), warnings=warnings)


def chosen_hits(hits: Hits, settings: Settings, open_picker: OpenPicker) -> Hits:
    """The same for hits alone; also for those of a part of a recording, since parts are further apart than strokes that fold."""
    picker = open_picker(settings.engine) if settings.sensitivity != Sensitivity() else None
    if picker and hits.state:  # silence leaves none
        hits = replace(picker(hits.state, settings.sensitivity), warnings=hits.warnings)
    return fold_hits(hits) if settings.instruments is InstrumentChoice.COMMON else hits
