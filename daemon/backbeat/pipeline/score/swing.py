"""How long the first of two swung notes is: one ratio for the piece, from the strokes that stand alone between two beats.

Ratios run from 1 (straight) over 2 (triplets) to about 3.5 (Friberg and Sundström 2002: jazz drummers, 3.5 at slow tempos and
down to 1 at fast ones).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from backbeat.pipeline.score.onsets import BoolArray, Onsets
from backbeat.records import IntArray, TimeArray

RATIO_MIN, RATIO_MAX = 1.25, 3.5
"""Below the least one nobody would write "swing" over the part; above the most it is a dotted rhythm."""

_SHARE_STEPS = 960  # of a pair of notes: the swung place is kept as a fraction that MIDI ticks can hold
_INNER = 0.12  # of a pair: what is closer to its ends belongs to them
_LOWEST, _HIGHEST = 0.42, 0.80  # of a pair: where its second note can be
_SAME = 0.07  # of a pair: strokes so far from the usual place are in the same place
_KERNEL = 0.025  # of a pair: width of the curve whose peak is the usual place
_PAIRS_MIN = 4  # that show the same ratio, and
_PAIRS_SHARE_MIN = 0.5  # of the pairs that have anything between their ends, and
_SINGLE_SHARE_MIN = 0.55  # of those that have one stroke there, and
_STRAIGHT_SHARE_MAX = 0.3  # as many straight pairs as swung ones are still a swung piece
_STRAIGHT = 0.05  # of a pair: how near the middle a straight second note is
_DOTTED, _DOTTED_SHARE_MIN = 0.72, 0.8  # eighths this late are a dotted rhythm unless nearly all pairs have it
_SURE = 3.0  # standard errors that the ratio must be away from straight
_PAIRS_A_BEAT_MAX = 16


@dataclass(frozen=True, kw_only=True)
class Swing:
    """unit: which notes swing, in quarter notes (1/2 or 1/4); 0 when none do. share: of a pair that its first note takes."""

    unit: Fraction = Fraction(0)
    share: Fraction = Fraction(1, 2)

    @property
    def ratio(self) -> float:
        return float(self.share / (1 - self.share))


STRAIGHT = Swing()


def swing_of(onsets: Onsets) -> Swing:
    """The piece's swing: of eighths, else of sixteenths, else none. No onsets, or too few that agree, are straight."""
    for unit in (Fraction(1, 2), Fraction(1, 4)):
        seconds = _Seconds.of(onsets, unit)
        dotted_share_min = _DOTTED_SHARE_MIN if unit == Fraction(1, 2) else 0.0
        share = _usual_share(seconds, dotted_share_min) if seconds is not None else None
        if share is not None:
            return Swing(unit=unit, share=Fraction(round(share * _SHARE_STEPS), _SHARE_STEPS))
    return STRAIGHT


@dataclass(frozen=True, kw_only=True, eq=False)
class _Seconds:
    """Second notes of pairs: where each is in its pair (0..1), for pairs with one stroke inside; and how many pairs have any."""

    shares: TimeArray
    pairs: int

    @classmethod
    def of(cls, onsets: Onsets, unit: Fraction) -> _Seconds | None:
        a_beat = 2 / (onsets.unit * float(unit))
        usable = (a_beat >= 1) & (a_beat == np.floor(a_beat))
        if not usable.any():
            return None
        beats, a_beat = onsets.beats[usable], a_beat[usable].astype(np.int64)
        beat = np.floor(beats)
        within = (beats - beat) * a_beat
        number = np.minimum(np.floor(within).astype(np.int64), a_beat - 1)
        place = within - number
        pair = beat.astype(np.int64) * _PAIRS_A_BEAT_MAX + number
        inner = (place > _INNER) & (place < 1 - _INNER)
        wanted, first, counts = np.unique(pair[inner], return_index=True, return_counts=True)
        whole = _ends_are_there(pair, place, a_beat, wanted, a_beat[inner][first])
        return cls(shares=place[inner][first][(counts == 1) & whole], pairs=int(whole.sum()))


def _ends_are_there(pair: IntArray, place: TimeArray, a_beat: IntArray, wanted: IntArray, parts: IntArray) -> BoolArray:
    """Whether each wanted pair has a stroke at both ends, or at one where a pair fills a beat.

    Two of three triplets would else look like a swung sixteenth in the first half of their beat.
    """
    starts = pair[place <= _INNER]
    ends = _next_pair(pair[place >= 1 - _INNER], a_beat[place >= 1 - _INNER])
    struck = np.concatenate([starts, ends])
    at_start, at_end = np.isin(wanted, struck), np.isin(_next_pair(wanted, parts), struck)
    there: BoolArray = np.where(parts == 1, at_start | at_end, at_start & at_end)
    return there


def _next_pair(pair: IntArray, a_beat: IntArray) -> IntArray:
    beat, number = np.divmod(pair, _PAIRS_A_BEAT_MAX)
    following: IntArray = np.where(number + 1 < a_beat, pair + 1, (beat + 1) * _PAIRS_A_BEAT_MAX)
    return following


def _usual_share(seconds: _Seconds, dotted_share_min: float) -> float | None:
    """Where second notes usually are, 0.5 .. 0.78 of their pair; None where they are straight or of no one mind."""
    shares = seconds.shares
    likely = shares[(shares > _LOWEST) & (shares < _HIGHEST)]
    if len(likely) < _PAIRS_MIN:
        return None
    curve = np.arange(_LOWEST, _HIGHEST, 0.005)
    peak = curve[np.exp(-0.5 * ((curve[:, None] - likely) / _KERNEL) ** 2).sum(axis=1).argmax()]
    same = likely[np.abs(likely - peak) < _SAME]
    share = float(np.median(same))
    of_pairs, of_single = len(same) / seconds.pairs, len(same) / len(shares)
    if len(same) < _PAIRS_MIN or of_pairs < _PAIRS_SHARE_MIN or of_single < _SINGLE_SHARE_MIN:
        return None
    if np.sum((np.abs(shares - 0.5) < _STRAIGHT) & (np.abs(shares - peak) >= _SAME)) > _STRAIGHT_SHARE_MAX * len(same):
        return None
    if share > _DOTTED and of_pairs < dotted_share_min:
        return None
    error = 1.25 * 1.48 * float(np.median(np.abs(same - share))) / np.sqrt(len(same))
    ratio = share / (1 - share)
    return min(share, RATIO_MAX / (1 + RATIO_MAX)) if ratio >= RATIO_MIN and share - 0.5 > _SURE * error else None
