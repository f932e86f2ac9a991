"""Half a minute of drumming with its beats: a recorded groove or a generated pattern, at a tempo that may drift, or no beat.

Everything is first laid out at a steady tempo; then time itself is bent, so that drums, music and beats stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.pipeline.pulse import pulse_of
from backbeat.records import IntArray, TimeArray
from backbeat.training.beats.patterns import draw_bars, draw_plan, draw_quarter_bpm
from backbeat.training.playing.grooves import Groove
from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.values import FOUR_FOUR, Instrument, Meter

_SLOWEST_BPM, _FASTEST_BPM = 48.0, 220.0
_GROOVE_SHARE = 0.5
_BEATLESS_SHARE = 0.06
_AT_BAR_SHARE = 0.55
_SILENT_START_SHARE = 0.12
_KNOT_S = 2.5


@dataclass(frozen=True, kw_only=True, eq=False)
class BeatSong:
    """strokes: tidied. pulses_s: float64 (n,), rising; numbers: int64 (n,), 1 is a downbeat. meter: None where there is no beat.

    steady_s and bent_s: the same moments at the steady tempo and as they are, both float64, rising (see `bend`).
    bar_s: how long a bar is, and step_s its finest notes, at the steady tempo; first_bar_s: where one begins, at or before 0.
    """

    strokes: tuple[Stroke, ...]
    pulses_s: TimeArray
    numbers: IntArray
    meter: Meter | None
    steady_s: TimeArray
    bent_s: TimeArray
    bar_s: float
    step_s: float
    first_bar_s: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Steady:
    """The same before time is bent, from 0 s, one round after the other."""

    strokes: Sequence[Stroke]
    pulses_s: TimeArray
    numbers: IntArray
    meter: Meter
    bar_s: float
    step_s: float


def draw_song(rng: np.random.Generator, grooves: Sequence[Groove], duration_s: float) -> BeatSong:
    """A song of that length, all drawn from `rng`."""
    if rng.random() < _BEATLESS_SHARE:
        return _beatless(rng, duration_s)
    long_s = duration_s * 1.3 + 20
    steady = _from_groove(rng, grooves, long_s) if grooves and rng.random() < _GROOVE_SHARE else _from_pattern(rng, long_s)
    bars = int(rng.integers(0, 4))
    start_s = bars * steady.bar_s + (0.0 if rng.random() < _AT_BAR_SHARE else rng.uniform(0, steady.bar_s))
    silence_s = float(rng.uniform(0, 3)) if rng.random() < _SILENT_START_SHARE else 0.0
    return _cut(rng, steady, start_s=start_s, silence_s=silence_s, duration_s=duration_s)


def _cut(rng: np.random.Generator, steady: _Steady, *, start_s: float, silence_s: float, duration_s: float) -> BeatSong:
    """What sounds from `start_s` on, thinned and bent; before `silence_s` nothing is played."""
    shift_s = silence_s - start_s
    line_s, bent_s = _draw_bend(rng, duration_s)

    def bent(times_s: TimeArray) -> TimeArray:
        at: TimeArray = np.interp(times_s + shift_s, line_s, bent_s)
        return at

    pulses_s = bent(steady.pulses_s)
    heard = (steady.pulses_s + shift_s >= silence_s - 0.02) & (pulses_s < duration_s)
    times_s = bent(np.array([stroke.time_s for stroke in steady.strokes]))
    kept = [
        stroke._replace(time_s=float(time_s))
        for stroke, time_s in zip(steady.strokes, times_s, strict=True)
        if stroke.time_s + shift_s >= silence_s - 0.05 and time_s < duration_s
    ]
    return BeatSong(
        strokes=tuple(tidy(_orchestrated(rng, kept))),
        pulses_s=np.maximum(pulses_s[heard], 0.0),
        numbers=steady.numbers[heard],
        meter=steady.meter,
        steady_s=line_s,
        bent_s=bent_s,
        bar_s=steady.bar_s,
        step_s=steady.step_s,
        first_bar_s=silence_s - start_s % steady.bar_s,
    )


def _from_groove(rng: np.random.Generator, grooves: Sequence[Groove], long_s: float) -> _Steady:
    """A performance at 0.7 to 1.4 of its speed, repeated on the bar; most draws want one of several bars."""
    groove = max((grooves[int(rng.integers(len(grooves)))] for _ in range(3)), key=lambda one: one.duration_s)
    if groove.meter.beats == 5 and groove.meter.unit == 8:  # how its five are grouped is not known
        return _from_pattern(rng, long_s)
    low = max(0.7, _SLOWEST_BPM / groove.tempo_bpm)
    high = min(1.4, _FASTEST_BPM / groove.tempo_bpm)
    speed = float(np.exp(rng.uniform(np.log(low), np.log(max(high, low)))))
    bar_s, round_s = groove.bar_s / speed, groove.duration_s / speed
    offset_s = bar_s * int(rng.integers(0, max(int(round_s / bar_s), 1)))
    strokes = [
        stroke._replace(time_s=stroke.time_s / speed + turn * round_s - offset_s)
        for turn in range(int(np.ceil((long_s + offset_s) / round_s)))
        for stroke in groove.strokes
    ]
    per_bar = pulse_of(groove.meter).per_bar
    count = int(long_s / bar_s) * per_bar
    return _Steady(
        strokes=[stroke for stroke in strokes if stroke.time_s > -0.06],
        pulses_s=np.arange(count) * bar_s / per_bar,
        numbers=np.arange(count, dtype=np.int64) % per_bar + 1,
        meter=groove.meter,
        bar_s=bar_s,
        step_s=bar_s / per_bar / (6 if groove.meter.unit == 8 else 4),
    )


def _from_pattern(rng: np.random.Generator, long_s: float) -> _Steady:
    plan = draw_plan(rng)
    quarter_s = 60.0 / draw_quarter_bpm(rng, plan)
    bar_s = plan.quarters * quarter_s
    bars = int(long_s / bar_s) + 1
    within_s = np.array(plan.pulses) * plan.step_quarters * quarter_s
    return _Steady(
        strokes=draw_bars(rng, plan, bars, quarter_s),
        pulses_s=(np.arange(bars)[:, np.newaxis] * bar_s + within_s).ravel(),
        numbers=np.tile(np.arange(1, len(plan.pulses) + 1, dtype=np.int64), bars),
        meter=plan.meter,
        bar_s=bar_s,
        step_s=plan.step_quarters * quarter_s,
    )


def _draw_bend(rng: np.random.Generator, duration_s: float) -> tuple[TimeArray, TimeArray]:
    """Moments at the steady tempo and where they fall: steady, a wandering tempo, a ramp, or a sudden change."""
    line_s = np.arange(-30.0, duration_s * 1.6 + 40, _KNOT_S / 10)
    log_tempo = np.zeros(len(line_s))
    kind = rng.random()
    if kind > 0.35:  # a drummer without a click, or with one
        knots = rng.normal(0, rng.uniform(0.002, 0.02), int(len(line_s) / 10) + 2)
        log_tempo += np.interp(np.arange(len(line_s)) / 10, np.arange(len(knots)), knots)
    if kind > 0.85:
        start_s, length_s = rng.uniform(-5, duration_s * 0.6), rng.uniform(4, duration_s)
        log_tempo += rng.uniform(-0.3, 0.3) * np.clip((line_s - start_s) / length_s, 0, 1)
    elif kind > 0.81:
        log_tempo += rng.uniform(-0.25, 0.25) * (line_s > rng.uniform(5, duration_s - 5))
    elapsed_s = np.concatenate([[0.0], np.cumsum(np.exp(-log_tempo[:-1]) * np.diff(line_s))])
    return line_s, elapsed_s - np.interp(0.0, line_s, elapsed_s)


_ALWAYS_MANY = (Instrument.HIHAT_CLOSED, Instrument.RIDE, Instrument.KICK, Instrument.SNARE)
_KEEPERS = (Instrument.RIDE, Instrument.HIHAT_OPEN, Instrument.CRASH, Instrument.RIDE_BELL)


def _orchestrated(rng: np.random.Generator, strokes: list[Stroke]) -> list[Stroke]:
    """Some of it on other instruments, some left out, some seconds silent: songs are played with fewer notes than grooves."""
    moves: dict[Instrument, Instrument] = {}
    if rng.random() < 0.25:
        moves[Instrument.HIHAT_CLOSED] = _KEEPERS[int(rng.integers(len(_KEEPERS)))]
    if rng.random() < 0.1:
        moves[Instrument.SNARE] = Instrument.SIDE_STICK
    share = dict.fromkeys(Instrument, 1.0)
    if rng.random() < 0.35:
        share = {instrument: rng.uniform(0.0, 1.1) for instrument in Instrument}
        share |= {instrument: rng.uniform(0.6, 1.4) for instrument in _ALWAYS_MANY}
    if rng.random() < 0.08:
        for instrument in (Instrument.HIHAT_CLOSED, Instrument.HIHAT_OPEN, Instrument.HIHAT_PEDAL, Instrument.RIDE):
            share[instrument] = 0.0
    kept = [
        stroke._replace(instrument=moves.get(stroke.instrument, stroke.instrument))
        for stroke in strokes
        if rng.random() < share[stroke.instrument]
    ]
    if rng.random() < 0.12:
        start_s = rng.uniform(0, 25)
        stop_s = start_s + rng.uniform(1, 5)
        kept = [stroke for stroke in kept if not start_s <= stroke.time_s < stop_s]
    return kept


def _beatless(rng: np.random.Generator, duration_s: float) -> BeatSong:
    """No strokes, single strokes without any time, or a roll: nothing one could count."""
    strokes: list[Stroke] = []
    kind = rng.random()
    every = list(Instrument)
    gap_s = float(np.exp(rng.uniform(np.log(0.1), np.log(2.0))))
    if kind > 0.35:
        time_s = 0.0
        while (time_s := time_s + float(rng.exponential(gap_s)) + 0.03) < duration_s:
            strokes.append(Stroke(time_s, every[int(rng.integers(len(every)))], int(rng.integers(20, 127))))
    line_s = np.array([-60.0, duration_s * 2 + 60])
    step_s = 15 / rng.uniform(70, 180)
    return BeatSong(
        strokes=tuple(tidy(strokes)),
        pulses_s=np.zeros(0),
        numbers=np.zeros(0, np.int64),
        meter=None,
        steady_s=line_s,
        bent_s=line_s,
        bar_s=16 * step_s,
        step_s=step_s,
        first_bar_s=0.0,
    )


METER_CLASSES = (FOUR_FOUR, Meter(3, 4), Meter(6, 8), Meter(5, 4), Meter(7, 8))
"""The meters that are told apart, in the order of the network's third output."""
