"""Drumming whose notation is known, written as tables: what quantising is tested and measured on.

A bar is a row of steps for each drum, all rows a bar long, however many steps they have: `x` a stroke, `o` a ghost note,
`f` a flam, `d` a drag, `R` a roll that lasts over the `=` after it, `-` nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from backbeat.records import BeatGrid, Hit, Hits, Role, TimeArray, hits_from_rows
from backbeat.values import Instrument, Meter

DRUMS = {
    "k": Instrument.KICK,
    "s": Instrument.SNARE,
    "h": Instrument.HIHAT_CLOSED,
    "r": Instrument.RIDE,
    "t": Instrument.TOM_MID,
    "l": Instrument.TOM_LOW,
}
TempoCurve = Callable[[TimeArray], TimeArray]
"""Quarter notes from the start to tempo as a share of the nominal one."""

_FULL, _SOFT, _GRACE = (95, 118), (22, 42), (35, 60)  # velocities of strokes, ghost notes, grace notes


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """bars: rows by letter, played one after the other, again and again. bpm: quarter notes per minute.

    swing: ratio of `swing_unit` notes (quarter notes: 1/2, 1/4). flam_ms, roll_ms: from stroke to stroke of graces and rolls.
    """

    name: str
    kind: str
    bars: Sequence[Mapping[str, str]]
    bpm: float
    meter: Meter = Meter(4, 4)
    swing: float = 1.0
    swing_unit: Fraction = Fraction(1, 2)
    flam_ms: float = 30.0
    roll_ms: float = 45.0
    curve: TempoCurve | None = None
    count: int = 16


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What one hit is: bar from 0, position in quarter notes (of its stroke, for a grace; None within a roll)."""

    bar: int
    position: Fraction | None
    role: Role
    is_ghost: bool


@dataclass(frozen=True, kw_only=True)
class Known:
    """truths: one for each hit, in the same order."""

    hits: Hits
    grid: BeatGrid
    truths: tuple[Truth, ...]
    duration_s: float


def play_phrase(phrase: Phrase, *, loose_ms: float = 0.0, seed: int = 0) -> Known:
    """Hits with their truths, strokes `loose_ms` (standard deviation) beside their places, and the true grid."""
    random = np.random.default_rng(seed)
    length = Fraction(4 * phrase.meter.beats, phrase.meter.unit)
    clock = _Clock(phrase, float(length) * phrase.count + 4)
    rows: list[tuple[Hit, Truth]] = []

    def add(time_s: float, instrument: Instrument, span: tuple[int, int], truth: Truth) -> None:
        rows.append((Hit(max(time_s, 0.0), instrument, int(random.integers(*span)), 0.9), truth))

    for bar in range(phrase.count):
        for letter, row in phrase.bars[bar % len(phrase.bars)].items():
            for step, mark in enumerate(row):
                if mark in "-=":
                    continue
                position = step * length / len(row)
                late_s = float(random.normal(0, loose_ms / 1000)) if loose_ms else 0.0
                time_s = clock.time_s(bar * length + _swung(position, phrase)) + late_s
                truth = Truth(bar=bar, position=position, role=Role.STROKE, is_ghost=mark == "o")
                grace = Truth(bar=bar, position=position, role=Role.GRACE, is_ghost=False)
                for before in range({"f": 1, "d": 2}.get(mark, 0), 0, -1):
                    add(time_s - before * phrase.flam_ms / 1000 * random.uniform(0.95, 1.05), DRUMS[letter], _GRACE, grace)
                if mark == "R":
                    steps = 1 + len(row[step + 1 :]) - len(row[step + 1 :].lstrip("="))
                    end_s = clock.time_s(bar * length + position + steps * length / len(row))
                    number = round((end_s - time_s) / (phrase.roll_ms / 1000))
                    for stroke in range(number):
                        rolled = Truth(bar=bar, position=None if stroke else position, role=Role.ROLLED, is_ghost=False)
                        wobble_s = float(random.normal(0, 0.002)) if stroke else 0.0
                        add(time_s + stroke * (end_s - time_s) / number + wobble_s, DRUMS[letter], (70, 90), rolled)
                else:
                    add(time_s, DRUMS[letter], _SOFT if mark == "o" else _FULL, truth)
    beats = phrase.meter.beats * phrase.count
    grid = BeatGrid(
        times_s=np.array([clock.time_s(Fraction(4 * beat, phrase.meter.unit)) for beat in range(beats)]),
        numbers=np.arange(beats) % phrase.meter.beats + 1,
        meters=(phrase.meter,) * phrase.count,
        tempo_bpm=phrase.bpm * phrase.meter.unit / 4,
        confidence=1.0,
        bpm_unreliable=False,
        engine="known",
    )
    return _known(rows, grid, clock.time_s(phrase.count * length))


