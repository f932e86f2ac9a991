"""Into how many parts each beat is divided: straight, in triplets or swung, by fit and by simplicity.

A finer division has to fit clearly better, since a drummer would rather read sixteenths played late than sextuplets played in
time. What the beats around and the whole piece do counts: triplets come in groups, and a lone one is mostly a late sixteenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backbeat.pipeline.score.onsets import BoolArray, Onsets
from backbeat.pipeline.score.swing import Swing
from backbeat.records import IntArray, TimeArray
from backbeat.values import Division

BEAT_TICKS = 384
"""Parts of a beat that written places are counted in: every division of every meter's beat is a whole number of them."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """parts: of a quarter note. cost: misfit that the division has to make good, in nats."""

    parts: Fraction
    is_triplet: bool
    cost: float


def _row(parts: str, cost: float, *, triplet: bool = False) -> _Row:
    return _Row(parts=Fraction(parts), is_triplet=triplet, cost=cost)


_ROWS = (
    _row("1/4", 0.0),
    _row("1/2", 0.0),
    _row("1", 0.0),
    _row("2", 0.2),
    _row("4", 0.8),
    _row("8", 7.0),
    _row("3/4", 2.0, triplet=True),
    _row("3/2", 1.0, triplet=True),
    _row("3", 1.0, triplet=True),
    _row("6", 5.0, triplet=True),
    _row("12", 12.0, triplet=True),
)
_FINEST = {
    Division.AUTO: 12,
    Division.EIGHTHS: 2,
    Division.EIGHTH_TRIPLETS: 3,
    Division.SIXTEENTHS: 4,
    Division.SIXTEENTH_TRIPLETS: 6,
    Division.THIRTYSECONDS: 8,
}
_AGAINST_SWING = 3.0  # nats: what is neither swung nor coarser, in a swung piece
_FINE_PARTS = 4  # of a quarter note: divisions into more are for strokes as close together, not for one out of time:
_CLOSE = 1.4  # steps of the division that the closest two are apart at most
_STEP_MIN_S = 0.035  # nobody plays, or reads, single strokes faster than this
_LOOSE_S = (0.006, 0.020)  # how far strokes stray from their places: measured, but within this, and
_LOOSE_QUARTERS = 0.012  # of a quarter note besides
_FAR = 2.5  # times the usual: a stroke this far off is out of time, and costs only in proportion from there on
_TOGETHER_COST = 12.0  # of two onsets, one after the other, that get one place, when they are clearly apart:
_TOGETHER_S = (0.030, 0.060)  # from nothing at the first distance to all of it at the second; and for drums that differ,
_LOOSELY_TOGETHER_S = (0.045, 0.090)  # whose strokes may be one chord
_CHANGE_COST = 0.8  # from straight to triplets, or back, from one beat to the next
_RARITY_AT_FIRST, _RARITY_MAX = 1.0, 3.0  # nats: what is said against triplets before the piece is known, and at most
_ON_THE_BEAT = 0.12  # of a beat: strokes so early in it do not divide it
_NEVER = 1e6  # nats: what a division that cannot be costs; finite, for sums go on over it


@dataclass(frozen=True, kw_only=True, eq=False)
class Places:
    """Where each onset is written, and where it sounds.

    ticks: int64, shape (n,), on the line of beats, in 1/BEAT_TICKS of a beat.
    parts: int64, shape (n,), into how many its beat is divided.
    is_triplet, is_swung: bool, shape (n,); a swung one sounds later than it is written.
    """

    ticks: IntArray
    parts: IntArray
    is_triplet: BoolArray
    is_swung: BoolArray


