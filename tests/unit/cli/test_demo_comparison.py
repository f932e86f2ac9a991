"""How the demo sets what was heard against what was played."""

from __future__ import annotations

import pytest

from backbeat.cli.demo import TOLERANCE_S, compare
from backbeat.demo_loop import demo_strokes
from backbeat.values import FAMILY_OF, Instrument

PLAYED = [(stroke.time_s, FAMILY_OF[stroke.instrument]) for stroke in demo_strokes()]


def test_every_instrument_belongs_to_a_family() -> None:
    assert set(FAMILY_OF) == set(Instrument)


def test_a_perfect_ear_finds_everything() -> None:
    comparison = compare(PLAYED)
    assert comparison.found == comparison.played == comparison.heard
    assert comparison.found.total() == len(PLAYED)


def test_silence_finds_nothing() -> None:
    assert compare([]).found.total() == 0


@pytest.mark.parametrize(("off_s", "found"), [(0.9 * TOLERANCE_S, len(PLAYED)), (1.1 * TOLERANCE_S, 0)])
def test_a_hit_counts_within_fifty_milliseconds(off_s: float, found: int) -> None:
    assert compare([(time_s + off_s, family) for time_s, family in PLAYED]).found.total() == found


def test_a_hit_heard_twice_counts_once() -> None:
    time_s, family = PLAYED[0]
    comparison = compare([(time_s, family), (time_s + 0.01, family)])
    assert (comparison.heard[family], comparison.found[family]) == (2, 1)


def test_the_wrong_drum_at_the_right_time_is_not_found() -> None:
    assert compare([(time_s, "gong") for time_s, _ in PLAYED]).found.total() == 0