def misheard(known: Known, *, missing: float = 0.05, false: float = 0.03, seed: int = 0) -> Known:
    """As a recogniser would hear it: some strokes are not there, and soft ones that nobody played are (truth: no position)."""
    random = np.random.default_rng(seed)
    rows = [row for row in zip(known.hits, known.truths, strict=True) if random.uniform() >= missing]
    nowhere = Truth(bar=0, position=None, role=Role.STROKE, is_ghost=False)
    for _ in range(round(false * len(known.hits))):
        time_s, instrument = float(random.uniform(0, known.duration_s)), tuple(DRUMS.values())[random.integers(len(DRUMS))]
        rows.append((Hit(time_s, instrument, int(random.integers(15, 60)), 0.5), nowhere))
    return _known(rows, known.grid, known.duration_s)


def _known(rows: Sequence[tuple[Hit, Truth]], grid: BeatGrid, duration_s: float) -> Known:
    order = {instrument: number for number, instrument in enumerate(Instrument)}
    ordered = sorted(rows, key=lambda row: (row[0].time_s, order[row[0].instrument]))
    return Known(
        hits=hits_from_rows([hit for hit, _ in ordered], engine="known"),
        grid=grid,
        truths=tuple(truth for _, truth in ordered),
        duration_s=duration_s,
    )


def blurred(grid: BeatGrid, *, loose_ms: float = 5.0, late_ms: float = 12.0, seed: int = 0) -> BeatGrid:
    """The grid as a tracker would give it: every beat a little off, and all of them late."""
    off_s = np.random.default_rng(seed).normal(late_ms / 1000, loose_ms / 1000, len(grid.times_s))
    return replace(grid, times_s=grid.times_s + off_s)


class _Clock:
    """Quarter notes to seconds along the tempo curve; the first is at 0.5 s."""

    def __init__(self, phrase: Phrase, quarters: float) -> None:
        self._quarters = np.arange(0.0, quarters, 1 / 64)
        share = phrase.curve(self._quarters) if phrase.curve else np.ones(len(self._quarters))
        self._times_s = 0.5 + np.concatenate([[0.0], np.cumsum(60 / phrase.bpm / share / 64)])[:-1]

    def time_s(self, quarters: Fraction) -> float:
        return float(np.interp(float(quarters), self._quarters, self._times_s))


def _swung(position: Fraction, phrase: Phrase) -> Fraction:
    unit = phrase.swing_unit
    if phrase.swing == 1.0 or position % (2 * unit) != unit:
        return position
    return position - unit + 2 * unit * Fraction(phrase.swing / (1 + phrase.swing)).limit_denominator(10_000)


def ramp(share_at_end: float, quarters: float = 64.0) -> TempoCurve:
    return lambda at: np.interp(at, [0.0, quarters], [1.0, share_at_end])


def drift(depth: float, every_quarters: float = 21.0) -> TempoCurve:
    return lambda at: 1 + depth * np.sin(2 * np.pi * at / every_quarters)


