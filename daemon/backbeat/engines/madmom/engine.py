"""Beats, downbeats and tempo with madmom's recurrent networks (S. Böck, F. Krebs, G. Widmer, ISMIR 2015 and 2016).

One family of networks runs, the joint beat and downbeat one. Its two columns added up are a beat activation, from which
the tempo histogram comes out as it does from `RNNBeatProcessor`, at half the time.

The beats are decoded together with the meter, and the tempo is that of the beats. The decoder settles the octave (it
was right where the histogram's strongest peak was, and on more), but on drums alone it counts eighths in half of the
slower grooves; `prior` sees that from the drums, and the decoder is asked again at half the tempo.

The histogram (as in the seed: resonating comb filters, relative strength) says how sure it is. A steady pulse makes its
filters resonate at half and double the tempo too, so the strongest peak alone holds 0.2 to 0.45 of a histogram even
where all beats are right; the confidence is therefore the strength at the beats' tempo and those two together. That
gives 0.4 to 0.8 on real recordings and clicks, below 0.4 on noise, drones and random strokes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import soxr

from backbeat.engines.madmom.activations import RATE_HZ, Activations
from backbeat.engines.madmom.bars import FRAMES_PER_SECOND, MAX_BPM, MIN_BPM, BarPath, decode_bars
from backbeat.engines.madmom.compat import import_madmom
from backbeat.engines.madmom.prior import counts_eighths, started_on_downbeat
from backbeat.engines.protocols import BeatHint, EngineOptions, ModelFiles
from backbeat.errors import Cancelled, EngineFailed, EngineMissing
from backbeat.extras import how_to_add
from backbeat.monitor import Monitor
from backbeat.pipeline.beat_grid import CountedBeats, grid_of_beats, tempo_of_beats
from backbeat.pipeline.pulse import pulse_bpm_of, pulse_of, pulses_to_beats
from backbeat.records import BeatGrid, FloatArray, TimeArray
from backbeat.values import FOUR_FOUR, Meter, Stage

METERS = (FOUR_FOUR, Meter(3, 4))
"""Tried where the user says nothing; the likelier one is taken."""
BPM_TOLERANCE = 0.04
"""The beats may go this much faster or slower than the tempo that the user gave."""
OCTAVE_TOLERANCE = 0.15
"""The same where the beats turn out to be eighths and are sought again at half the tempo."""
RELIABLE = 0.5
BEATS_MIN = 4
"""Fewer say nothing about the tempo."""
QUIET_PEAK = 0.1
GAIN_MAX = 100.0
"""A recording below that peak is raised to it, by 40 dB at most: the networks hear fewer beats in quiet ones."""
ACTIVATION_LEAD_S = 0.008
"""How early the activations peak: 8 ms before the kicks and snares of 14 real recordings, 10 ms before clicks."""
HISTOGRAM_FRAMES = 60 * FRAMES_PER_SECOND
"""Histograms of longer recordings are added up from sections of this length, which bounds the memory."""
_PEAK_WIDTH = 0.06  # a peak this near to a tempo is at it; at 250 BPM a bin of the histogram is 4 % wide
_NETWORKS_END, _DECODED_END = 0.9, 0.97  # of the time; then the decoder may be asked again


class MadmomBeats:
    """A BeatEngine. Its memory is bounded: about 300 MB, and 40 kB for each second of the recording."""

    name = "madmom"

    def __init__(self) -> None:
        self._activations = Activations()
        self._tempo: Any = import_madmom("features.tempo")

    def beats(self, samples: FloatArray, sample_rate_hz: int, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        """The grid of mono `samples`, float32 (n,), any rate. Reports `Stage.BEATS`; can be cancelled inside.

        It reaches from the first beat that was heard to the last. With `hint.bpm` the beats stay within 4 % of it.
        Raises EngineFailed where no beats are heard.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # madmom divides by zero on silence, and means it
                return self._grid(_prepared(samples, sample_rate_hz), hint, monitor)
        except (Cancelled, EngineFailed):
            raise
        except Exception as error:
            raise EngineFailed(f"madmom failed: {error}") from error

    def _grid(self, samples: FloatArray, hint: BeatHint, monitor: Monitor) -> BeatGrid:
        activations = self._activations.run(samples, _part(monitor, 0.0, _NETWORKS_END))
        meters = (hint.meter,) if hint.meter else METERS
        ranges = [_tempo_range(meter, hint.bpm) for meter in meters]
        meter, path = _likeliest_meter(activations, meters, ranges, _part(monitor, _NETWORKS_END, _DECODED_END))
        if len(path.frames) < 2:
            raise EngineFailed("madmom heard no steady beat.", advice="Give the tempo if you know it.")
        if hint.bpm is None and counts_eighths(samples, RATE_HZ, path.frames / FRAMES_PER_SECOND):
            half_bpm = tempo_of_beats(path.frames / FRAMES_PER_SECOND) / 2
            ranges = [_around(half_bpm, OCTAVE_TOLERANCE)] * len(meters)
            meter, path = _likeliest_meter(activations, meters, ranges, _part(monitor, _DECODED_END, 1.0))
        path = started_on_downbeat(activations, path, pulse_of(meter).per_bar)
        pulses = CountedBeats(times_s=_peak_times_s(activations, path), numbers=path.numbers)
        pulse_bpm = tempo_of_beats(pulses.times_s)
        confidence = self._strength(activations, pulse_bpm)
        few = len(path.frames) < BEATS_MIN
        monitor.progress(Stage.BEATS, 1.0)
        return grid_of_beats(
            pulses_to_beats(pulses, meter),
            meter,
            tempo_bpm=pulse_bpm * float(pulse_of(meter).beats),
            confidence=confidence,
            bpm_unreliable=hint.bpm is None and (few or confidence < RELIABLE),
            engine=self.name,
        )

    def _strength(self, activations: FloatArray, pulse_bpm: float) -> float:
        """The relative strength of the histogram's peaks at `pulse_bpm`, its half and its double, 0..1."""
        estimation = self._tempo.TempoEstimationProcessor(fps=FRAMES_PER_SECOND)
        smoothing_frames = round(estimation.act_smooth * FRAMES_PER_SECOND)
        beat = self._tempo.smooth_signal(activations.sum(axis=1, dtype=np.float64), smoothing_frames)
        sections = [beat[start : start + HISTOGRAM_FRAMES] for start in range(0, len(beat), HISTOGRAM_FRAMES)]
        histograms = [estimation.interval_histogram(section) for section in sections]
        bins, intervals = sum(bins for bins, _ in histograms), histograms[0][1]
        smoothed = self._tempo.smooth_histogram((bins, intervals), estimation.hist_smooth)
        peaks = self._tempo.detect_tempo(smoothed, FRAMES_PER_SECOND)
        octaves = np.abs(np.log2(peaks[:, [0]] / (pulse_bpm * np.array([0.5, 1.0, 2.0])))) < np.log2(1 + _PEAK_WIDTH)
        return float(np.nan_to_num(peaks[octaves.any(axis=1), 1].sum()))


