"""Hits that are still being heard."""

from __future__ import annotations

import math
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.records import Hit
from backbeat.values import Instrument

HITS = [Hit(0.5 * n, Instrument.KICK, 100, 0.9) for n in range(10)]


def test_what_is_not_known_yet_is_none_and_joins_when_it_comes() -> None:
    hits = GrowingHits()
    to_come = hits.hits_from(0.5)
    assert next(to_come) is None
    hits.add(HITS[:3], 0)
    assert list(islice(to_come, 3)) == [HITS[1], HITS[2], None]
    hits.add(HITS[3:], 3)
    hits.complete()
    assert list(to_come) == HITS[3:]
    assert list(hits.hits_from(4.0)) == HITS[8:], "as often as the playing jumps"


def test_it_is_known_as_far_as_the_last_hit_and_then_altogether() -> None:
    hits = GrowingHits()
    assert hits.known_s == 0.0
    hits.add(HITS[:3], 0)
    assert hits.known_s == 1.0
    hits.complete()
    assert hits.known_s == math.inf


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10)), max_size=12))
def test_however_often_parts_come_again_each_hit_is_there_once(parts: list[tuple[int, int]]) -> None:
    hits = GrowingHits()
    for first, count in parts:
        hits.add(HITS[first : first + count], first)
    known = hits.since(0)
    assert known == HITS[: len(known)]


def test_what_is_lost_is_over_and_whoever_waits_is_told_once_also_later() -> None:
    hits, told = GrowingHits(), []
    hits.add(HITS[:3], 0)
    to_come = hits.hits_from(0.0)
    next(to_come)
    hits.when_lost(lambda: told.append("lost"))
    hits.when_changed(lambda: told.append("changed"))
    hits.lose()
    assert list(to_come) == []
    assert sorted(told) == ["changed", "lost"]
    hits.when_lost(lambda: told.append("late"))
    assert told[-1] == "late"
