"""Whether pulses at the tempo that a file states are those that are heard, counted as fast, twice or half as fast.

People name a loop by the tempo of their project, and a project at 140 with a half-time beat sounds like 70: then the file knows
better. A tempo that was never set (a program's default of 120) has pulses that fall beside what is heard.
"""

from __future__ import annotations

import numpy as np

from backbeat.records import TimeArray

_SAME_TEMPO = 0.09
"""In octaves: tempi that differ by less, once doubled or halved, are taken for the same."""
_BESIDE = 0.15
"""Of the time between two pulses: what is farther from a pulse lies beside it."""
_MOST = 0.85
"""Share of pulses that have to lie on pulses, and of the time that has to be counted through."""
_ENDS = 2  # pulses that may be missing at the ends


def octaves_apart(heard_s: TimeArray, stated_s: TimeArray) -> int | None:
    """0 where two rising series of pulses, float64 (n,) and (m,), are one; 1 where every other pulse of `heard_s` is `stated_s`.

    -1 where it is the other way round; None where neither counts what the other counts.
    """
    if min(len(heard_s), len(stated_s)) < 2:
        return None
    distance = float(np.log2(np.median(np.diff(stated_s)) / np.median(np.diff(heard_s))))
    octaves = round(distance)
    if abs(distance - octaves) > _SAME_TEMPO or abs(octaves) > 1:
        return None
    slower_s, faster_s = (stated_s, heard_s) if distance > 0 else (heard_s, stated_s)
    inner_s = slower_s[(slower_s > faster_s[0]) & (slower_s < faster_s[-1])]
    if not len(inner_s) or len(inner_s) < _MOST * (len(slower_s) - _ENDS) or covered(heard_s, stated_s) < _MOST:
        return None
    after = np.searchsorted(faster_s, inner_s)
    before_s, after_s = faster_s[after - 1], faster_s[after]
    beside = np.minimum(inner_s - before_s, after_s - inner_s) / (after_s - before_s)
    return octaves if np.mean(beside < _BESIDE) >= _MOST else None


def covered(heard_s: TimeArray, stated_s: TimeArray) -> float:
    """How much of the time that `heard_s` counts through `stated_s` counts through too, 0..1: a search may begin late."""
    both_s = min(heard_s[-1], stated_s[-1]) - max(heard_s[0], stated_s[0])
    return float(np.clip(both_s / (heard_s[-1] - heard_s[0]), 0.0, 1.0))
