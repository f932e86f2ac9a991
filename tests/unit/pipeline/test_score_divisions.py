"""What a beat is divided into, seen in the scores that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from tests.score_rhythms import (
    FILL_32,
    FILL_TRIPLETS,
    FUNK,
    PHRASES,
    ROCK,
    SIX_16,
    TRIPLETS,
    Phrase,
    blurred,
    misheard,
    play_phrase,
)

from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.records import BeatGrid, Hit, Score, hits_from_rows
from backbeat.values import Division, Instrument, Meter

HAT, SNARE = Instrument.HIHAT_CLOSED, Instrument.SNARE


def score_of(
    bars: Sequence[Mapping[str, str]], bpm: float, *, loose_ms: float = 0.0, meter: str = "4/4", count: int = 8
) -> Score:
    phrase = Phrase(name="", kind="", bars=bars, bpm=bpm, meter=Meter.parse(meter), count=count)
    known = play_phrase(phrase, loose_ms=loose_ms)
    return hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s)


def places(score: Score, bar: int = 0) -> set[Fraction]:
    return {note.position % 1 for note in score.notes if note.bar == bar}


def beats(*shares: Sequence[float], style: ScoreStyle | None = None, beat_s: float = 0.5) -> list[Fraction]:
    """Positions of hats, given the shares of each beat of a piece in 4/4, 120 BPM."""
    rows = [Hit((4 + beat + share) * beat_s, HAT, 100, 0.9) for beat, places_in in enumerate(shares) for share in places_in]
    count = 4 * (len(shares) // 4 + 3)
    grid = BeatGrid(
        times_s=np.arange(count) * beat_s,
        numbers=np.arange(count) % 4 + 1,
        meters=(Meter(4, 4),) * (count // 4),
        tempo_bpm=60 / beat_s,
        confidence=1.0,
        bpm_unreliable=False,
        engine="test",
    )
    score = hits_to_score(
        hits_from_rows(rows, engine="test"), grid, title="t", duration_s=1.0, style=style or ScoreStyle(flam_ms=0)
    )
    return [4 * (note.bar - 1) + note.position for note in score.notes]


@pytest.mark.parametrize("bpm", [60, 100, 140, 180])
def test_a_triplet_fill_among_straight_bars_is_triplets(bpm: int) -> None:
    score = score_of((ROCK, FILL_TRIPLETS), bpm, loose_ms=5)
    assert places(score, 1) == {0, Fraction(1, 3), Fraction(2, 3)}
    assert places(score, 0) <= {0, Fraction(1, 2)}


@pytest.mark.parametrize("bpm", [60, 75, 90])
def test_32nds_are_32nds(bpm: int) -> None:
    assert {place.denominator for place in places(score_of((ROCK, FILL_32), bpm, loose_ms=5), 1)} == {1, 2, 4, 8}


def test_a_piece_in_triplets_has_no_sixteenths() -> None:
    score = score_of((TRIPLETS,), 150, loose_ms=10)
    assert {place.denominator for bar in range(8) for place in places(score, bar)} == {1, 3}


def test_sixteenths_in_6_8_are_halves_of_its_beats() -> None:
    assert places(score_of((SIX_16,), 100, meter="6/8", loose_ms=5)) == {0, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)}


def test_a_lone_late_sixteenth_is_none_of_a_triplet() -> None:
    straight = [(0.0, 0.25, 0.5, 0.75)] * 7
    positions = beats(*straight, (0.0, 0.29, 0.5, 0.75))
    assert positions == [Fraction(n, 4) for n in range(32)]


def test_the_same_stroke_among_triplets_is_one() -> None:
    triplets = [(0.0, 1 / 3, 2 / 3)] * 7
    assert beats(*triplets, (0.0, 0.29))[-1] == 7 + Fraction(1, 3)


def test_a_single_stroke_out_of_time_makes_no_32nd() -> None:
    assert beats((0.0, 0.5), (0.0, 0.5), (0.0, 0.61), (0.0, 0.5))[5] == 2 + Fraction(1, 2)


FINE = [(0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875), (0.0, 1 / 6, 1 / 3, 0.5, 2 / 3, 5 / 6), (0.0, 0.25, 0.5, 0.75)]
SLOW_S = 1.2


@pytest.mark.parametrize(
    ("grid", "denominators"),
    [
        (Division.AUTO, [8, 6, 4]),
        (Division.THIRTYSECONDS, [8, 6, 4]),
        (Division.SIXTEENTH_TRIPLETS, [6, 6, 4]),
    ],
)
def test_the_grid_setting_allows_nothing_finer(grid: Division, denominators: list[int]) -> None:
    rows = [shares for shares in FINE if len(shares) <= max(denominators)]
    for shares in rows:
        positions = beats(shares, style=ScoreStyle(grid=grid, flam_ms=0), beat_s=SLOW_S)
        assert max(position.denominator for position in positions) == len(shares)


@pytest.mark.parametrize(
    ("grid", "step"),
    [
        (Division.EIGHTHS, Fraction(1, 2)),
        (Division.EIGHTH_TRIPLETS, Fraction(1, 6)),
        (Division.SIXTEENTHS, Fraction(1, 12)),
    ],
)
def test_single_strokes_go_to_the_grid_that_is_set(grid: Division, step: Fraction) -> None:
    shares = [(0.13,), (0.38,), (0.62,), (0.87,), (0.26,), (0.34,), (0.68,), (0.76,)]
    positions = beats(*shares, style=ScoreStyle(grid=grid))
    assert all(position % step == 0 for position in positions)


def test_two_strokes_of_a_drum_that_the_grid_has_one_place_for_get_two() -> None:
    positions = beats((0.0, 0.15, 0.5), style=ScoreStyle(grid=Division.EIGHTHS, flam_ms=0))
    assert positions == [0, Fraction(1, 4), Fraction(1, 2)]


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.name)
def test_the_suite_played_5_ms_loose_is_written_right(phrase: Phrase) -> None:
    known = play_phrase(replace(phrase, count=8), loose_ms=5)
    score = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s)
    right = [
        (note.bar, note.position) == (truth.bar, truth.position)
        for truth, note in zip(known.truths, score.notes, strict=True)
        if truth.position is not None
    ]
    assert np.mean(right) >= 0.95


@pytest.mark.parametrize("bars", [(ROCK, FUNK), (FILL_TRIPLETS, ROCK)])
def test_missing_and_false_strokes_and_loose_beats_leave_the_others_where_they_belong(bars: tuple[dict[str, str], ...]) -> None:
    known = misheard(play_phrase(Phrase(name="", kind="", bars=bars, bpm=110), loose_ms=8))
    score = hits_to_score(known.hits, blurred(known.grid, late_ms=0), title="t", duration_s=known.duration_s)
    right = [
        (note.bar, note.position) == (truth.bar, truth.position)
        for truth, note in zip(known.truths, score.notes, strict=True)
        if truth.position is not None
    ]
    assert np.mean(right) >= 0.97
