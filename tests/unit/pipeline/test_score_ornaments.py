"""Flams, drags, ruffs and rolls, seen in the scores that come of them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from backbeat.pipeline.hits_to_score import ScoreStyle, hits_to_score
from backbeat.pipeline.score.notes import tremolo
from backbeat.records import BeatGrid, Hit, Role, Score, ScoreNote, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument

KICK, SNARE, TOM, HAT = Instrument.KICK, Instrument.SNARE, Instrument.TOM_MID, Instrument.HIHAT_CLOSED
G, S, R, ED = Role.GRACE, Role.STROKE, Role.ROLL, Role.ROLLED


def score_of(*strokes: tuple[float, Instrument, int], flam_ms: int = 45, beat_s: float = 0.5) -> Score:
    """120 BPM from 0 s unless told otherwise, four bars of 4/4."""
    grid = BeatGrid(
        times_s=np.arange(16) * beat_s,
        numbers=np.arange(16) % 4 + 1,
        meters=(FOUR_FOUR,) * 4,
        tempo_bpm=60 / beat_s,
        confidence=1.0,
        bpm_unreliable=False,
        engine="test",
    )
    hits = hits_from_rows([Hit(time_s, instrument, velocity, 0.9) for time_s, instrument, velocity in strokes], engine="test")
    return hits_to_score(hits, grid, title="t", duration_s=16 * beat_s, style=ScoreStyle(flam_ms=flam_ms))


def roles(score: Score, instrument: Instrument = SNARE) -> list[Role]:
    return [note.role for note in score.notes if note.instrument is instrument]


def volley(count: int, gap_s: float, *, start_s: float = 1.0, velocity: int = 80) -> list[tuple[float, Instrument, int]]:
    return [(start_s + number * gap_s, SNARE, velocity) for number in range(count)]


@pytest.mark.parametrize("gap_ms", [1, 15, 25, 44])
def test_a_flam_is_a_grace_at_the_place_of_its_stroke_that_keeps_its_gap(gap_ms: int) -> None:
    grace, stroke = score_of((2.0 - gap_ms / 1000, SNARE, 50), (2.0, SNARE, 110)).notes
    assert (grace.role, stroke.role) == (G, S)
    assert (grace.bar, grace.position) == (stroke.bar, stroke.position) == (1, 0)
    assert float(stroke.sounding - grace.sounding) == pytest.approx(gap_ms / 500, abs=0.001)
    assert grace.sounding < 0


def test_the_setting_says_how_close_a_flam_is() -> None:
    strokes = ((1.97, SNARE, 50), (2.0, SNARE, 110))
    assert roles(score_of(*strokes, flam_ms=31)) == [G, S]
    assert roles(score_of(*strokes, flam_ms=29)) == [S, S]
    assert roles(score_of(*strokes, flam_ms=0)) == [S, S]


def test_a_grace_belongs_to_its_own_drum() -> None:
    score = score_of((1.97, SNARE, 50), (2.0, KICK, 110), (2.0, TOM, 110))
    assert {note.role for note in score.notes} == {S}


def test_two_close_ones_before_a_stroke_are_a_drag_and_three_a_ruff() -> None:
    assert roles(score_of((1.94, SNARE, 50), (1.97, SNARE, 50), (2.0, SNARE, 110))) == [G, G, S]
    assert roles(score_of((1.91, SNARE, 50), (1.94, SNARE, 50), (1.97, SNARE, 50), (2.0, SNARE, 110))) == [G, G, G, S]


def test_a_drag_may_be_slower_than_a_flam_when_it_is_soft() -> None:
    assert roles(score_of((1.86, SNARE, 30), (1.93, SNARE, 32), (2.0, SNARE, 110))) == [G, G, S]
    assert roles(score_of((1.875, SNARE, 100), (1.9375, SNARE, 100), (2.0, SNARE, 110))) == [S, S, S]


def test_soft_sixteenths_at_a_high_tempo_are_no_drag() -> None:
    assert roles(score_of((1.05, SNARE, 30), (1.125, SNARE, 30), (1.2, SNARE, 110), beat_s=0.3)) == [S, S, S]


def test_a_flam_on_every_stroke_of_a_fill() -> None:
    strokes = [(1.0 + number * 0.25 - early, SNARE, 60 if early else 110) for number in range(4) for early in (0.025, 0.0)]
    score = score_of(*strokes)
    assert roles(score) == [G, S] * 4
    assert [note.position for note in score.notes if note.role is S] == [2 + Fraction(n, 2) for n in range(4)]


def rolls(score: Score) -> list[ScoreNote]:
    return [note for note in score.notes if note.role is R]


@pytest.mark.parametrize(("gap_s", "bars"), [(0.028, 4), (0.036, 4), (0.05, 3)])
def test_a_roll_of_a_half_note_goes_to_the_stroke_that_ends_it(gap_s: float, bars: int) -> None:
    count = round(1.0 / gap_s)
    score = score_of(*volley(count, 1.0 / count), (2.0, SNARE, 115), (1.5, KICK, 100))
    assert roles(score) == [R, *[ED] * (count - 1), S]
    (roll,) = rolls(score)
    assert (roll.bar, roll.position, roll.roll_length, roll.tremolo) == (0, 2, 2, bars)
    sounding = [note.sounding for note in score.notes if note.role in (R, ED)]
    assert {after - before for before, after in pairwise(sounding)} == {Fraction(2, count)}


def test_a_roll_that_just_stops_is_as_long_as_it_lasts() -> None:
    (roll,) = rolls(score_of(*volley(12, 0.04)))
    assert (roll.position, roll.roll_length) == (2, 1)


def test_a_roll_over_the_bar_line_is_a_note_in_each_bar() -> None:
    first, second = rolls(score_of(*volley(25, 0.04, start_s=1.5), (2.5, SNARE, 118)))
    assert (first.bar, first.position, first.roll_length) == (0, 3, 1)
    assert (second.bar, second.position, second.roll_length) == (1, 0, 1)


def test_a_roll_with_a_stroke_that_was_not_heard_is_one_roll() -> None:
    strokes = volley(20, 0.05)
    del strokes[7]
    assert len(rolls(score_of(*strokes, (2.0, SNARE, 118)))) == 1


@pytest.mark.parametrize(
    "strokes",
    [
        [(1.0 + n / 16, SNARE, 90) for n in range(8)],
        [(1.0 + n / 12, SNARE, 90) for n in range(6)],
        [(1.0 + n * 0.04, KICK, 90) for n in range(12)],
        [(1.0 + n * 0.05, HAT, 90) for n in range(8)],
    ],
    ids=["32nds", "sextuplets", "kicks", "hats"],
)
def test_these_are_written_out(strokes: list[tuple[float, Instrument, int]]) -> None:
    score = score_of(*strokes, flam_ms=0)
    assert {note.role for note in score.notes} == {S}


def test_fast_sixteenths_are_no_roll() -> None:
    beat_s = 60 / 210
    score = score_of(*((beat_s * n / 4, SNARE, 90) for n in range(16)), beat_s=beat_s)
    assert [note.position for note in score.notes] == [Fraction(n, 4) for n in range(16)]
    assert {note.role for note in score.notes} == {S}


@pytest.mark.parametrize(
    ("strokes", "length", "bars"),
    [(8.0, "1", 3), (8.0, "1/2", 2), (16.0, "2", 4), (16.0, "1/4", 2), (4.0, "1/4", 1), (99.0, "4", 4)],
)
def test_flags_count_as_tremolo_bars(strokes: float, length: str, bars: int) -> None:
    assert tremolo(strokes, Fraction(length)) == bars
