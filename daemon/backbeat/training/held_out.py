"""How well the network hears rendered segments of held-out kits, per instrument: F, times and velocities."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from backbeat.engines.net_features import density, frame_fullness
from backbeat.engines.net_picking import PickSettings, pick
from backbeat.engines.net_runtime import Network
from backbeat.engines.net_vocabulary import COLUMN, INSTRUMENTS
from backbeat.records import FloatArray
from backbeat.training.scoring import WINDOW_S, Counts, matches
from backbeat.training.segment_pool import SegmentPool
from backbeat.training.validate import stroke_times_s
from backbeat.values import Instrument


@dataclass(frozen=True, kw_only=True)
class InstrumentFigures:
    """Figures of one instrument.

    time_error_ms: median and 95th percentile of the magnitude. velocity_correlation: -1..1. velocity_error: mean magnitude, in
    MIDI steps. The last three are NaN with fewer than two matched strokes.
    """

    instrument: Instrument
    counts: Counts
    time_error_ms: tuple[float, float]
    velocity_correlation: float
    velocity_error: float

    def __str__(self) -> str:
        median, most = self.time_error_ms
        return (
            f"{self.instrument}: F {self.counts.f_measure:.3f} of {self.counts.expected}, {median:.1f} ms (95 %: {most:.1f}), "
            f"velocity r {self.velocity_correlation:.2f}, off by {self.velocity_error:.0f}"
        )


def hear_held_out(network: Network, picking: PickSettings, pool: SegmentPool) -> list[InstrumentFigures]:
    """Figures over all of `pool`, in the order of `Instrument`."""
    counts = dict.fromkeys(INSTRUMENTS, Counts())
    lags_s: dict[Instrument, list[float]] = {instrument: [] for instrument in INSTRUMENTS}
    velocities: dict[Instrument, list[tuple[float, float]]] = {instrument: [] for instrument in INSTRUMENTS}
    for batch in pool.in_order(16):
        for features, onsets, played in zip(*batch, strict=True):
            hits = pick(replace(network(features), density=density(frame_fullness(features))), picking)
            for instrument in INSTRUMENTS:
                own = [hit for hit in hits if hit.instrument is instrument]
                target: FloatArray = onsets[:, COLUMN[instrument]]
                expected_s = stroke_times_s(target)
                pairs = matches(expected_s, np.array([hit.time_s for hit in own]), WINDOW_S)
                counts[instrument] += Counts(matched=len(pairs), expected=len(expected_s), found=len(own))
                for here, there in pairs:
                    lags_s[instrument].append(own[there].time_s - float(expected_s[here]))
                    frame = min(round(float(expected_s[here]) * 100), len(played) - 1)
                    velocities[instrument].append((float(played[frame, COLUMN[instrument]]) * 127, own[there].velocity))
    return [_figures(i, counts[i], np.array(lags_s[i]), np.array(velocities[i]).reshape(-1, 2)) for i in INSTRUMENTS]


def _figures(instrument: Instrument, counts: Counts, lags_s: np.ndarray, velocities: np.ndarray) -> InstrumentFigures:
    if len(lags_s) < 2:
        return InstrumentFigures(
            instrument=instrument,
            counts=counts,
            time_error_ms=(np.nan, np.nan),
            velocity_correlation=np.nan,
            velocity_error=np.nan,
        )
    error_ms = np.abs(lags_s) * 1000
    return InstrumentFigures(
        instrument=instrument,
        counts=counts,
        time_error_ms=(float(np.median(error_ms)), float(np.percentile(error_ms, 95))),
        velocity_correlation=float(np.corrcoef(velocities.T)[0, 1]),
        velocity_error=float(np.abs(velocities[:, 0] - velocities[:, 1]).mean()),
    )
