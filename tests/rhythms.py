"""Drumming with known beats, bars and meters, written as tables: what the beat trackers are tested and measured on.

A bar is a row of steps for each drum: `x` a stroke, `o` a soft one, `-` none. Nothing here is shared with what the built-in
tracker learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 44_100
FloatArray = NDArray[np.float32]
TimeArray = NDArray[np.float64]
TempoCurve = Callable[[TimeArray], TimeArray]
"""Seconds to tempo as a share of the nominal one."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """rows: drum letter (k s h r c t) to its steps, all equally long. beats: of the meter, in a bar of those steps."""

    meter: str
    rows: Mapping[str, str]

    @property
    def beats(self) -> int:
        return int(self.meter.split("/")[0])

    @property
    def quarters(self) -> float:
        beats, unit = map(int, self.meter.split("/"))
        return beats * 4 / unit

    @property
    def steps(self) -> int:
        return len(next(iter(self.rows.values())))


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """bars: played one after the other, again and again. bpm: quarter notes per minute. swing: how late odd steps are, in steps.

    curve: how the tempo moves; gap_s: when nobody plays; kind: which row of the figures it belongs to.
    """

    name: str
    kind: str
    bars: Sequence[Bar]
    bpm: float
    swing: float = 0.0
    curve: TempoCurve | None = None
    gap_s: tuple[float, float] | None = None
    start_s: float = 0.4
    duration_s: float = 40.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Played:
    """strokes: (time_s, letter, level 0..1), sorted. beats_s, numbers: of the meters' beats, 1 is a downbeat."""

    strokes: tuple[tuple[float, str, float], ...]
    beats_s: TimeArray
    numbers: NDArray[np.int64]
    meters: tuple[str, ...]
    duration_s: float


def play(rhythm: Rhythm, seed: int = 0) -> Played:
    """Strokes, 5 ms loose, and where the beats are."""
    random = np.random.default_rng(seed)
    nominal_s = np.arange(0, rhythm.duration_s * 2, 0.01)
    share = rhythm.curve(nominal_s) if rhythm.curve else np.ones(len(nominal_s))
    quarters = np.concatenate([[0.0], np.cumsum(share * 0.01 * rhythm.bpm / 60)])
    clock_s = rhythm.start_s + np.concatenate([nominal_s, [nominal_s[-1] + 0.01]])

    def at(quarter: float) -> float:
        return float(np.interp(quarter, quarters, clock_s))

    strokes: list[tuple[float, str, float]] = []
    beats: list[tuple[float, int]] = []
    meters: list[str] = []
    start = 0.0
    index = 0
    while at(start) < rhythm.duration_s:
        bar = rhythm.bars[index % len(rhythm.bars)]
        meters.append(bar.meter)
        beats += [(at(start + number * bar.quarters / bar.beats), number + 1) for number in range(bar.beats)]
        for letter, row in bar.rows.items():
            for step, mark in enumerate(row):
                late = rhythm.swing if step % 2 else 0.0
                time_s = at(start + (step + late) * bar.quarters / bar.steps) + random.normal(0, 0.005)
                if mark != "-" and not _within(time_s, rhythm.gap_s):
                    strokes.append((time_s, letter, (0.9 if mark == "x" else 0.4) * random.uniform(0.85, 1.0)))
        start += bar.quarters
        index += 1
    inside = [(time_s, number) for time_s, number in beats if time_s < rhythm.duration_s]
    return Played(
        strokes=tuple(sorted(stroke for stroke in strokes if stroke[0] < rhythm.duration_s)),
        beats_s=np.array([time_s for time_s, _ in inside]),
        numbers=np.array([number for _, number in inside], np.int64),
        meters=tuple(meters),
        duration_s=rhythm.duration_s,
    )


def _within(time_s: float, gap_s: tuple[float, float] | None) -> bool:
    return gap_s is not None and gap_s[0] <= time_s < gap_s[1]


