"""How well the network hears rendered segments of held-out kits, per instrument: F, times and velocities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from backbeat.engines.net.features import FPS, density, frame_fullness
from backbeat.engines.net.picking import Activations, PickSettings, pick
from backbeat.engines.net.runtime import Network
from backbeat.engines.net.vocabulary import INSTRUMENTS
from backbeat.errors import ConfigError
from backbeat.records import FloatArray, Hit
from backbeat.training.evaluation.heard import Heard, of_instrument, over_recordings, played_families
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches
from backbeat.training.playing.strokes import Stroke
from backbeat.training.segments.pool import SegmentPool
from backbeat.training.segments.targets import targets_to_strokes
from backbeat.training.sources import SEGMENTS_PER_KIT
from backbeat.values import Instrument


@dataclass(frozen=True, kw_only=True)
class InstrumentFigures:
    """Figures of one instrument.

    lag_ms: median of found minus played. time_error_ms: median and 95th percentile of its magnitude. velocity_correlation: -1..1.
    velocity_error: mean magnitude, in MIDI steps. All but the counts are NaN with fewer than two matched strokes.
    """

    instrument: Instrument
    counts: Counts
    lag_ms: float = np.nan
    time_error_ms: tuple[float, float] = (np.nan, np.nan)
    velocity_correlation: float = np.nan
    velocity_error: float = np.nan

    def __str__(self) -> str:
        median, most = self.time_error_ms
        return (
            f"{self.instrument}: F {self.counts.f_measure:.3f} of {self.counts.expected}, {median:.1f} ms (95 %: {most:.1f}), "
            f"velocity r {self.velocity_correlation:.2f}, off by {self.velocity_error:.0f}"
        )


def hear_held_out(network: Network, picking: PickSettings, pool: SegmentPool) -> list[InstrumentFigures]:
    """Figures over all of `pool`, in the order of `Instrument`."""
    segments = [
        heard_segment(f"{number}", hear_frames(network, picking, features), targets_to_strokes(onsets, played), len(features))
        for number, (features, onsets, played) in enumerate(_each(pool))
    ]
    return [figures_of(segments, instrument) for instrument in INSTRUMENTS]


def _each(pool: SegmentPool) -> Iterable[tuple[FloatArray, FloatArray, FloatArray]]:
    for batch in pool.in_order(16):
        yield from zip(*batch, strict=True)


def hear_folder(network: Network, picking: PickSettings, folder: Path) -> list[Heard]:
    """The rendered segments in the `.npz` files of a folder, as the network hears them; those of one drawn kit are one recording.

    Raises ConfigError when there are none.
    """
    segments = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            features, strokes = file["F"], file["strokes"]
        for number, frames in enumerate(features):
            own = strokes[strokes[:, 0] == number]
            played = [Stroke(float(time_s), INSTRUMENTS[int(column)], int(velocity)) for _, time_s, column, velocity in own]
            hits = hear_frames(network, picking, frames.astype(np.float32))
            kit = f"{path.stem}, kit {number // SEGMENTS_PER_KIT}"
            segments.append(heard_segment(kit, hits, played, len(frames)))
    if not segments:
        raise no_segments(folder)
    return segments


def no_segments(folder: Path) -> ConfigError:
    """What to raise where there should be held-out segments."""
    return ConfigError(f"There are no held-out segments in {folder}.", advice="Render some: backbeat train render --validation")


def heard_segment(recording: str, hits: Sequence[Hit], played: Iterable[Stroke], frames: int) -> Heard:
    """A segment of so many frames, as `heard` has recordings."""
    played = tuple(sorted(played))
    return Heard(recording=recording, duration_s=frames / FPS, played=played, families=played_families(played), hits=tuple(hits))


def hear_frames(network: Network, picking: PickSettings, frames: FloatArray) -> list[Hit]:
    """The strokes in features, float32 (frames, BANDS), of a recording of its own."""
    return pick(whole_activations(network, frames), picking)


def whole_activations(network: Network, frames: FloatArray) -> Activations:
    """What the network says of a whole recording, given its features, float32 (frames, BANDS), at once."""
    return replace(network(frames), density=density(frame_fullness(frames)))


def figures_of(segments: Sequence[Heard], instrument: Instrument) -> InstrumentFigures:
    """Figures of one instrument over all segments. Raises nothing; see `InstrumentFigures` for what has no figure."""
    counts = over_recordings(segments, [of_instrument(instrument)]).total
    pairs = [pair for segment in segments for pair in _matched(segment, instrument)]
    if len(pairs) < 2:
        return InstrumentFigures(instrument=instrument, counts=counts)
    lags_ms = np.array([hit.time_s - stroke.time_s for stroke, hit in pairs]) * 1000
    velocities = np.array([(stroke.velocity, hit.velocity) for stroke, hit in pairs], np.float64)
    return InstrumentFigures(
        instrument=instrument,
        counts=counts,
        lag_ms=float(np.median(lags_ms)),
        time_error_ms=(float(np.median(np.abs(lags_ms))), float(np.percentile(np.abs(lags_ms), 95))),
        velocity_correlation=_correlation(velocities),
        velocity_error=float(np.abs(velocities[:, 0] - velocities[:, 1]).mean()),
    )


def _matched(segment: Heard, instrument: Instrument) -> list[tuple[Stroke, Hit]]:
    strokes = [stroke for stroke in segment.played if stroke.instrument is instrument]
    hits = [hit for hit in segment.hits if hit.instrument is instrument]
    pairs = matches(np.array([s.time_s for s in strokes]), np.array([h.time_s for h in hits]), WINDOW_S)
    return [(strokes[here], hits[there]) for here, there in pairs]


def _correlation(pairs: np.ndarray) -> float:
    """Of the two columns; NaN where one of them does not vary."""
    if not pairs.std(axis=0).all():
        return float(np.nan)
    return float(np.corrcoef(pairs.T)[0, 1])