def places_of(onsets: Onsets, swing: Swing, finest: Division) -> Places:
    """A division for each beat and a place for each onset; the place after the last of a beat is the next beat's first."""
    if not len(onsets):
        nothing, never = np.zeros(0, np.int64), np.zeros(0, bool)
        return Places(ticks=nothing, parts=nothing, is_triplet=never, is_swung=never)
    fits = [_fit(onsets, row, swing) for row in _ROWS if row.parts <= _FINEST[finest]]
    beats = _Beats.of(onsets)
    rows = _chosen(onsets, fits, beats, loose_s=sum(_LOOSE_S) / 2, rarity=_RARITY_AT_FIRST)
    rows = _chosen(onsets, fits, beats, loose_s=_looseness_s(fits, rows, beats), rarity=_rarity(onsets, fits, rows, beats))
    chosen, each = rows[beats.of_onset], np.arange(len(onsets))
    parts = np.array([fit.parts for fit in fits])[chosen, each]
    steps = np.array([fit.step for fit in fits])[chosen, each]
    return Places(
        ticks=onsets.beat * BEAT_TICKS + steps * (BEAT_TICKS // parts),
        parts=parts,
        is_triplet=_triplets(fits)[chosen],
        is_swung=np.array([fit.swung for fit in fits])[chosen, each],
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Beats:
    """The beats that have onsets: how many, and the number (from 0) of that of each onset."""

    count: int
    of_onset: IntArray

    @classmethod
    def of(cls, onsets: Onsets) -> _Beats:
        numbers, of_onset = np.unique(onsets.beat, return_inverse=True)
        return cls(count=len(numbers), of_onset=of_onset)


def _looseness_s(fits: list[_Fit], rows: IntArray, beats: _Beats) -> float:
    """How far this piece's strokes usually stray."""
    misfits_s = np.array([fit.misfit_s for fit in fits])[rows[beats.of_onset], np.arange(len(beats.of_onset))]
    return float(np.clip(1.48 * np.median(np.abs(misfits_s)), *_LOOSE_S))


def _rarity(onsets: Onsets, fits: list[_Fit], rows: IntArray, beats: _Beats) -> float:
    """What the piece says against triplets (below 0: for them), nats: log odds among the beats that are divided at all."""
    divided = np.bincount(beats.of_onset, onsets.beats - onsets.beat > _ON_THE_BEAT) > 0
    share = (float((_triplets(fits)[rows] & divided).sum()) + 0.5) / (float(divided.sum()) + 1)
    return float(np.clip(np.log((1 - share) / share), -_RARITY_MAX, _RARITY_MAX))


def _triplets(fits: list[_Fit]) -> BoolArray:
    return np.array([fit.row.is_triplet for fit in fits])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fit:
    """How a division suits each onset: its parts of the beat, the step, how far off (infinitely, where it divides no beat)."""

    row: _Row
    cost: float
    parts: IntArray
    step: IntArray
    swung: BoolArray
    misfit_s: TimeArray


def _fit(onsets: Onsets, row: _Row, swing: Swing) -> _Fit:
    exact = float(row.parts) * 4 / onsets.unit
    usable = (exact >= 1) & (exact == np.floor(exact))
    parts = np.where(usable, exact, 1).astype(np.int64)
    place = (onsets.beats - onsets.beat) * parts
    step = np.rint(place).astype(np.int64)
    sounding = step.astype(np.float64)
    swings = (row.parts * swing.unit == 1) & (parts % 2 == 0)
    if swings.any():
        pair = np.floor(place / 2)
        within = place - 2 * pair
        late = 2 * float(swing.share)
        nearest = np.abs(within[:, None] - np.array([0.0, late, 2.0])).argmin(axis=1)
        step = np.where(swings, 2 * pair + nearest, step).astype(np.int64)
        sounding = np.where(swings, 2 * pair + np.array([0.0, late, 2.0])[nearest], sounding)
    beat_s = onsets.quarter_s * 4 / onsets.unit
    misfit_s = np.where(usable, (place - sounding) / parts * beat_s, np.inf)
    against_swing = swing.unit > 0 and (row.is_triplet or row.parts * swing.unit > 1)
    cost = row.cost + (_AGAINST_SWING if against_swing else 0.0)
    return _Fit(row=row, cost=cost, parts=parts, step=step, swung=swings & (step % 2 == 1), misfit_s=misfit_s)


def _chosen(onsets: Onsets, fits: list[_Fit], beats: _Beats, *, loose_s: float, rarity: float) -> IntArray:
    """The number of the row that each beat is divided by, int64, as many as there are beats with onsets."""
    costs = np.stack([_cost(onsets, fit, beats, loose_s) for fit in fits])
    is_triplet = _triplets(fits)
    straight_rows, triplet_rows = np.flatnonzero(~is_triplet), np.flatnonzero(is_triplet)
    straight = costs[straight_rows] + max(-rarity, 0.0)
    triplet = costs[triplet_rows] + max(rarity, 0.0)
    in_triplets = _followed(straight.min(axis=0), triplet.min(axis=0))
    rows: IntArray = np.where(in_triplets, triplet_rows[triplet.argmin(axis=0)], straight_rows[straight.argmin(axis=0)])
    return rows


def _cost(onsets: Onsets, fit: _Fit, beats: _Beats, loose_s: float) -> TimeArray:
    """Nats of one division for each beat; _NEVER where it does not divide the beat."""
    loose = np.hypot(loose_s, _LOOSE_QUARTERS * onsets.quarter_s)
    off = np.minimum(np.abs(fit.misfit_s), 1.0) / loose
    misfits = np.where(off < _FAR, 0.5 * off**2, 0.5 * _FAR**2 + off - _FAR)
    if len(onsets) > 1:
        place = onsets.beat + fit.step / fit.parts
        gap_s = np.diff(onsets.beats) * (onsets.quarter_s * 4 / onsets.unit)[:-1]
        apart = np.where(
            onsets.repeats[1:],
            np.interp(gap_s, _TOGETHER_S, (0.0, 1.0)),
            np.interp(gap_s, _LOOSELY_TOGETHER_S, (0.0, 1.0)),
        )
        misfits[:-1] += _TOGETHER_COST * (np.diff(place) < 1e-9) * apart
    costs: TimeArray = np.bincount(beats.of_onset, misfits).astype(np.float64) + fit.cost
    impossible = np.isinf(fit.misfit_s) | (onsets.quarter_s / float(fit.row.parts) < _STEP_MIN_S)
    if fit.row.parts > _FINE_PARTS:
        closest = np.full(beats.count, np.inf)
        np.minimum.at(closest, beats.of_onset, np.append(np.diff(onsets.beats), np.inf) * fit.parts)
        impossible |= (closest > _CLOSE)[beats.of_onset]
    costs[beats.of_onset[impossible]] = _NEVER
    return costs


def _followed(straight: TimeArray, triplet: TimeArray) -> BoolArray:
    """Beat by beat, whether triplets are on the cheapest way through the piece (Viterbi with two states)."""
    steps: list[tuple[bool, bool]] = []
    to_straight = to_triplet = 0.0
    for here_straight, here_triplet in zip(straight.tolist(), triplet.tolist(), strict=True):
        from_triplet = to_triplet + _CHANGE_COST < to_straight
        from_straight = to_straight + _CHANGE_COST < to_triplet
        steps.append((from_triplet, not from_straight))
        to_straight, to_triplet = (
            min(to_straight, to_triplet + _CHANGE_COST) + here_straight,
            min(to_triplet, to_straight + _CHANGE_COST) + here_triplet,
        )
    way = np.zeros(len(steps), bool)
    state = to_triplet < to_straight
    for number in range(len(steps) - 1, -1, -1):
        way[number] = state
        state = steps[number][1] if state else steps[number][0]
    return way