def synthesise(played: Played, seed: int = 1) -> FloatArray:
    """Sines and noise instead of drums, float32 mono 44.1 kHz: sounds that nothing was trained on."""
    random = np.random.default_rng(seed)
    n = np.arange(round(0.35 * RATE_HZ)) / RATE_HZ
    noise = random.standard_normal(len(n) + 1)
    bright = np.diff(noise)
    sounds = {
        "k": 0.9 * np.sin(2 * np.pi * (50 * n + 2.2 * (1 - np.exp(-40 * n)))) * np.exp(-14 * n),
        "s": (0.35 * np.sin(2 * np.pi * 190 * n) * np.exp(-30 * n) + 0.35 * noise[1:] * np.exp(-20 * n)),
        "h": 0.12 * bright * np.exp(-60 * n),
        "r": 0.1 * bright * np.exp(-9 * n) + 0.05 * np.sin(2 * np.pi * 3100 * n) * np.exp(-12 * n),
        "c": 0.3 * bright * np.exp(-4 * n),
        "t": 0.7 * np.sin(2 * np.pi * (110 * n + 0.6 * (1 - np.exp(-30 * n)))) * np.exp(-10 * n),
    }
    samples = np.zeros(round(played.duration_s * RATE_HZ), np.float32)
    for time_s, letter, level in played.strokes:
        part = samples[max(round(time_s * RATE_HZ), 0) :][: len(n)]
        part += (level * sounds[letter][: len(part)]).astype(np.float32)
    return samples + (1e-4 * random.standard_normal(len(samples))).astype(np.float32)


def bar(meter: str, **rows: str) -> Bar:
    return Bar(meter=meter, rows=rows)


def _steady(share_at_end: float) -> TempoCurve:
    return lambda seconds: np.interp(seconds, [5.0, 35.0], [1.0, share_at_end])


def _wander(seconds: TimeArray) -> TimeArray:
    return 1 + 0.03 * np.sin(2 * np.pi * seconds / 17)


def _step(seconds: TimeArray) -> TimeArray:
    return np.where(seconds < 19.0, 1.0, 0.85)


_FILL = bar("4/4", k="x-------x---x---", s="----x---xxxx----", t="------------xxxx", h="x-x-x-x---------")
_ROCK = bar("4/4", k="x-------x-x-----", s="----x-------x---", h="x-x-x-x-x-x-x-x-")
_ROCK_CRASH = bar("4/4", k="x-------x-x-----", s="----x-------x---", h="--x-x-x-x-x-x-x-", c="x---------------")
_ROCK_SONG = (_ROCK_CRASH, _ROCK, _ROCK, _FILL)
_FUNK = bar("4/4", k="x--x------x--x--", s="----x--o-o--x--o", h="xoxoxoxoxoxoxoxo")
_HALF = bar("4/4", k="x-----x---------", s="--------x-------", h="x---x---x---x---")
_DOUBLE = bar("4/4", k="x---x---x---x---", s="--x---x---x---x-", h="x-x-x-x-x-x-x-x-")
_FLOOR = bar("4/4", k="x---x---x---x---", s="----x-------x---", h="--x---x---x---x-")
_SHUFFLE = bar("4/4", k="x-----x--x--", s="---x-----x--", h="x-xx-xx-xx-x")
_JAZZ = bar("4/4", r="x--x-xx--x-x", h="---x-----x--", k="o--o--o--o--")
_WALTZ = bar("3/4", k="x-----------", s="----x---x---", h="x-x-x-x-x-x-")
_THREE = bar("3/4", k="x-----x-----", s="--------x---", r="x-x-x-x-x-x-")
_SIX = bar("6/8", k="x-----", s="---x--", h="xxxxxx")
_SIX_B = bar("6/8", k="x----x", s="---x--", h="xxxxxx")
_FIVE = bar("5/4", k="x-----x-----x-------", s="--------x-------x---", h="x-x-x-x-x-x-x-x-x-x-")
_FIVE_B = bar("5/4", k="x---------x-x-------", s="----x-----------x---", h="x---x---x---x---x---")
_SEVEN = bar("7/8", k="x-----x-------", s="--------x-----", h="x-x-x-x-x-x-x-")
_SEVEN_B = bar("7/8", k="x---------x---", s="------x-------", h="x-x-x-x-x-x-x-")

