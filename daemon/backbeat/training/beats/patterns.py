"""Generated drumming whose beats and bars are known: the meters and feels that the recorded grooves have too little of.

A pattern is one or two bars of steps, repeated with small changes, with fills and crashes where phrases end. What the recordings
lack is drawn here: 3/4, 6/8, 5/4 and 7/8, half-time and double-time back beats, shuffles, kicks on every beat, off-beat hats.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.records import TimeArray
from backbeat.training.playing.strokes import Stroke
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short
from backbeat.values import Meter


@dataclass(frozen=True, kw_only=True)
class BarPlan:
    """How a bar is divided. steps: the finest notes in it; pulses: the steps that one taps to, the first is 0.

    quarters: how long the bar is in quarter notes.
    """

    meter: Meter
    steps: int
    pulses: tuple[int, ...]
    quarters: float

    @property
    def step_quarters(self) -> float:
        """How long a step is, in quarter notes."""
        return self.quarters / self.steps


def _even(meter: Meter, pulses: int, each: int, pulse_quarters: float = 1.0) -> BarPlan:
    return BarPlan(
        meter=meter, steps=pulses * each, pulses=tuple(range(0, pulses * each, each)), quarters=pulses * pulse_quarters
    )


STRAIGHT, TERNARY = _even(Meter(4, 4), 4, 4), _even(Meter(4, 4), 4, 3)
PLANS: tuple[tuple[BarPlan, float], ...] = (
    (STRAIGHT, 0.52),
    (TERNARY, 0.12),
    (_even(Meter(3, 4), 3, 4), 0.08),
    (_even(Meter(3, 4), 3, 3), 0.03),
    (_even(Meter(6, 8), 2, 6, 1.5), 0.05),
    (_even(Meter(6, 8), 2, 3, 1.5), 0.05),
    (_even(Meter(5, 4), 5, 4), 0.05),
    (_even(Meter(5, 4), 5, 3), 0.015),
    (BarPlan(meter=Meter(7, 8), steps=14, pulses=(0, 4, 8), quarters=3.5), 0.04),
    (BarPlan(meter=Meter(7, 8), steps=14, pulses=(0, 6, 10), quarters=3.5), 0.025),
    (BarPlan(meter=Meter(7, 8), steps=14, pulses=(0, 4, 10), quarters=3.5), 0.02),
)
"""Bars and how often each is drawn."""

_BACK_BEATS: dict[tuple[str, int], tuple[tuple[tuple[int, ...], float], ...]] = {
    ("even", 4): (((1, 3), 0.68), ((2,), 0.1), ((3,), 0.05), ((0, 1, 2, 3), 0.05), ((1, 2, 3), 0.02), ((), 0.1)),
    ("even", 3): (((1, 2), 0.4), ((2,), 0.25), ((1,), 0.2), ((), 0.15)),
    ("even", 2): (((1,), 0.9), ((), 0.1)),
    ("even", 5): (((1, 3), 0.3), ((3,), 0.3), ((1, 4), 0.2), ((2, 4), 0.1), ((), 0.1)),
    ("uneven", 3): (((2,), 0.4), ((1,), 0.3), ((1, 2), 0.2), ((), 0.1)),
}
"""On which pulses the snare falls, and how often so."""

_Add = Callable[[int, float, I, float], None]
"""Bar, step, instrument, velocity."""

_KEEPERS = (I.HIHAT_CLOSED, I.RIDE, I.HIHAT_OPEN, I.CRASH, I.RIDE_BELL, I.TOM_LOW)
_KEEPER_SHARES = (0.55, 0.22, 0.1, 0.06, 0.04, 0.03)
_FILL_DRUMS = (I.SNARE, I.TOM_HIGH, I.TOM_MID, I.TOM_LOW)
_DOUBLE_TIME = 0.06
_FOUR_ON_THE_FLOOR = 0.13
_OFFBEAT_HATS = 0.1
_ONE_DROP = 0.03
_METRONOME = 0.05
_CLICKS = (I.SIDE_STICK, I.HIHAT_CLOSED, I.RIDE_BELL, I.KICK, I.SNARE, I.TOM_HIGH)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A bar of the pattern: velocity per step (0: nothing) of kick, snare and timekeeper."""

    kick: TimeArray
    snare: TimeArray
    keeper: TimeArray


def draw_plan(rng: np.random.Generator) -> BarPlan:
    """A meter and the division of its bar."""
    return PLANS[int(rng.choice(len(PLANS), p=_shares([share for _, share in PLANS])))][0]


