"""Activations to what a pulse is worth where it is put: the evidence and the priors of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from backbeat.engines.net_beats.cycles import TRIED_METERS, Cycle
from backbeat.engines.net_beats.features import BEAT_FPS, FRAME_CENTRE_S
from backbeat.engines.net_beats.lattice import NEVER, Costs, Gains, Lattice
from backbeat.engines.protocols import BeatHint
from backbeat.records import FloatArray

BPM_TOLERANCE = 0.04
"""With a tempo given, pulses may be this much faster or slower."""
HEARD = 0.3
"""A pulse that is as likely counts as heard."""
METER_S = 6.0
"""The network's opinion on the meter is averaged so far to either side."""
_TOGETHER = 1.5
"""The sum of a target's frames in training: three frames' activations add up to this where a beat is certain."""
_NEAR_S = 2.0
_DOWN_SHARE = 0.27
"""Of all pulses, how many begin a bar: what says no more than that counts for nothing, so that doubt favours no tempo."""
_SURE_NATS = 1000.0
_COUNTED_NATS = 5.0
"""For each quarter note that is counted at a tempo that was given: more than a pulse that nobody hears costs."""
_OPENING_FRAMES = 8


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """Chosen once, for all recordings.

    floor: no pulse is less likely than this; evidence: weight of what was heard; usual_bpm, tempo_weight: the prior on the
    tempo, nats per pulse one octave away (squared); unusual_meter: nats per bar of anything but 4/4; meter_weight: of the
    network's opinion on the meter, per bar; tried_share: how likely 6/8 and 7/8 have to be somewhere to be tried; start: nats for
    playing that begins with a bar; skip: nats per second of playing that is not counted at the start.
    """

    floor: float = 0.03
    evidence: float = 1.0
    usual_bpm: float = 112.0
    tempo_weight: float = 0.8
    unusual_meter: float = 0.3
    meter_weight: float = 0.15
    tried_share: float = 0.25
    start: float = 6.0
    skip: float = 1.5
    costs: Costs = field(default_factory=Costs)


def near_chance(beats: FloatArray) -> FloatArray:
    """How likely a beat, and a downbeat, is within a frame and a half of each frame. beats: float32 (frames, 2)."""
    padded = np.pad(beats, ((1, 1), (0, 0)))
    chance: FloatArray = np.minimum((padded[:-2] + padded[1:-1] + padded[2:]) / np.float32(_TOGETHER), 1.0)
    return chance


def pulse_gains(likely: FloatArray, meters: FloatArray, lattice: Lattice, hint: BeatHint, settings: DecodeSettings) -> Gains:
    """The gains of a whole recording: likelihood ratios that count for nothing where nobody plays, the hints, and the priors.

    likely: float32 (frames, 2) as from `near_chance`; meters: float32 (frames, 5).
    """
    there = (_sliding_max(likely[:, 0], round(_NEAR_S * BEAT_FPS)) * settings.evidence).astype(np.float32)
    pulse = _log(likely[:, 0], settings) - _log(1 - likely[:, 0], settings)
    share = (likely[:, 1] / np.maximum(likely[:, 0], settings.floor)).astype(np.float32)  # of downbeats among beats
    down_gain = (pulse + _log(share, settings) - np.log(_DOWN_SHARE)) * there
    beat_gain = (pulse + _log(1 - share, settings) - np.log(1 - _DOWN_SHARE)) * there
    if hint.first_downbeat_s is not None:
        frame = _frame_of(hint.first_downbeat_s)
        for distance in (-1, 0, 1):
            if 0 <= frame + distance < len(down_gain):
                down_gain[frame + distance] += _SURE_NATS - 2 * abs(distance)
    start, start_down = _starts(likely[:, 0], hint, settings)
    return Gains(
        beat=beat_gain.astype(np.float32),
        down=down_gain.astype(np.float32),
        bar=_bar_gains(meters, lattice.cycles, settings),
        start=start,
        start_down=start_down,
        length=np.stack([_length_gains(lattice, cycle, hint, settings) for cycle in lattice.cycles]),
    )


