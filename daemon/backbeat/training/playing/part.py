"""What is played in a few seconds: a recorded groove or a generated pattern, changed until no two are alike.

Moved to other instruments, thinned, with flams, rests, without some of the kit, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backbeat.training.playing.grooves import Groove, draw_window
from backbeat.training.playing.patterns import draw_pattern
from backbeat.training.playing.performance import GROUPS, Group
from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.values import Instrument

_ALWAYS_MANY = (Instrument.HIHAT_CLOSED, Instrument.RIDE, Instrument.CRASH)
_FLAMMED = frozenset({Instrument.SNARE, Instrument.TOM_HIGH, Instrument.TOM_MID, Instrument.TOM_LOW})
_KEEPERS = (Instrument.RIDE, Instrument.HIHAT_OPEN, Instrument.CRASH, Instrument.RIDE_BELL, Instrument.CHINA)
_KEEPER_SHARES = (0.5, 0.17, 0.15, 0.12, 0.06)


@dataclass(frozen=True, kw_only=True)
class PlayChances:
    """How often each thing is played, 0..1."""

    groove: float = 0.55
    other_keeper: float = 0.24
    other_crash: float = 0.25
    side_stick: float = 0.1
    percussion: float = 0.18
    no_drums: float = 0.025
    no_timekeeper: float = 0.11
    flams: float = 0.18
    group_silent: float = 0.05
    thinned: float = 0.45
    rest: float = 0.14


def draw_part(
    rng: np.random.Generator, grooves: Sequence[Groove], chances: PlayChances, *, start_s: float, stop_s: float
) -> list[Stroke]:
    """The strokes from `start_s` to `stop_s`, by time; there may be none."""
    return _silenced(rng, _draw_strokes(rng, grooves, chances, start_s=start_s, stop_s=stop_s), chances)


def _draw_strokes(
    rng: np.random.Generator, grooves: Sequence[Groove], chances: PlayChances, *, start_s: float, stop_s: float
) -> list[Stroke]:
    if rng.random() < chances.no_drums:
        return []
    strokes = _draw_playing(rng, grooves, chances, start_s=start_s, stop_s=stop_s)
    if rng.random() < chances.thinned:
        strokes = _thinned(rng, strokes)
    if rng.random() < chances.flams:
        strokes = _with_flams(rng, strokes)
    return _with_rest(rng, strokes) if rng.random() < chances.rest else strokes


def _thinned(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Simpler playing: of each instrument only a part of the strokes, or none. Songs are played with fewer notes than grooves."""
    kept = {instrument: rng.uniform(0.0, 1.1) for instrument in Instrument}
    kept |= {instrument: rng.uniform(0.5, 1.4) for instrument in _ALWAYS_MANY}
    return [stroke for stroke in strokes if rng.random() < kept[stroke.instrument]]


def _with_flams(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Some strokes of snare and toms led by a grace stroke, 20 to 45 ms before and from half as loud to nearly as loud."""
    share = rng.uniform(0.1, 0.6)
    graces = [
        stroke._replace(
            time_s=stroke.time_s - rng.uniform(0.02, 0.045), velocity=round(float(stroke.velocity * rng.uniform(0.45, 0.9)))
        )
        for stroke in strokes
        if stroke.instrument in _FLAMMED and rng.random() < share
    ]
    return tidy([*strokes, *graces])


def _silenced(rng: np.random.Generator, strokes: Sequence[Stroke], chances: PlayChances) -> list[Stroke]:
    """The same playing without some of the kit: without any hat or ride, or without one group or another.

    Grooves nearly always have a hat or a ride: who learns from them alone hears one in every kick.
    """
    silent = {group for group in Group if rng.random() < chances.group_silent}
    if rng.random() < chances.no_timekeeper:
        silent |= {Group.HATS, Group.RIDE}
    return [stroke for stroke in strokes if GROUPS[stroke.instrument] not in silent] or list(strokes)


def _with_rest(rng: np.random.Generator, strokes: Sequence[Stroke]) -> list[Stroke]:
    """Nobody plays for one to five seconds: what rings, rings out."""
    start_s = rng.uniform(-1, 7)
    stop_s = start_s + rng.uniform(1, 5)
    return [stroke for stroke in strokes if not start_s <= stroke.time_s < stop_s]


def _draw_playing(
    rng: np.random.Generator, grooves: Sequence[Groove], chances: PlayChances, *, start_s: float, stop_s: float
) -> list[Stroke]:
    if not grooves or rng.random() >= chances.groove:
        return draw_pattern(rng, start_s=start_s, stop_s=stop_s)
    groove = grooves[_longer_first(rng, grooves)]
    strokes = draw_window(rng, groove, start_s=start_s, stop_s=stop_s)
    return tidy(_reorchestrated(rng, strokes, chances)) or draw_pattern(rng, start_s=start_s, stop_s=stop_s)


def _longer_first(rng: np.random.Generator, grooves: Sequence[Groove]) -> int:
    """The longest of three: half of the performances are lone fills of a bar or two."""
    return max((int(rng.integers(len(grooves))) for _ in range(3)), key=lambda index: grooves[index].duration_s)


def _reorchestrated(rng: np.random.Generator, strokes: Sequence[Stroke], chances: PlayChances) -> list[Stroke]:
    """The same playing on other instruments: what kept time on the hats moves to the ride, a crash becomes a china, and so on."""
    moves: dict[Instrument, Instrument] = {}
    if rng.random() < chances.other_keeper:
        moves[Instrument.HIHAT_CLOSED] = _KEEPERS[int(rng.choice(len(_KEEPERS), p=_KEEPER_SHARES))]
    elif rng.random() < chances.other_keeper / 3:
        moves[Instrument.RIDE] = Instrument.HIHAT_CLOSED
    if rng.random() < chances.other_crash:
        moves[Instrument.CRASH] = Instrument.CHINA if rng.random() < 0.4 else Instrument.SPLASH
    if rng.random() < chances.side_stick:
        moves[Instrument.SNARE] = Instrument.SIDE_STICK
    return [stroke._replace(instrument=moves.get(stroke.instrument, stroke.instrument)) for stroke in strokes]
