from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.score_rhythms import FUNK, JAZZ, ROCK, SHUFFLE, SHUFFLE_FILL, SWUNG_FUNK, Phrase, play_phrase

from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.pipeline.score.onsets import Onsets
from backbeat.pipeline.score.swing import RATIO_MAX, RATIO_MIN, STRAIGHT, swing_of

EIGHTHS, SIXTEENTHS = Fraction(1, 2), Fraction(1, 4)


def onsets(beats: Sequence[float], unit: int = 4) -> Onsets:
    count = len(beats)
    return Onsets(
        beats=np.sort(np.array(beats, np.float64)),
        quarter_s=np.full(count, 0.5),
        unit=np.full(count, unit),
        of_hit=np.arange(count),
        repeats=np.ones(count, bool),
    )


def pairs(share: float, count: int = 16, each: int = 1) -> list[float]:
    """Both notes of every pair; `each` pairs to a beat."""
    return [(pair + place) / each for pair in range(count * each) for place in (0.0, share)]


@given(st.floats(RATIO_MIN + 0.02, RATIO_MAX - 0.02))
def test_the_ratio_of_eighths_is_measured(ratio: float) -> None:
    swing = swing_of(onsets(pairs(ratio / (1 + ratio))))
    assert swing.unit == EIGHTHS
    assert swing.ratio == pytest.approx(ratio, abs=0.02)


@given(st.floats(RATIO_MIN + 0.02, RATIO_MAX - 0.02))
def test_the_ratio_of_sixteenths_is_measured(ratio: float) -> None:
    swing = swing_of(onsets(pairs(ratio / (1 + ratio), each=2)))
    assert swing.unit == SIXTEENTHS
    assert swing.ratio == pytest.approx(ratio, abs=0.02)


def test_sixteenths_swing_in_7_8_where_beats_are_eighths() -> None:
    swing = swing_of(onsets(pairs(0.6), unit=8))
    assert (swing.unit, swing.ratio) == (SIXTEENTHS, pytest.approx(1.5, abs=0.01))


@pytest.mark.parametrize(
    "beats",
    [
        [],
        [0.0],
        pairs(0.5),
        pairs(0.5, each=2),
        pairs(0.54),
        [n / 3 for n in range(48)],
        [n / 4 for n in range(64)],
        pairs(2 / 3, count=3),
    ],
    ids=["none", "one", "eighths", "sixteenths", "slightly late", "triplets", "all sixteenths", "three pairs"],
)
def test_these_are_straight(beats: list[float]) -> None:
    assert swing_of(onsets(beats)) == STRAIGHT


def test_a_dotted_rhythm_in_a_straight_piece_does_not_swing() -> None:
    dotted = [beat + place for beat in range(8) for place in (0.0, 0.75)]
    assert swing_of(onsets([*dotted, *(beat + place for beat in range(8, 16) for place in (0.0, 0.5))])) == STRAIGHT


def test_a_piece_that_is_half_straight_and_half_swung_is_of_no_one_mind() -> None:
    half = [beat + place for beat in range(16) for place in (0.0, 2 / 3 if beat % 2 else 0.5)]
    assert swing_of(onsets(half)) == STRAIGHT


def test_a_swing_that_could_be_chance_is_none() -> None:
    random = np.random.default_rng(3)
    loose = [beat + place for beat in range(6) for place in (0.0, 0.56 + random.normal(0, 0.08))]
    assert swing_of(onsets(loose)) == STRAIGHT


@pytest.mark.parametrize("bpm", [80, 120, 160, 200])
@pytest.mark.parametrize("ratio", [1.5, 2.0, 2.5, 3.0])
def test_a_swing_played_10_ms_loose_is_measured_within_a_quarter(bpm: int, ratio: float) -> None:
    known = play_phrase(Phrase(name="", kind="", bars=(SHUFFLE, JAZZ), bpm=bpm, swing=ratio), loose_ms=10)
    feel = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s).feel
    assert feel.swing_unit == EIGHTHS
    assert feel.swing_ratio == pytest.approx(ratio, abs=0.25)


@pytest.mark.parametrize("bars", [(ROCK,), (FUNK,), (ROCK, FUNK)])
@pytest.mark.parametrize("seed", range(5))
def test_straight_playing_10_ms_loose_is_not_called_swing(bars: tuple[dict[str, str], ...], seed: int) -> None:
    known = play_phrase(Phrase(name="", kind="", bars=bars, bpm=120), loose_ms=10, seed=seed)
    feel = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s).feel
    assert (feel.swing_ratio, feel.swing_unit, feel.is_swung) == (1.0, 0, False)


def test_swung_sixteenths_are_written_straight_and_sound_swung() -> None:
    phrase = Phrase(name="", kind="", bars=(SWUNG_FUNK,), bpm=90, swing=2.0, swing_unit=SIXTEENTHS, count=8)
    known = play_phrase(phrase)
    score = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s)
    assert score.feel.swing_unit == SIXTEENTHS
    assert {note.position % 1 for note in score.notes} == {0, Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)}
    assert {note.sounding % 1 for note in score.notes} == {0, Fraction(1, 3), Fraction(1, 2), Fraction(5, 6)}


def test_three_strokes_in_a_beat_of_a_shuffle_stay_a_triplet_that_sounds_as_written() -> None:
    known = play_phrase(Phrase(name="", kind="", bars=(SHUFFLE, SHUFFLE, SHUFFLE, SHUFFLE_FILL), bpm=110, swing=2.0, count=8))
    score = hits_to_score(known.hits, known.grid, title="t", duration_s=known.duration_s)
    assert score.feel.is_swung
    fill = [note for note in score.notes if note.bar == 3]
    assert {note.position % 1 for note in fill} == {0, Fraction(1, 3), Fraction(2, 3)}
    assert all(note.sounding == note.position for note in fill)
    assert {note.position % 1 for note in score.notes if note.bar == 0} == {0, Fraction(1, 2)}