def open_engine(options: EngineOptions, models: ModelFiles) -> MadmomBeats:  # noqa: ARG001 - all openers take the same
    """Load madmom and its networks, which come with the package. Raises EngineMissing when it does not load."""
    try:
        return MadmomBeats()
    except ImportError as error:
        raise EngineMissing(
            f"madmom is installed but does not load: {error}",
            advice=how_to_add("madmom"),
        ) from error


def _prepared(samples: FloatArray, sample_rate_hz: int) -> FloatArray:
    """At the networks' rate and level."""
    if sample_rate_hz != RATE_HZ:
        samples = soxr.resample(samples, sample_rate_hz, RATE_HZ)
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    gain = min(max(QUIET_PEAK / peak, 1.0), GAIN_MAX) if peak else 1.0
    raised: FloatArray = samples if gain == 1.0 else samples * np.float32(gain)
    return raised


def _part(monitor: Monitor, start: float, end: float) -> Callable[[float], None]:
    """Takes the fraction done of a part of the work, reports the fraction of all, and checks."""

    def report(fraction: float) -> None:
        monitor.progress(Stage.BEATS, start + (end - start) * fraction)
        monitor.check()

    return report


def _likeliest_meter(
    activations: FloatArray,
    meters: Sequence[Meter],
    ranges: Sequence[tuple[float, float]],
    between: Callable[[float], None],
) -> tuple[Meter, BarPath]:
    """Decode in each meter, with pulses per minute in its range, and take the likelier."""
    paths: list[BarPath] = []
    for n, (meter, (low, high)) in enumerate(zip(meters, ranges, strict=True)):

        def decoded(fraction: float, n: int = n) -> None:
            between((n + fraction) / len(meters))

        paths.append(decode_bars(activations, pulse_of(meter).per_bar, min_bpm=low, max_bpm=high, between=decoded))
    best = max(range(len(meters)), key=lambda n: paths[n].log_likelihood)
    return meters[best], paths[best]


def _tempo_range(meter: Meter, quarter_bpm: float | None) -> tuple[float, float]:
    """Pulses per minute: around the user's tempo, or madmom's range for a pulse of a quarter or so, and more for less."""
    if quarter_bpm is not None:
        return _around(pulse_bpm_of(quarter_bpm, meter), BPM_TOLERANCE)
    faster = max(1.0, pulse_bpm_of(1.0, meter) * 0.75)
    return MIN_BPM * faster, MAX_BPM * faster


def _around(bpm: float, tolerance: float) -> tuple[float, float]:
    return bpm * (1.0 - tolerance), bpm * (1.0 + tolerance)


def _peak_times_s(activations: FloatArray, path: BarPath) -> TimeArray:
    """Beat times between the frames: the top of a parabola through the logarithms of each peak and its neighbours."""
    level = np.log(np.maximum(activations.max(axis=1).astype(np.float64), 1e-9))
    inside = np.clip(path.frames, 1, max(len(level) - 2, 1))
    before, top, after = level[inside - 1], level[inside], level[np.minimum(inside + 1, len(level) - 1)]
    curve = before - 2 * top + after
    shift = np.where((curve < 0) & (inside == path.frames), 0.5 * (before - after) / np.minimum(curve, -1e-9), 0.0)
    times_s = (path.frames + np.clip(shift, -0.5, 0.5)) / FRAMES_PER_SECOND + ACTIVATION_LEAD_S
    positive_s: TimeArray = np.maximum(times_s, 0.0)
    return positive_s