def draw_quarter_bpm(rng: np.random.Generator, plan: BarPlan) -> float:
    """A tempo as such music has it, quarter notes per minute; the pulse of 6/8 is slower than its quarters."""
    middle = {2: 105.0, 3: 118.0 if plan.meter.unit == 4 else 150.0}.get(len(plan.pulses), 112.0)
    return float(np.clip(middle * 2 ** rng.normal(0, 0.4), 54, 215))


def draw_clicks(rng: np.random.Generator, plan: BarPlan, bars: int, quarter_s: float) -> list[Stroke]:
    """A stroke on every pulse and nothing else, the first of a bar louder or not: a count-in, a metronome, four on the floor."""
    first, other = (_CLICKS[int(index)] for index in rng.integers(len(_CLICKS), size=2))
    level, softer = rng.uniform(60, 120), rng.uniform(0.5, 1.0)
    if rng.random() < 0.7:
        first = other
    step_s = plan.step_quarters * quarter_s
    return [
        Stroke((bar * plan.steps + step) * step_s, other if step else first, int(level * (softer if step else 1)))
        for bar in range(bars)
        for step in plan.pulses
    ]


def draw_bars(rng: np.random.Generator, plan: BarPlan, bars: int, quarter_s: float) -> list[Stroke]:
    """So many bars of drumming from 0 s at a steady tempo; not tidied, times may be a little negative."""
    if rng.random() < _METRONOME:
        return draw_clicks(rng, plan, bars, quarter_s)
    step_s = plan.step_quarters * quarter_s
    looseness_s = float(rng.choice([0.0, 0.004, 0.008, 0.014]))
    swing = float(rng.uniform(0.05, 0.6)) if _is_straight(plan) and rng.random() < 0.2 else 0.0
    phrase = int(rng.choice([2, 4, 4, 8]))
    sections = [_Section.draw(rng, plan) for _ in range(2)]
    section_bars = phrase * int(rng.choice([1, 2, 4]))
    crash = I.CRASH if rng.random() < 0.75 else I.CHINA
    intro = int(rng.choice([0, 1, 2, 4])) if rng.random() < 0.15 else 0
    fill_share = rng.uniform(0.2, 1.0)
    crash_share = rng.uniform(0.1, 0.95)
    out: list[Stroke] = []

    def add(bar: int, step: float, instrument: I, velocity: float) -> None:
        late = swing * step_s if step % 2 == 1 else 0.0
        time_s = (bar * plan.steps + step) * step_s + late + rng.normal(0, looseness_s)
        out.append(Stroke(float(time_s), instrument, int(np.clip(velocity + rng.normal(0, 5), 1, 127))))

    filled = True
    for bar in range(bars):
        section = sections[(bar // section_bars) % 2]
        fill_from = plan.steps
        if bar % phrase == phrase - 1 and rng.random() < fill_share:
            fill_from = plan.pulses[int(rng.integers(0 if len(plan.pulses) < 3 else 1, len(plan.pulses)))]
        crashed = (filled or bar % section_bars == 0) and rng.random() < crash_share
        section.play(rng, add, bar, fill_from, crash if crashed else None, silent=bar < intro)
        if fill_from < plan.steps:
            _fill(rng, add, bar, plan, fill_from)
        filled = fill_from < plan.steps
    return out


@dataclass(frozen=True, kw_only=True)
class _Section:
    plan: BarPlan
    parts: tuple[_Part, ...]
    keeper: I
    back: I
    ghosts: float
    changes: float
    foot: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, plan: BarPlan) -> _Section:
        first = _draw_part(rng, plan)
        second = _draw_part(rng, plan, like=first) if rng.random() < 0.5 else first
        return cls(
            plan=plan,
            parts=(first, second),
            keeper=_KEEPERS[int(rng.choice(len(_KEEPERS), p=_KEEPER_SHARES))],
            back=I.SIDE_STICK if rng.random() < 0.12 else I.SNARE,
            ghosts=float(rng.choice([0.0, 0.0, 0.08, 0.25])),
            changes=float(rng.choice([0.0, 0.03, 0.08])),
            foot=rng.random() < 0.15,
        )

    def play(self, rng: np.random.Generator, add: _Add, bar: int, stop: int, crash: I | None, *, silent: bool) -> None:
        """Write one bar by `add`, up to step `stop`. silent: an introduction, the timekeeper alone."""
        part = self.parts[bar % 2]
        for step in range(stop):
            if part.keeper[step]:
                add(bar, step, self.keeper, part.keeper[step])
            if silent:
                continue
            if crash is not None and step == 0:
                add(bar, step, crash, rng.uniform(85, 125))
            kick, snare = part.kick[step], part.snare[step]
            if rng.random() < self.changes:
                kick = 0 if kick else rng.uniform(60, 115)
            if kick:
                add(bar, step, I.KICK, kick)
            if snare:
                add(bar, step, self.back, snare)
            elif rng.random() < self.ghosts and not kick:
                add(bar, step, I.SNARE, rng.uniform(10, 40))
            if self.foot and step in self.plan.pulses[1::2]:
                add(bar, step, I.HIHAT_PEDAL, rng.uniform(35, 90))


def _draw_part(rng: np.random.Generator, plan: BarPlan, like: _Part | None = None) -> _Part:
    """One bar; with `like`, the same but for the kicks."""
    steps = plan.steps
    snare = like.snare if like else _draw_snare(rng, plan)
    keeper = like.keeper if like else _draw_keeper(rng, plan)
    kick = np.zeros(steps)
    level = rng.uniform(85, 120)
    if rng.random() < _FOUR_ON_THE_FLOOR:
        kick[list(plan.pulses)] = level
    else:
        chance = np.full(steps, rng.uniform(0.0, 0.14))
        chance[::2] *= 2.0
        chance[list(plan.pulses)] = rng.uniform(0.1, 0.45)
        if len(plan.pulses) == 4:
            chance[plan.pulses[2]] = rng.uniform(0.3, 0.9)
        if rng.random() < 0.8:
            chance[snare > 0] *= 0.1
        kick[rng.random(steps) < chance] = level
        kick[0] = level if rng.random() < 0.95 else 0
    if rng.random() < _ONE_DROP and len(plan.pulses) == 4:
        kick[:] = 0
        kick[plan.pulses[2]] = level
    kick *= rng.uniform(0.85, 1.0, steps)
    return _Part(kick=kick, snare=snare, keeper=keeper)


def _draw_snare(rng: np.random.Generator, plan: BarPlan) -> TimeArray:
    snare = np.zeros(plan.steps)
    level = rng.uniform(85, 122)
    if _is_straight(plan) and len(plan.pulses) == 4 and rng.random() < _DOUBLE_TIME:
        snare[[pulse + 2 for pulse in plan.pulses]] = level
        return snare
    evenness = "even" if len({*np.diff([*plan.pulses, plan.steps])}) == 1 else "uneven"
    choices = _BACK_BEATS[evenness, len(plan.pulses)]
    chosen = choices[int(rng.choice(len(choices), p=_shares([share for _, share in choices])))][0]
    snare[[plan.pulses[place] for place in chosen]] = level
    if rng.random() < 0.15:  # a syncopated stroke between the back beats
        snare[int(rng.integers(1, plan.steps))] = level * rng.uniform(0.7, 1)
    return snare


def _draw_keeper(rng: np.random.Generator, plan: BarPlan) -> TimeArray:
    steps = plan.steps
    level = rng.uniform(45, 112)
    keeper = np.zeros(steps)
    each = plan.pulses[1]
    if rng.random() < _OFFBEAT_HATS and each % 2 == 0:
        keeper[[pulse + 2 for pulse in plan.pulses]] = level
        return keeper
    kind = rng.random()
    if each % 3 == 0 and len({*np.diff(plan.pulses)}) == 1 and each == 3:  # ternary: all three, or long-short
        keeper[:] = level
        if kind < 0.6 and plan.meter.unit == 4:
            keeper[1::3] = 0
        if kind < 0.2 and len(plan.pulses) == 4 and plan.meter.unit == 4:
            keeper[2], keeper[8] = 0, 0  # spang-a-lang
    elif kind < 0.6:
        keeper[::2] = level  # eighths
    elif kind < 0.78:
        keeper[:] = level
    elif kind < 0.94:
        keeper[list(plan.pulses)] = level
    else:
        cell = rng.random(steps) < 0.6
        cell[0] = True
        keeper[cell] = level
    accent = rng.uniform(1.0, 1.4)
    keeper[list(plan.pulses)] *= accent if rng.random() < 0.85 else 1 / accent
    return keeper


def _fill(rng: np.random.Generator, add: _Add, bar: int, plan: BarPlan, start: int) -> None:
    """Rolls around the drums up to the end of the bar."""
    gap = 1 if plan.step_quarters > 0.2 else int(rng.choice([1, 1, 2]))
    density = rng.uniform(0.6, 1.0)
    place = 0
    for step in range(start, plan.steps, gap):
        if rng.random() < 0.25:
            place = min(place + 1, len(_FILL_DRUMS) - 1)
        if rng.random() < density:
            add(bar, step, _FILL_DRUMS[place], rng.uniform(70, 122))
        if rng.random() < 0.15:
            add(bar, step, I.KICK, rng.uniform(75, 118))


def _is_straight(plan: BarPlan) -> bool:
    return plan.step_quarters < 0.3


def _shares(weights: Sequence[float]) -> TimeArray:
    array = np.asarray(weights, np.float64)
    shares: TimeArray = array / array.sum()
    return shares
