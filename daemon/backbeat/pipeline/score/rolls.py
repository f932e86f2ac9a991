"""Rolls: strokes of one drum that are faster, or for longer, than anyone would write out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from backbeat.pipeline.score.ruler import Ruler
from backbeat.records import Hits, TimeArray
from backbeat.values import Instrument

ROLLABLE = frozenset(Instrument) - {
    Instrument.KICK,
    Instrument.HIHAT_CLOSED,
    Instrument.HIHAT_OPEN,
    Instrument.HIHAT_PEDAL,
    Instrument.SPLASH,
}
"""Feet do not roll, and fast hats are written out."""

_GAP_MAX_S = 1 / 11  # slower strokes are single ones
_EVEN = 1.5  # times longer or shorter than the usual gap: no part of the same roll
_HOLE = (1.6, 2.4)  # usual gaps: between two parts of one roll, a stroke that was not heard
_ALIKE = 1.3  # ... whose gaps are no more different than this,
_HOLED_S, _HOLED_STROKES = 0.065, 3  # ... no longer than this, with no fewer strokes each
_STROKES_MIN = 4
_TOO_FAST = 9.2  # strokes a quarter note: clearly more than 32nds (8)
_SLOW = 4.6  # strokes a quarter note: sixteenths, which are written out at any tempo
_WRITTEN, _WRITTEN_NEAR = (6, 8), 0.1  # strokes a quarter note that can be written out, and how nearly
_UNEVEN_STROKES_MIN = 6  # of a roll that is no faster than 32nds, but neither those nor sextuplets
_LONG_STROKES_MIN, _LONG_GAP_S = 13, 0.075  # 32nds go on for more than a beat and a half: nobody reads that
_ACCENT = 1.25  # a last stroke so much louder than the roll is what the roll goes to
_RELEASE_S, _RELEASE_GAPS = 0.012, 0.3  # so is one no further from an eighth note's place, in seconds and in gaps
_CLOSE_GAPS = 2.5  # a stroke that follows within so many of its gaps ends a roll
_RUFF_ACCENT = 1.3  # four strokes of which the last is so much louder than the others are a ruff, when they are
_RUFF_GAP_S = 0.045  # no further apart


@dataclass(frozen=True, kw_only=True)
class Roll:
    """strokes: numbers into Hits, at least four, rising. gap_s: usual seconds from one to the next.

    release: the stroke that ends it, of the same drum, which is not part of it; None where it just stops.
    """

    strokes: tuple[int, ...]
    gap_s: float
    release: int | None


def rolls_of(strokes: Sequence[int], instrument: Instrument, hits: Hits, ruler: Ruler, quarter_s: TimeArray) -> list[Roll]:
    """The rolls of one drum. strokes: all of its hits. quarter_s: how long a quarter note is at each hit, seconds."""
    if instrument not in ROLLABLE or len(strokes) < _STROKES_MIN:
        return []
    rolls = []
    for run in _runs(strokes, hits.time_s):
        gaps_s = np.diff(hits.time_s[list(run)])
        holes = int((gaps_s > _HOLE[0] * np.median(gaps_s)).sum())
        gap_s = float(gaps_s.sum()) / (len(gaps_s) + holes)
        if gap_s > 0 and _is_roll(run, gap_s, hits, float(quarter_s[run[0]])):
            if _ends_on_its_last(run, gap_s, hits, ruler):
                rolls.append(Roll(strokes=tuple(run[:-1]), gap_s=gap_s, release=run[-1]))
            else:
                rolls.append(Roll(strokes=tuple(run), gap_s=gap_s, release=_close_after(run[-1], gap_s, strokes, hits)))
    return rolls


def _runs(strokes: Sequence[int], time_s: TimeArray) -> list[Sequence[int]]:
    """Stretches of close and even strokes, one missing stroke here and there aside."""
    close = np.flatnonzero(np.diff(time_s[list(strokes)]) > _GAP_MAX_S) + 1
    runs: list[Sequence[int]] = []
    for start, end in pairwise([0, *close.tolist(), len(strokes)]):
        for part in _even_parts(strokes[start:end], time_s):
            if runs and _are_one(runs[-1], part, time_s):
                runs[-1] = [*runs[-1], *part]
            else:
                runs.append(part)
    return [run for run in runs if len(run) >= _STROKES_MIN]


def _even_parts(run: Sequence[int], time_s: TimeArray) -> Iterator[Sequence[int]]:
    gaps_s = np.diff(time_s[list(run)])
    usual_s = float(np.median(gaps_s)) if len(gaps_s) else 0.0
    uneven = np.flatnonzero((gaps_s > _EVEN * usual_s) | (gaps_s * _EVEN < usual_s)) + 1
    yield from (run[start:end] for start, end in pairwise([0, *uneven.tolist(), len(run)]))


def _are_one(before: Sequence[int], after: Sequence[int], time_s: TimeArray) -> bool:
    if min(len(before), len(after)) < _HOLED_STROKES:
        return False
    usual_s = [float(np.median(np.diff(time_s[list(run)]))) for run in (before, after)]
    hole_s = float(time_s[after[0]] - time_s[before[-1]])
    alike = max(usual_s) <= min(_ALIKE * min(usual_s), _HOLED_S)
    return alike and _HOLE[0] * min(usual_s) < hole_s < _HOLE[1] * max(usual_s)


def _is_roll(run: Sequence[int], gap_s: float, hits: Hits, quarter_s: float) -> bool:
    a_quarter = quarter_s / gap_s
    if a_quarter <= _SLOW or _is_ruff(run, gap_s, hits):
        return False
    if a_quarter > _TOO_FAST:
        return True
    if any(abs(a_quarter / written - 1) < _WRITTEN_NEAR for written in _WRITTEN):
        return len(run) >= _LONG_STROKES_MIN and gap_s < _LONG_GAP_S
    return len(run) >= _UNEVEN_STROKES_MIN


def _is_ruff(run: Sequence[int], gap_s: float, hits: Hits) -> bool:
    loudest_before = max(hits.velocity[stroke] for stroke in run[:-1])
    return len(run) == _STROKES_MIN and gap_s < _RUFF_GAP_S and bool(hits.velocity[run[-1]] >= _RUFF_ACCENT * loudest_before)


def _ends_on_its_last(run: Sequence[int], gap_s: float, hits: Hits, ruler: Ruler) -> bool:
    """Whether the last stroke is what the roll goes to, a note of its own."""
    if len(run) == _STROKES_MIN:
        return False
    loud = hits.velocity[run[-1]] >= _ACCENT * float(np.median(hits.velocity[list(run[:-1])]))
    return bool(loud) or _beside_an_eighth_s(float(hits.time_s[run[-1]]), ruler) < min(_RELEASE_S, _RELEASE_GAPS * gap_s)


def _close_after(last: int, gap_s: float, strokes: Sequence[int], hits: Hits) -> int | None:
    """The next stroke of the drum, where it comes as if it went on."""
    following = strokes[bisect_right(strokes, last) :][:1]
    return next((stroke for stroke in following if hits.time_s[stroke] - hits.time_s[last] < _CLOSE_GAPS * gap_s), None)


def _beside_an_eighth_s(time_s: float, ruler: Ruler) -> float:
    """Seconds from the nearest place of an eighth note."""
    place = ruler.beats_at(np.array([time_s]))
    beat = np.floor(place).astype(np.int64)
    eighths = float((place - beat)[0]) * 8 / int(ruler.units(beat)[0])
    return abs(eighths - round(eighths)) / 2 * float(ruler.quarter_s(beat)[0])
