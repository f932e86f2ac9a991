from __future__ import annotations

import time

import pytest
from tests.score_rhythms import FUNK, ROCK, SHUFFLE, Known, Phrase, play_phrase

from backbeat.pipeline.grid_to_onsets import grid_to_onsets
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import Hit, hits_from_rows
from backbeat.values import Instrument

HAT, SNARE, KICK = Instrument.HIHAT_CLOSED, Instrument.SNARE, Instrument.KICK


def late(known: Known, **by_s: float) -> list[Hit]:
    return [Hit(hit.time_s + by_s.get(hit.instrument, 0.0), hit.instrument, hit.velocity, hit.confidence) for hit in known.hits]


@pytest.mark.parametrize(
    "phrase", [Phrase(name="", kind="", bars=(ROCK,), bpm=100), Phrase(name="", kind="", bars=(SHUFFLE,), bpm=100, swing=2.0)]
)
def test_each_drum_is_ahead_or_behind_by_its_own_time(phrase: Phrase) -> None:
    known = play_phrase(phrase)
    hits = hits_from_rows(late(known, snare=0.015, kick=-0.006), engine="test")
    feel = hits_to_score(hits, known.grid, title="t", duration_s=known.duration_s, grid_offset_s=0.002).feel
    assert feel.push_s[SNARE] == pytest.approx(0.015, abs=0.002)
    assert feel.push_s[KICK] == pytest.approx(-0.006, abs=0.002)
    assert feel.push_s[HAT] == pytest.approx(0.0, abs=0.002)
    assert feel.grid_offset_s == 0.002


@pytest.mark.parametrize("loose_ms", [2.0, 5.0, 10.0])
def test_the_spread_is_how_loose_the_strokes_are(loose_ms: float) -> None:
    known = play_phrase(Phrase(name="", kind="", bars=(ROCK,), bpm=100), loose_ms=loose_ms)
    feel = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s).feel
    assert feel.spread_s == pytest.approx(0.6745 * loose_ms / 1000, rel=0.2)


def test_a_drum_with_few_strokes_has_no_push_and_no_strokes_no_spread() -> None:
    known = play_phrase(Phrase(name="", kind="", bars=(ROCK,), bpm=100, count=2))
    feel = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s).feel
    assert set(feel.push_s) == {HAT}
    nothing = hits_to_score(hits_from_rows([], engine="test"), known.grid, title="t", duration_s=1.0).feel
    assert (nothing.push_s, nothing.spread_s) == ({}, 0.0)


def test_ten_minutes_take_less_than_a_third_of_a_second_of_one_core() -> None:
    known = play_phrase(Phrase(name="", kind="", bars=(FUNK,), bpm=130, count=325), loose_ms=8)
    assert len(known.hits) > 8000
    durations_s = []
    for _ in range(3):
        started_s = time.process_time()
        hits_to_score(known.hits, grid_to_onsets(known.grid, known.hits).grid, title="t", duration_s=known.duration_s)
        durations_s.append(time.process_time() - started_s)
    assert min(durations_s) < 0.3