_HATS_8, _HATS_16 = "xxxxxxxx", "xxxxxxxxxxxxxxxx"
BACKBEAT = {"k": "x---x---", "s": "--x---x-"}
OFF_BEATS = {"k": "x-----x-x-x-----", "s": "----x--x-x--x---"}
DOTTED = {"k": "x--x--x-x--x--x-", "s": "----x-------x---"}
ROCK = {"k": "x-------x-x-----", "s": "----x-------x---", "h": _HATS_8}
FUNK = {"k": "x--x------x--x--", "s": "----x-oo-o--x--o", "h": _HATS_16}
SPARSE = {"k": "x-----x---x-----", "s": "----x-------x---", "h": "xxxx"}
FILL_16 = {"k": "x---", "s": "x---xxxxxxxx----", "l": "------------xxxx"}
FILL_TRIPLETS = {"k": "x---", "s": "xxxxxx------", "l": "------xxxxxx"}
TRIPLETS = {"k": "x-----x-----", "s": "---x-----x--", "h": "xxxxxxxxxxxx"}
FILL_32 = {"k": "x---", "s": "x-------xxxxxxxx----------------", "t": "----------------xxxxxxxx--------", "h": "xxxx"}
SHUFFLE = {"k": "x---x-x-", "s": "--x---x-", "h": _HATS_8}
JAZZ = {"r": "x-xxx-xx", "k": "x---", "s": "------o-"}
SWUNG_FUNK = {"k": "x--x--x---x--x--", "s": "----x--o-o--x--o", "h": _HATS_16}
SHUFFLE_FILL = {"k": "x---", "s": "xxxxxx------", "l": "------xxxxxx", "h": "x---"}
WALTZ = {"k": "x-----", "s": "--x-x-", "h": "xxxxxx"}
WALTZ_16 = {"k": "x-----x-----", "s": "----x---x-xx", "h": "xxxxxx"}
SIX = {"k": "x----x", "s": "---x--", "h": "xxxxxx"}
SIX_16 = {"k": "x---------x-", "s": "------x--x--", "h": "xxxxxxxxxxxx"}
FIVE = {"k": "x-----x---", "s": "----x---x-", "h": "xxxxxxxxxx"}
FIVE_16 = {"k": "x-----x-----x-------", "s": "----x-------x--xx-xx", "h": "xxxxxxxxxx"}
SEVEN = {"k": "x---x--", "s": "--x---x", "h": "xxxxxxx"}
SEVEN_16 = {"k": "x-----x-------", "s": "----x-----x-xx", "h": "xxxxxxx"}
FLAMS = {"k": "x---x---", "s": "--f---f-", "h": _HATS_8, "t": "------------f---"}
DRAGS = {"k": "x---x---", "s": "--d---x-", "h": _HATS_8}
ROLLS = {"k": "x---", "s": "--R=x---", "h": "x---xxxx"}
LONG_ROLLS = {"k": "x---", "s": "x---R=======x---", "h": "x---"}
GHOSTS = {"k": "x------x--x-----", "s": "-oo-x--o-o--x-oo", "h": _HATS_8}


def drawn(number: int) -> Phrase:
    """A phrase that nobody thought of: meter, tempo, division, feel and every stroke by chance."""
    random = np.random.default_rng([number, 4])
    meter = Meter.parse(str(random.choice(["4/4", "4/4", "3/4", "5/4", "6/8", "7/8"])))
    bpm = float(random.uniform(60, 190))
    quarters = Fraction(4 * meter.beats, meter.unit)
    fine = 4 if bpm < 140 else 2
    division = int(random.choice([fine, fine, fine, 3 if meter.unit == 4 else fine]))
    steps = int(quarters * division)

    def row(chance: float, mark: str = "x") -> str:
        return "".join(mark if random.uniform() < chance else "-" for _ in range(steps))

    def bar() -> dict[str, str]:
        hats = str(random.choice(["all", "some", "none"]))
        rows = {"k": row(0.3), "s": row(0.2)}
        return rows if hats == "none" else {**rows, "h": "x" * steps if hats == "all" else row(0.6)}

    swings = division == 2 and meter.unit == 4 and random.uniform() < 0.5
    return Phrase(
        name=f"drawn {number}",
        kind="drawn at random",
        bars=tuple(bar() for _ in range(4)),
        bpm=bpm,
        meter=meter,
        swing=float(random.uniform(1.4, 3.0)) if swings else 1.0,
    )


_EIGHTHS, _SIXTEENTHS = Fraction(1, 2), Fraction(1, 4)
_SHUFFLES, _SWUNG = (SHUFFLE, SHUFFLE, JAZZ, JAZZ), (SWUNG_FUNK,)