def _length_gains(lattice: Lattice, cycle: Cycle, hint: BeatHint, settings: DecodeSettings) -> FloatArray:
    """Float32 (lengths,): how usual the tempo is; with a tempo given, no other is possible, to the next whole frame."""
    bpm = 60 * BEAT_FPS / lattice.lengths
    gain: FloatArray = (-settings.tempo_weight * np.log2(bpm / settings.usual_bpm) ** 2).astype(np.float32)
    if hint.bpm is not None:
        shortest, longest = hinted_lengths(cycle, hint.bpm)
        # The same for all paths through the same time: without it, counting would begin where the most pulses are heard.
        quarters = lattice.lengths * hint.bpm / (60 * BEAT_FPS) * float(np.mean(cycle.lengths))
        gain += (_COUNTED_NATS * quarters).astype(np.float32)
        gain[(lattice.lengths < shortest) | (lattice.lengths > longest)] = NEVER
    return gain


def hinted_lengths(cycle: Cycle, quarter_bpm: float) -> tuple[int, int]:
    """The shortest and the longest pulse of a cycle at about that tempo, in frames."""
    frames = 60 * BEAT_FPS * cycle.pulse_quarters / quarter_bpm
    return max(int(frames * (1 - BPM_TOLERANCE)), 3), max(int(np.ceil(frames * (1 + BPM_TOLERANCE))), 4)


def _log(chance: FloatArray, settings: DecodeSettings) -> FloatArray:
    logarithm: FloatArray = np.log(np.maximum(chance, settings.floor)).astype(np.float32)
    return logarithm


def _starts(likely: FloatArray, hint: BeatHint, settings: DecodeSettings) -> tuple[FloatArray, FloatArray]:
    """What it is worth to count from each frame on, with any pulse or with the first of a bar: not before anything is heard.

    The later the worse; and what is heard first is rather the first of a bar, for that is how recordings are cut.
    """
    frames = np.arange(len(likely), dtype=np.float32)
    first = int(np.argmax(likely >= min(HEARD, float(likely.max())))) - 2
    if hint.first_downbeat_s is not None:
        first = min(first, _frame_of(hint.first_downbeat_s) - 1)
    start: FloatArray = (np.maximum(frames - first, 0) * (-settings.skip / BEAT_FPS)).astype(np.float32)
    start[: max(first, 0)] = NEVER
    start_down = start.copy()
    start_down[: max(first + _OPENING_FRAMES, 0)] += np.float32(settings.start)
    return start, start_down


def _frame_of(time_s: float) -> int:
    return round((time_s - FRAME_CENTRE_S) * BEAT_FPS)


def _bar_gains(meters: FloatArray, cycles: Sequence[Cycle], settings: DecodeSettings) -> FloatArray:
    """How well each cycle fits what the network thinks of the meter, float32 (cycles, frames), per bar and against 4/4."""
    heard = np.log(np.maximum(smooth(meters, round(METER_S * BEAT_FPS)), settings.floor))
    gains = np.zeros((len(cycles), len(meters)), np.float32)
    for row, cycle in zip(gains, cycles, strict=True):
        if cycle.meter in TRIED_METERS and cycle.meter != TRIED_METERS[0]:
            row[:] = settings.meter_weight * (heard[:, TRIED_METERS.index(cycle.meter)] - heard[:, 0]) - settings.unusual_meter
    return gains


def smooth(values: FloatArray, reach: int) -> FloatArray:
    """Means over +-reach frames, cut off at the ends. values: (frames, columns)."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    index = np.arange(len(values))
    low, high = np.maximum(index - reach, 0), np.minimum(index + reach + 1, len(values))
    mean: FloatArray = ((total[high] - total[low]) / (high - low)[:, np.newaxis]).astype(np.float32)
    return mean


def _sliding_max(values: FloatArray, reach: int) -> FloatArray:
    """Maximum over +-reach frames, by windows doubled again and again."""
    run = np.pad(values, (reach, reach))
    width, span = 2 * reach + 1, 1
    while span * 2 <= width:
        run = np.maximum(run[:-span], run[span:])
        span *= 2
    rest = width - span
    return np.maximum(run[: len(run) - rest], run[rest:]) if rest else run
