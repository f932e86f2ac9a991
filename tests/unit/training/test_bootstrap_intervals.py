"""Intervals of the F-measure from resampled recordings and stretches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.training.evaluation.bootstrap import Clusters, difference_interval, f_interval, whole, windowed_counts
from backbeat.training.evaluation.scoring import WINDOW_S, Counts, matches

GOOD = Counts(matched=95, expected=100, found=100)
BAD = Counts(matched=40, expected=100, found=100)


def test_recordings_that_are_all_alike_leave_no_doubt() -> None:
    interval = f_interval(whole([GOOD] * 7))
    assert interval.low == pytest.approx(0.95)
    assert interval.high == pytest.approx(0.95)


def test_the_more_recordings_differ_the_wider_the_interval() -> None:
    middling = Counts(matched=80, expected=100, found=100)
    mixed = f_interval(whole([GOOD, BAD] * 4))
    milder = f_interval(whole([GOOD, middling] * 4))
    assert mixed.low < 0.675 < mixed.high
    assert mixed.high - mixed.low > 2 * (milder.high - milder.low) > 0


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for seed in range(40):
        shares = np.clip(rng.normal(0.8, 0.08, 20), 0, 1)
        interval = f_interval(whole([Counts(matched=round(100 * s), expected=100, found=100) for s in shares]), seed)
        covered += interval.low <= 0.8 <= interval.high
    assert 34 <= covered <= 40


def test_within_strata_as_many_clusters_are_drawn_as_there_are() -> None:
    """Two songs, each alike throughout but different from one another: stretches leave no doubt, songs do."""
    counts = [GOOD] * 10 + [BAD] * 10
    within = f_interval(Clusters(counts=counts, strata=[0] * 10 + [1] * 10))
    assert within.low == within.high == pytest.approx(0.675)
    assert f_interval(Clusters(counts=counts, strata=[0] * 20)).low < 0.65


def test_a_difference_is_taken_on_the_same_draws() -> None:
    """Songs differ widely, but one system is always 5 points better: the difference is certain."""
    shares = np.linspace(30, 90, 7)
    theirs = whole([Counts(matched=round(s), expected=100, found=100) for s in shares])
    ours = whole([Counts(matched=round(s) + 5, expected=100, found=100) for s in shares])
    assert f_interval(ours).low < f_interval(theirs).high
    interval = difference_interval(ours, theirs)
    assert interval.low == pytest.approx(0.05)
    assert interval.high == pytest.approx(0.05)


def test_systems_on_other_recordings_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same clusters"):
        difference_interval(whole([GOOD]), whole([GOOD, GOOD]))


def test_the_same_seed_gives_the_same_interval() -> None:
    clusters = whole([GOOD, BAD, GOOD])
    assert f_interval(clusters, seed=3) == f_interval(clusters, seed=3)


def test_nothing_to_find_and_nothing_found_has_no_interval() -> None:
    assert str(f_interval(whole([Counts()] * 3))) == "-"
    assert str(f_interval(whole([]))) == "-"


TIMES = st.lists(st.floats(0, 60, allow_nan=False), max_size=60, unique=True).map(lambda times: np.array(sorted(times)))


@given(expected_s=TIMES, found_s=TIMES)
def test_stretches_add_up_to_the_recording(expected_s: np.ndarray, found_s: np.ndarray) -> None:
    total = Counts.sum(windowed_counts(expected_s, found_s, duration_s=60.0, window_s=5.0))
    assert total == Counts(matched=len(matches(expected_s, found_s, WINDOW_S)), expected=len(expected_s), found=len(found_s))


def test_a_stroke_found_just_across_a_border_counts_where_it_was_expected() -> None:
    stretches = windowed_counts(np.array([4.99]), np.array([5.01]), duration_s=10.0, window_s=5.0)
    assert stretches == [Counts(matched=1, expected=1, found=1), Counts()]


def test_a_recording_shorter_than_a_stretch_is_one() -> None:
    assert len(windowed_counts(np.zeros(0), np.zeros(0), duration_s=0.0, window_s=5.0)) == 1