PHRASES: tuple[Phrase, ...] = (
    *(
        Phrase(name=f"rock {bpm}", kind="4/4 straight", bars=(ROCK, ROCK, SPARSE, FILL_16), bpm=bpm)
        for bpm in (60, 80, 100, 120, 140, 160, 180, 200)
    ),
    *(Phrase(name=f"funk {bpm}", kind="4/4 straight", bars=(FUNK, FUNK, ROCK, FUNK), bpm=bpm) for bpm in (70, 90, 110, 130)),
    *(
        Phrase(name=f"few strokes {bpm}", kind="4/4, kick and snare only", bars=(BACKBEAT, OFF_BEATS, DOTTED, OFF_BEATS), bpm=bpm)
        for bpm in (70, 100, 130, 160, 190)
    ),
    *(Phrase(name=f"3/4 {bpm}", kind="3/4", bars=(WALTZ, WALTZ_16), bpm=bpm, meter=Meter(3, 4)) for bpm in (80, 120, 180)),
    *(Phrase(name=f"6/8 {bpm}", kind="6/8", bars=(SIX, SIX_16), bpm=bpm, meter=Meter(6, 8)) for bpm in (75, 105, 150)),
    *(Phrase(name=f"5/4 {bpm}", kind="5/4", bars=(FIVE, FIVE_16), bpm=bpm, meter=Meter(5, 4)) for bpm in (80, 120, 170)),
    *(Phrase(name=f"7/8 {bpm}", kind="7/8", bars=(SEVEN, SEVEN_16), bpm=bpm, meter=Meter(7, 8)) for bpm in (80, 120, 160)),
    *(
        Phrase(name=f"triplet fills {bpm}", kind="triplets", bars=(ROCK, ROCK, ROCK, FILL_TRIPLETS), bpm=bpm)
        for bpm in (60, 90, 120, 150, 180)
    ),
    *(Phrase(name=f"all triplets {bpm}", kind="triplets", bars=(TRIPLETS,), bpm=bpm) for bpm in (60, 90, 120, 160)),
    *(Phrase(name=f"32nds {bpm}", kind="32nds", bars=(ROCK, FILL_32), bpm=bpm) for bpm in (60, 75, 90, 105)),
    *(
        Phrase(name=f"eighths {swing} at {bpm}", kind="swung eighths", bars=_SHUFFLES, bpm=bpm, swing=swing)
        for swing in (1.0, 1.33, 1.5, 1.67, 2.0, 2.5, 3.0)
        for bpm in (80, 120, 160, 200)
    ),
    *(
        Phrase(
            name=f"triplets in a shuffle {bpm}", kind="swung eighths", bars=(SHUFFLE,) * 3 + (SHUFFLE_FILL,), bpm=bpm, swing=2.0
        )
        for bpm in (80, 120, 160)
    ),
    *(
        Phrase(
            name=f"sixteenths {swing} at {bpm}",
            kind="swung sixteenths",
            bars=_SWUNG,
            bpm=bpm,
            swing=swing,
            swing_unit=_SIXTEENTHS,
        )
        for swing in (1.0, 1.33, 1.5, 1.67, 2.0, 2.5, 3.0)
        for bpm in (70, 90, 110)
    ),
    Phrase(name="90 to 126", kind="ramps and drift", bars=(ROCK, ROCK, FUNK, FILL_16), bpm=90, curve=ramp(1.4)),
    Phrase(name="150 to 105", kind="ramps and drift", bars=(ROCK, ROCK, FUNK, FILL_16), bpm=150, curve=ramp(0.7)),
    Phrase(name="drifts by 4 %", kind="ramps and drift", bars=(ROCK, FILL_TRIPLETS), bpm=112, curve=drift(0.04)),
    Phrase(name="a shuffle drifts by 4 %", kind="ramps and drift", bars=_SHUFFLES, bpm=112, swing=2.0, curve=drift(0.04)),
    *(
        Phrase(name=f"flams {gap} ms at {bpm}", kind="flams", bars=(FLAMS, ROCK), bpm=bpm, flam_ms=gap)
        for gap in (15, 20, 25, 30, 35, 40)
        for bpm in (80, 130, 180)
    ),
    *(
        Phrase(name=f"drags {gap} ms at {bpm}", kind="drags", bars=(DRAGS, ROCK), bpm=bpm, flam_ms=gap)
        for gap in (30, 40, 55, 65)
        for bpm in (80, 120)
    ),
    *(
        Phrase(name=f"rolls {gap} ms at {bpm}", kind="rolls", bars=(ROLLS, ROCK, LONG_ROLLS), bpm=bpm, roll_ms=gap)
        for gap in (25, 35, 50)
        for bpm in (70, 100, 120)
    ),
    *(Phrase(name=f"ghosts {bpm}", kind="ghost notes", bars=(GHOSTS, FUNK), bpm=bpm) for bpm in (75, 95, 115)),
    *(drawn(number) for number in range(40)),
)
"""The suite."""
