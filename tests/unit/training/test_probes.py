"""Rendered passages of flams and single strokes, and what is counted in the answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.records import Hit
from backbeat.training.evaluation.probes import (
    FlamCount,
    Passage,
    SingleCount,
    count_flams,
    count_singles,
    flam_passage,
    single_passage,
)
from backbeat.training.playing.strokes import Stroke
from backbeat.training.sources import Sources, load_sources
from backbeat.values import Instrument


@pytest.fixture(scope="module")
def sources(tiny_bank: Path) -> Sources:
    return load_sources(tiny_bank)


def test_flams_are_pairs_of_a_soft_and_a_loud_stroke(sources: Sources) -> None:
    passage = flam_passage(np.random.default_rng(0), sources, Instrument.SNARE)
    assert np.isfinite(passage.samples).all()
    assert len(passage.strokes) >= 16
    for grace, main in zip(passage.strokes[::2], passage.strokes[1::2], strict=True):
        assert grace.instrument is main.instrument is Instrument.SNARE
        assert 0.02 <= main.time_s - grace.time_s <= 0.045
        assert grace.velocity < main.velocity


def test_both_strokes_of_a_flam_sound(sources: Sources) -> None:
    """In the tiny bank a stroke begins with its largest sample: the waveform jumps at both times."""
    passage = flam_passage(np.random.default_rng(1), sources, Instrument.SNARE)
    loudness = np.abs(passage.samples)
    for stroke in passage.strokes:
        at = round(stroke.time_s * 44_100)
        assert loudness[at - 5 : at + 60].max() > 2 * np.median(loudness)


def test_single_strokes_are_far_apart(sources: Sources) -> None:
    passage = single_passage(np.random.default_rng(2), sources, Instrument.RIDE)
    assert {stroke.instrument for stroke in passage.strokes} == {Instrument.RIDE}
    assert min(np.diff([stroke.time_s for stroke in passage.strokes])) >= 0.5


def passage_of(drum: Instrument, *times_s: float) -> Passage:
    return Passage(samples=np.zeros(0, np.float32), drum=drum, strokes=tuple(Stroke(t, drum, 90) for t in times_s))


def hit(time_s: float, instrument: Instrument) -> Hit:
    return Hit(time_s, instrument, 90, 0.9)


FLAM = passage_of(Instrument.TOM_MID, 1.0, 1.03)


@pytest.mark.parametrize(
    ("times_s", "heard", "as_two"),
    [
        ((1.002, 1.028), True, True),
        ((1.03,), True, False),
        ((1.015,), True, False),
        ((1.0, 1.005), True, False),
        ((2.0,), False, False),
    ],
)
def test_a_flam_is_two_only_when_each_stroke_has_its_own_hit(times_s: tuple[float, ...], heard: bool, as_two: bool) -> None:
    (counted,) = count_flams(FLAM, [hit(time_s, Instrument.TOM_MID) for time_s in times_s])
    assert counted == FlamCount(gap_ms=pytest.approx(30.0), heard=heard, as_two=as_two)


def test_a_flam_may_be_taken_for_another_tom_but_not_for_a_kick() -> None:
    assert count_flams(FLAM, [hit(1.0, Instrument.TOM_LOW), hit(1.03, Instrument.TOM_HIGH)])[0].as_two
    assert not count_flams(FLAM, [hit(1.0, Instrument.KICK), hit(1.03, Instrument.KICK)])[0].heard


def test_single_strokes_are_heard_missed_or_heard_twice() -> None:
    rides = passage_of(Instrument.RIDE, 1.0, 2.0, 3.0)
    hits = [hit(1.0, Instrument.RIDE), hit(1.08, Instrument.CRASH), hit(2.0, Instrument.RIDE), hit(2.0, Instrument.KICK)]
    assert count_singles(rides, hits) == SingleCount(played=3, heard=2, twice=1, elsewhere=1)


def test_ride_and_crash_at_one_time_are_no_double_trigger() -> None:
    hits = [hit(1.0, Instrument.RIDE), hit(1.0, Instrument.CRASH)]
    assert count_singles(passage_of(Instrument.RIDE, 1.0), hits).twice == 0