RHYTHMS: tuple[Rhythm, ...] = (
    *(Rhythm(name=f"rock {bpm}", kind="4/4, 70 to 175 BPM", bars=_ROCK_SONG, bpm=bpm) for bpm in (70, 92, 120, 150, 175)),
    *(Rhythm(name=f"funk {bpm}", kind="4/4, 70 to 175 BPM", bars=(_FUNK,), bpm=bpm) for bpm in (84, 104)),
    *(Rhythm(name=f"four on the floor {bpm}", kind="4/4, 70 to 175 BPM", bars=(_FLOOR,), bpm=bpm) for bpm in (110, 128)),
    Rhythm(name="starts on 0", kind="4/4, 70 to 175 BPM", bars=_ROCK_SONG, bpm=105, start_s=0.0),
    *(Rhythm(name=f"half-time {bpm}", kind="half-time and double-time", bars=(_HALF,), bpm=bpm) for bpm in (120, 140)),
    *(Rhythm(name=f"double-time {bpm}", kind="half-time and double-time", bars=(_DOUBLE,), bpm=bpm) for bpm in (80, 95)),
    *(Rhythm(name=f"shuffle {bpm}", kind="shuffle and swing", bars=(_SHUFFLE,), bpm=bpm) for bpm in (90, 125)),
    *(Rhythm(name=f"jazz {bpm}", kind="shuffle and swing", bars=(_JAZZ,), bpm=bpm) for bpm in (120, 165)),
    *(
        Rhythm(name=f"swung sixteenths {swing}", kind="shuffle and swing", bars=(_FUNK,), bpm=90, swing=swing)
        for swing in (0.2, 0.5)
    ),
    *(Rhythm(name=f"3/4 {bpm}", kind="3/4", bars=(_WALTZ, _WALTZ, _THREE, _WALTZ), bpm=bpm) for bpm in (95, 120, 150)),
    Rhythm(name="3/4 one snare", kind="3/4", bars=(_THREE,), bpm=110),
    *(Rhythm(name=f"6/8 {bpm}", kind="6/8", bars=(_SIX, _SIX_B), bpm=bpm) for bpm in (84, 105, 135)),
    *(Rhythm(name=f"5/4 {bpm}", kind="5/4", bars=(_FIVE,), bpm=bpm) for bpm in (100, 130, 160)),
    Rhythm(name="5/4 three and two", kind="5/4", bars=(_FIVE_B,), bpm=115),
    *(Rhythm(name=f"7/8 2+2+3 {bpm}", kind="7/8", bars=(_SEVEN,), bpm=bpm) for bpm in (110, 140)),
    *(Rhythm(name=f"7/8 3+2+2 {bpm}", kind="7/8", bars=(_SEVEN_B,), bpm=bpm) for bpm in (115, 130)),
    Rhythm(name="wanders by 3 %", kind="drift and ramps", bars=_ROCK_SONG, bpm=112, curve=_wander),
    Rhythm(name="100 to 130", kind="drift and ramps", bars=_ROCK_SONG, bpm=100, curve=_steady(1.3)),
    Rhythm(name="140 to 112", kind="drift and ramps", bars=_ROCK_SONG, bpm=140, curve=_steady(0.8)),
    Rhythm(name="120, then 102", kind="drift and ramps", bars=_ROCK_SONG, bpm=120, curve=_step),
    Rhythm(name="a break of 5 s", kind="breaks and changes", bars=_ROCK_SONG, bpm=118, gap_s=(15.0, 20.0)),
    Rhythm(name="4/4, then 3/4", kind="breaks and changes", bars=(_ROCK,) * 8 + (_WALTZ,) * 40, bpm=112),
)
"""The suite."""
