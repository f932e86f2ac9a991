"""The drum signal to its hits: asks the engine and does not believe everything it says."""

from __future__ import annotations

import numpy as np

from backbeat.engines.protocols import HitEngine, TellHits, tell_nobody
from backbeat.errors import BackbeatError, EngineFailed
from backbeat.monitor import Monitor
from backbeat.records import BeatGrid, DrumStem, Hits

_ADVICE = "Try another recogniser (`--engine`), and please report the recording that this happened with."


def stem_to_hits(stem: DrumStem, grid: BeatGrid, engine: HitEngine, monitor: Monitor, tell: TellHits = tell_nobody) -> Hits:
    """All hits in `stem` as `engine` hears them; may be empty. `tell` is given them as they become certain.

    Raises EngineFailed when the engine raises an error that is not ours, or answers with times that are not finite, not
    sorted or outside of the recording, velocities outside 1..127, confidences outside 0..1, or an instrument that it
    does not declare. `Cancelled` and our own errors pass through.
    """

    def tell_believed(part: Hits) -> None:
        _believe(part, stem, engine)
        tell(part)

    try:
        hits = engine.hits(stem, grid, monitor, tell_believed)
    except BackbeatError:
        raise
    except Exception as error:
        raise EngineFailed(f"The {engine.name} recogniser failed: {type(error).__name__}: {error}", advice=_ADVICE) from error
    _believe(hits, stem, engine)
    return hits


def _believe(hits: Hits, stem: DrumStem, engine: HitEngine) -> None:
    problem = _first_problem(hits, stem, engine)
    if problem:
        raise EngineFailed(f"The {engine.name} recogniser gave a nonsensical answer: {problem}.", advice=_ADVICE)


def _first_problem(hits: Hits, stem: DrumStem, engine: HitEngine) -> str:
    """What is wrong with the answer, in words; empty when nothing is."""
    unknown = set(hits.instruments) - engine.instruments
    checks = (
        (np.isfinite(hits.time_s).all(), "a time that is not a number"),
        ((np.diff(hits.time_s) >= 0).all(), "hits that are not in order"),
        (((hits.time_s >= 0) & (hits.time_s <= stem.duration_s)).all(), "a hit outside of the recording"),
        (((hits.velocity >= 1) & (hits.velocity <= 127)).all(), "a velocity outside of 1 to 127"),
        (((hits.confidence >= 0) & (hits.confidence <= 1)).all(), "a confidence outside of 0 to 1"),
        (not unknown, f"an instrument that it does not know ({', '.join(sorted(unknown))})"),
    )
    return next((words for fine, words in checks if not fine), "")
