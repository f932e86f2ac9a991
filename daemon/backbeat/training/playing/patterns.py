"""Generated playing: what the recorded grooves have too little of.

Toms and fills, crashes ridden, chinas, splashes, bells, side stick, pedal hats, ghost notes, rolls and flams, blast beats and
double kicks, swung rides, and hands that are not quite in time. Each style writes steps on a grid; `draw_pattern` gives them a
feel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.values import Instrument as I  # noqa: N817 - tables of instruments read better short

_TIMEKEEPERS = (I.HIHAT_CLOSED, I.RIDE, I.HIHAT_OPEN, I.CRASH, I.RIDE_BELL, I.CHINA, I.TOM_LOW, I.HIHAT_PEDAL)
_TIMEKEEPER_SHARES = (0.45, 0.21, 0.11, 0.07, 0.06, 0.04, 0.03, 0.03)
_FILL_DRUMS = (I.SNARE, I.TOM_HIGH, I.TOM_MID, I.TOM_LOW)
_CRASHES = (I.CRASH, I.CHINA, I.SPLASH)
_CRASH_SHARES = (0.4, 0.18, 0.42)


@dataclass(kw_only=True)
class _Bar:
    """A sheet that styles write on: steps of a sixteenth (or triplet eighth) from the start of the segment."""

    rng: np.random.Generator
    step_s: float
    steps: int
    strokes: list[Stroke] = field(default_factory=list)
    swing: float = 0.0
    looseness_s: float = 0.004

    def add(self, step: float, instrument: I, velocity: float, *, offset_s: float = 0.0) -> None:
        """One stroke near a step; odd sixteenths come late where it swings."""
        late = self.swing * self.step_s if step % 2 == 1 else 0.0
        time_s = step * self.step_s + late + offset_s + self.rng.normal(0, self.looseness_s)
        self.strokes.append(Stroke(float(time_s), instrument, int(np.clip(velocity + self.rng.normal(0, 5), 1, 127))))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def pick(self, instruments: tuple[I, ...], shares: tuple[float, ...] | None = None) -> I:
        return instruments[int(self.rng.choice(len(instruments), p=shares))]


def draw_pattern(rng: np.random.Generator, *, start_s: float, stop_s: float) -> list[Stroke]:
    """Playing of a random style, tempo and feel between two times, tidied."""
    style = _STYLES[int(rng.choice(len(_STYLES), p=[share for _, share in _STYLE_SHARES]))]
    fast = style is _metal
    beat_s = 60 / (rng.uniform(120, 230) if fast else rng.uniform(55, 165))
    step_s = beat_s / (3 if style is _swing else 4)
    bar = _Bar(
        rng=rng,
        step_s=step_s,
        steps=int((stop_s - start_s) / step_s) + 1,
        swing=float(rng.choice([0.0, 0.0, rng.uniform(0.05, 0.6)])),
        looseness_s=float(rng.choice([0.002, 0.005, 0.010, 0.016], p=[0.25, 0.4, 0.25, 0.1])),
    )
    style(bar)
    drift = rng.normal(0, 0.01)  # a player who hurries or drags
    length_s = stop_s - start_s
    placed = [s._replace(time_s=start_s + s.time_s * (1 + drift * s.time_s / length_s)) for s in bar.strokes]
    return tidy(s for s in placed if start_s <= s.time_s < stop_s)


def _rock(bar: _Bar) -> None:
    """Back beat with any timekeeper, ghost notes, crashes on the one, fills every two or four bars."""
    keeper = bar.pick(_TIMEKEEPERS, _TIMEKEEPER_SHARES)
    every = int(bar.rng.choice([1, 2, 2, 2, 4, 4]))
    back = I.SIDE_STICK if bar.chance(0.14) else I.SNARE
    kicks = bar.rng.random(16) < bar.rng.uniform(0.06, 0.25)
    kicks[0] = True
    ghosts = (bar.rng.random(16) < 0.12) if bar.chance(0.5) else np.zeros(16, bool)
    phrase = int(bar.rng.choice([2, 4, 4, 8]))
    offbeat_foot = bar.chance(0.35)
    keeper_level = bar.rng.uniform(45, 115)
    open_on = int(bar.rng.integers(16)) if bar.chance(0.35) else -1
    for step in range(bar.steps):
        place = step % 16
        if (step // 16) % phrase == phrase - 1 and place >= 16 - _FILL_STEPS[phrase] and bar.chance(0.9):
            _fill_step(bar, step)
            continue
        if kicks[place]:
            bar.add(step, I.KICK, bar.rng.uniform(80, 124))
        if place in {4, 12}:
            bar.add(step, back, bar.rng.uniform(90, 125))
        elif ghosts[place] and not kicks[place]:
            bar.add(step, I.SNARE, bar.rng.uniform(10, 42))
        if place == 0 and (step // 16) % phrase == 0 and bar.chance(0.85):
            bar.add(step, bar.pick(_CRASHES, _CRASH_SHARES), bar.rng.uniform(85, 127))
        elif step % every == 0:
            accent = 12 if place % 4 == 0 else -8
            opened = keeper is I.HIHAT_CLOSED and place == open_on
            bar.add(step, I.HIHAT_OPEN if opened else keeper, keeper_level + accent)
        if offbeat_foot and place in {4, 12} and keeper in {I.RIDE, I.RIDE_BELL, I.CRASH, I.TOM_LOW}:
            bar.add(step, I.HIHAT_PEDAL, bar.rng.uniform(35, 95))


_FILL_STEPS = {2: 4, 4: 8, 8: 12}


def _fill_step(bar: _Bar, step: int) -> None:
    drum = bar.pick(_FILL_DRUMS)
    velocity = bar.rng.uniform(60, 125)
    bar.add(step, drum, velocity)
    if bar.chance(0.2):
        bar.add(step, I.KICK, bar.rng.uniform(70, 120))
    if bar.chance(0.12):
        _flam(bar, step, drum, velocity)
    if bar.chance(0.2):
        bar.add(step + 0.5, drum, velocity * 0.8)


def _flam(bar: _Bar, step: float, drum: I, velocity: float) -> None:
    """A soft stroke 18 to 45 ms ahead of the loud one."""
    bar.add(step, drum, velocity * bar.rng.uniform(0.3, 0.7), offset_s=-bar.rng.uniform(0.018, 0.045))


def _swing(bar: _Bar) -> None:
    """Jazz: spang-a-lang on the ride, foot on two and four, comping, a feathered kick; three steps a beat."""
    keeper = bar.pick((I.RIDE, I.HIHAT_CLOSED, I.RIDE_BELL), (0.84, 0.1, 0.06))
    level = bar.rng.uniform(30, 90)
    foot = bar.rng.uniform(30, 85)
    feather = bar.chance(0.4)
    comping = bar.rng.uniform(0.04, 0.2)
    for step in range(bar.steps):
        beat, third = divmod(step, 3)
        if third == 0 or (third == 2 and beat % 2 == 1) or (third == 2 and bar.chance(0.08)):
            bar.add(step, keeper, level + (14 if third == 0 and beat % 2 == 1 else 0) - (10 if third == 2 else 0))
        if third == 0 and beat % 2 == 1:
            bar.add(step, I.HIHAT_PEDAL, foot)
        if feather and third == 0:
            bar.add(step, I.KICK, bar.rng.uniform(15, 45))
        if third and bar.chance(comping):
            bar.add(step, bar.pick((I.SNARE, I.KICK, I.SIDE_STICK, I.TOM_HIGH, I.TOM_LOW)), bar.rng.uniform(20, 90))
        if third == 0 and beat % 16 == 0 and bar.chance(0.35):
            bar.add(step, bar.pick(_CRASHES, _CRASH_SHARES), bar.rng.uniform(50, 110))


def _metal(bar: _Bar) -> None:
    """Double kick or blast, cymbals driven hard, chinas and bells, tom runs; the grid is a sixteenth of a fast beat."""
    blast = bar.chance(0.45)
    keeper = bar.pick((I.CHINA, I.CRASH, I.RIDE, I.HIHAT_OPEN, I.RIDE_BELL), (0.24, 0.26, 0.24, 0.14, 0.12))
    kick_every = int(bar.rng.choice([1, 2]))
    kick_level = bar.rng.uniform(85, 122)
    for step in range(bar.steps):
        bar_number, place = divmod(step, 16)
        if bar_number % 4 == 3 and place >= 8:
            _fill_step(bar, step)
        else:
            if blast:
                if step % 2 == 0:
                    bar.add(step, keeper, bar.rng.uniform(80, 118))
                bar.add(step, I.SNARE if step % 2 else I.KICK, bar.rng.uniform(85, 122))
                continue
            if step % 4 == 0:
                bar.add(step, keeper, bar.rng.uniform(85, 122))
            if place in {4, 12}:
                bar.add(step, I.SNARE, bar.rng.uniform(100, 127))
            if place == 0 and bar.chance(0.4):
                bar.add(step, bar.pick(_CRASHES, _CRASH_SHARES), bar.rng.uniform(100, 127))
        if step % kick_every == 0 and bar.chance(0.92):
            bar.add(step, I.KICK, kick_level)


def _funk(bar: _Bar) -> None:
    """Sixteenth hats with accents, ghost notes between back beats, hats opened and closed by the foot."""
    hat_level = bar.rng.uniform(35, 90)
    ghost_share = bar.rng.uniform(0.2, 0.5)
    ghost_level = bar.rng.uniform(8, 40)
    kicks = bar.rng.random(16) < 0.28
    kicks[0] = True
    opens = bar.rng.random(16) < 0.1
    snare = I.SIDE_STICK if bar.chance(0.1) else I.SNARE
    for step in range(bar.steps):
        place = step % 16
        if kicks[place]:
            bar.add(step, I.KICK, bar.rng.uniform(70, 120))
        if place in {4, 12}:
            bar.add(step, snare, bar.rng.uniform(88, 125))
        elif bar.chance(ghost_share):
            bar.add(step, I.SNARE, ghost_level)
        if opens[place]:
            bar.add(step, I.HIHAT_OPEN, hat_level + 20)
        elif opens[place - 1] and bar.chance(0.5):
            bar.add(step, I.HIHAT_PEDAL, bar.rng.uniform(40, 90))
        else:
            bar.add(step, I.HIHAT_CLOSED, hat_level + (15 if place % 4 == 0 else -12 if place % 2 else 0))


def _toms(bar: _Bar) -> None:
    """A groove or solo around the toms, with flams, and a foot keeping time."""
    cells = [bar.pick((I.TOM_LOW, I.TOM_MID, I.TOM_HIGH, I.SNARE, I.KICK)) for _ in range(8)]
    dense = bar.rng.uniform(0.4, 0.95)
    foot_every = int(bar.rng.choice([4, 8, 1000]))
    for step in range(bar.steps):
        if bar.chance(dense):
            velocity = bar.rng.uniform(40, 120) + (10 if step % 4 == 0 else 0)
            drum = cells[step % 8]
            bar.add(step, drum, velocity)
            if drum is not I.KICK and bar.chance(0.08):
                _flam(bar, step, drum, velocity)
        if step % foot_every == 0:
            bar.add(step, I.HIHAT_PEDAL, bar.rng.uniform(40, 90))
        if step % 32 == 0 and bar.chance(0.5):
            bar.add(step, bar.pick(_CRASHES, _CRASH_SHARES), bar.rng.uniform(80, 125))


def _rolls(bar: _Bar) -> None:
    """Snare and cymbal rolls that swell, trains, buzzes of doubled strokes."""
    step = 0.0
    while step < bar.steps:
        length = float(bar.rng.choice([4, 8, 16]))
        drum = bar.pick((I.SNARE, I.TOM_LOW, I.CRASH, I.RIDE, I.TOM_HIGH), (0.55, 0.12, 0.13, 0.08, 0.12))
        gap = max(float(bar.rng.choice([0.5, 1.0])), 0.055 / bar.step_s)
        low, high = sorted(bar.rng.uniform(12, 120, 2))
        for at in np.arange(0, length, gap):
            bar.add(step + at, drum, low + (high - low) * at / length)
        bar.add(step + length, I.KICK, bar.rng.uniform(80, 120))
        bar.add(step + length, bar.pick((I.CRASH, I.CRASH, I.SNARE, I.SPLASH, I.CHINA)), bar.rng.uniform(90, 125))
        step += length + float(bar.rng.choice([2, 4, 8]))


def _latin(bar: _Bar) -> None:
    """Bell or side-stick patterns, a moving kick, toms."""
    bell = bar.pick((I.RIDE_BELL, I.RIDE, I.HIHAT_CLOSED, I.SIDE_STICK), (0.4, 0.2, 0.2, 0.2))
    cascara = bar.rng.random(16) < 0.55
    clave = bar.rng.random(16) < 0.3
    for step in range(bar.steps):
        place = step % 16
        if cascara[place]:
            bar.add(step, bell, bar.rng.uniform(50, 110))
        if clave[place] and bell is not I.SIDE_STICK:
            bar.add(step, I.SIDE_STICK, bar.rng.uniform(60, 110))
        if place in {3, 6, 11, 14} and bar.chance(0.7):
            bar.add(step, I.KICK, bar.rng.uniform(50, 105))
        if place in {4, 12}:
            bar.add(step, I.HIHAT_PEDAL, bar.rng.uniform(40, 90))
        if place in {12, 14} and bar.chance(0.4):
            bar.add(step, bar.pick((I.TOM_HIGH, I.TOM_LOW)), bar.rng.uniform(50, 105))


def _sparse(bar: _Bar) -> None:
    """Single strokes far apart, all instruments alike: how each sounds and rings when nothing covers it."""
    everything = tuple(I)
    few = tuple(bar.pick(everything) for _ in range(4))
    step = float(bar.rng.uniform(0, 4))
    while step < bar.steps:
        bar.add(step, bar.pick(few), bar.rng.uniform(12, 127))
        step += float(bar.rng.choice([1, 2, 3, 4, 6, 8]))


_Style = Callable[[_Bar], None]
_STYLE_SHARES: tuple[tuple[_Style, float], ...] = (
    (_rock, 0.45),
    (_swing, 0.14),
    (_metal, 0.09),
    (_funk, 0.09),
    (_toms, 0.07),
    (_rolls, 0.04),
    (_latin, 0.06),
    (_sparse, 0.06),
)
_STYLES = tuple(style for style, _ in _STYLE_SHARES)
