"""How the playing lies on the grid: ahead or behind, and how loosely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backbeat.pipeline.score.ruler import Ruler
from backbeat.pipeline.score.swing import Swing
from backbeat.records import Feel, ScoreNote
from backbeat.values import Instrument

_STROKES_MIN = 8  # of an instrument: fewer do not say that it pushes or drags


def feel_of(strokes: Sequence[ScoreNote], ruler: Ruler, *, swing: Swing, grid_offset_s: float) -> Feel:
    """strokes: the notes of their own; `ruler` has the bars that they are in."""
    places = [ruler.spans[note.bar].first + float(note.sounding) * ruler.spans[note.bar].meter.unit / 4 for note in strokes]
    late_s = np.array([note.time_s for note in strokes], np.float64) - ruler.times_at(np.array(places, np.float64))
    by_instrument: dict[Instrument, list[float]] = {}
    for note, seconds in zip(strokes, late_s.tolist(), strict=True):
        by_instrument.setdefault(note.instrument, []).append(seconds)
    return Feel(
        swing_ratio=swing.ratio,
        swing_unit=swing.unit,
        grid_offset_s=grid_offset_s,
        push_s={
            instrument: float(np.median(by_instrument[instrument]))
            for instrument in Instrument
            if len(by_instrument.get(instrument, ())) >= _STROKES_MIN
        },
        spread_s=float(np.median(np.abs(late_s))) if len(late_s) else 0.0,
    )
