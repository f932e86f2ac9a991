from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from backbeat.training.playing.patterns import draw_pattern
from backbeat.training.playing.strokes import Stroke, tidy
from backbeat.values import Instrument


@pytest.fixture(scope="module")
def many() -> list[list[Stroke]]:
    rng = np.random.default_rng(4)
    return [draw_pattern(rng, start_s=-1.2, stop_s=8.3) for _ in range(250)]


def test_every_instrument_gets_its_share(many: list[list[Stroke]]) -> None:
    counts = Counter(stroke.instrument for pattern in many for stroke in pattern)
    hours = 250 * 9.5 / 3600
    assert {i.value: round(counts[i] / hours) for i in Instrument if counts[i] / hours < 150} == {}


def test_strokes_are_in_order_within_the_times_and_as_loud_as_midi_allows(many: list[list[Stroke]]) -> None:
    for pattern in many:
        times_s = [stroke.time_s for stroke in pattern]
        assert times_s == sorted(times_s)
        assert all(-1.2 <= time_s < 8.3 for time_s in times_s)
        assert all(1 <= stroke.velocity <= 127 for stroke in pattern)


def test_there_are_ghost_notes_and_accents_on_the_snare(many: list[list[Stroke]]) -> None:
    velocities = np.array([s.velocity for pattern in many for s in pattern if s.instrument is Instrument.SNARE])
    assert np.mean(velocities < 40) > 0.1
    assert np.mean(velocities > 100) > 0.2


def test_there_are_flams(many: list[list[Stroke]]) -> None:
    gaps_s = [b.time_s - a.time_s for pattern in many for a, b in _pairs(pattern, Instrument.SNARE)]
    assert sum(0.012 <= gap_s < 0.05 for gap_s in gaps_s) > 20


def _pairs(pattern: list[Stroke], instrument: Instrument) -> list[tuple[Stroke, Stroke]]:
    own = [stroke for stroke in pattern if stroke.instrument is instrument]
    return list(pairwise(own))


def test_some_playing_is_tight_and_some_is_loose(many: list[list[Stroke]]) -> None:
    """Together on paper, some milliseconds apart in hands: kick and hats on the same step."""
    apart_ms = []
    for pattern in many:
        kicks = np.array([s.time_s for s in pattern if s.instrument is Instrument.KICK])
        hats = np.array([s.time_s for s in pattern if s.instrument is Instrument.HIHAT_CLOSED])
        if len(kicks) > 4 and len(hats) > 8:
            gaps = np.abs(kicks[:, None] - hats).min(axis=1)
            apart_ms.append(1000 * float(np.median(gaps[gaps < 0.04]))) if (gaps < 0.04).any() else None
    assert min(apart_ms) < 2
    assert max(apart_ms) > 8


def test_the_same_seed_plays_the_same() -> None:
    one, other = (draw_pattern(np.random.default_rng(9), start_s=0, stop_s=8) for _ in range(2))
    assert one == other


def test_tidying_sorts_and_drops_double_triggers_and_what_nobody_hears() -> None:
    kick, snare = Instrument.KICK, Instrument.SNARE
    strokes = [
        Stroke(1.0, snare, 90),
        Stroke(0.5, kick, 100),
        Stroke(0.505, kick, 90),
        Stroke(2.0, snare, 3),
        Stroke(1.003, kick, 200),
    ]
    assert tidy(strokes) == [Stroke(0.5, kick, 100), Stroke(1.0, snare, 90), Stroke(1.003, kick, 127)]
