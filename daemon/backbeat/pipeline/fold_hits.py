"""Hits on instruments that are hard to tell apart become hits on their nearest common one."""

from __future__ import annotations

from collections.abc import Mapping

from backbeat.records import Hit, Hits, hits_from_rows
from backbeat.values import Instrument

FOLDS: Mapping[Instrument, Instrument] = {
    Instrument.SIDE_STICK: Instrument.SNARE,
    Instrument.TOM_MID: Instrument.TOM_HIGH,
    Instrument.HIHAT_PEDAL: Instrument.HIHAT_CLOSED,
    Instrument.RIDE_BELL: Instrument.RIDE,
    Instrument.CHINA: Instrument.CRASH,
    Instrument.SPLASH: Instrument.CRASH,
}
"""What remains is the kit that every drummer has: kick, snare, rack tom, floor tom, closed and open hat, ride, crash."""

SAME_STROKE_S = 0.015
"""Strokes on two instruments that become one and are nearer than this are one: less than any flam."""


def fold_hits(hits: Hits) -> Hits:
    """The same hits on fewer instruments. Of those that fall together one stays, as loud and as sure as the most of them.

    Two hits that were on one instrument before stay two: a flam is no duplicate.
    """
    rows: list[Hit] = []
    latest: dict[Instrument, tuple[int, set[Instrument]]] = {}  # per common instrument: its last row, and what that was made of
    for hit in hits:
        common = FOLDS.get(hit.instrument, hit.instrument)
        row, made_of = latest.get(common, (-1, set()))
        if row >= 0 and hit.time_s - rows[row].time_s < SAME_STROKE_S and hit.instrument not in made_of:
            rows[row] = _merged(rows[row], hit)
            made_of.add(hit.instrument)
        else:
            rows.append(Hit(hit.time_s, common, hit.velocity, hit.confidence))
            latest[common] = (len(rows) - 1, {hit.instrument})
    return hits_from_rows(rows, engine=hits.engine, warnings=hits.warnings, state=hits.state)


def _merged(kept: Hit, more: Hit) -> Hit:
    velocity, confidence = max(kept.velocity, more.velocity), max(kept.confidence, more.confidence)
    return Hit(kept.time_s, kept.instrument, velocity, confidence)
