from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.records import Audio, Bar, BeatGrid, DrumStem, Hit, Hits, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument, Meter, StemOrigin

KICK, SNARE, HAT = Instrument.KICK, Instrument.SNARE, Instrument.HIHAT_CLOSED
hits = st.builds(
    Hit,
    time_s=st.sampled_from([0.0, 0.1, 0.25, 1.0]),
    instrument=st.sampled_from(Instrument),
    velocity=st.integers(1, 127),
    confidence=st.floats(0, 1),
)


def grid(numbers: list[int], meters: int, meter: Meter = FOUR_FOUR) -> BeatGrid:
    return BeatGrid(
        times_s=np.arange(len(numbers), dtype=np.float64) / 2,
        numbers=np.array(numbers, dtype=np.int64),
        meters=(meter,) * meters,
        tempo_bpm=120.0,
        confidence=1.0,
        bpm_unreliable=False,
        engine="test",
    )


# Sound


@pytest.mark.parametrize("channels", [1, 2])
def test_mono_is_the_mean_of_the_channels_and_leaves_them_as_they_are(channels: int) -> None:
    samples = np.array([[1.0, 0.5, 0.0], [0.0, -0.5, 0.5]], dtype=np.float32)[:channels]
    before = samples.copy()
    audio = Audio(samples=samples, sample_rate_hz=3, path=Path("x.wav"), fingerprint="f")
    np.testing.assert_array_equal(audio.mono(), before.mean(axis=0))
    assert audio.mono().dtype == np.float32
    assert audio.duration_s == 1.0
    np.testing.assert_array_equal(samples, before)


def test_a_stem_is_as_long_as_its_samples() -> None:
    stem = DrumStem(samples=np.zeros(22_050, dtype=np.float32), sample_rate_hz=44_100, origin=StemOrigin.GIVEN, reason="test")
    assert stem.duration_s == 0.5


# Beats


@pytest.mark.parametrize(
    ("numbers", "starts"),
    [
        ([], []),
        ([1], [0]),
        ([3], [0]),
        ([1, 2, 3, 4, 1, 2], [0, 4]),
        ([3, 4, 1, 2, 3, 4, 1], [0, 2, 6]),
        ([1, 1, 1], [0, 1, 2]),
    ],
)
def test_a_bar_starts_at_each_one_and_at_the_first_beat(numbers: list[int], starts: list[int]) -> None:
    found = grid(numbers, len(starts)).bar_starts
    assert found.tolist() == starts
    assert found.dtype == np.int64


def test_asking_for_the_bars_does_not_change_the_numbers_of_a_pickup() -> None:
    pickup = grid([3, 4, 1, 2], 2)
    assert pickup.bar_starts.tolist() == [0, 2]
    assert pickup.numbers.tolist() == [3, 4, 1, 2]


@pytest.mark.parametrize(("meter", "quarter_bpm"), [(FOUR_FOUR, 120.0), (Meter(6, 8), 60.0), (Meter(2, 2), 240.0)])
def test_the_tempo_as_a_daw_counts_it_is_in_quarter_notes(meter: Meter, quarter_bpm: float) -> None:
    assert grid([1, 2], 1, meter).quarter_bpm == quarter_bpm


def test_an_empty_grid_counts_in_quarter_notes() -> None:
    assert grid([], 0).quarter_bpm == 120.0


@pytest.mark.parametrize("bars", [0, 1, 3])
def test_a_grid_needs_one_meter_for_each_bar(bars: int) -> None:
    with pytest.raises(ValueError, match=f"{bars} meters for 2 bars"):
        grid([1, 2, 1, 2], bars)


def test_a_grid_needs_a_number_for_each_beat() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        BeatGrid(
            times_s=np.zeros(2),
            numbers=np.ones(1, dtype=np.int64),
            meters=(FOUR_FOUR,),
            tempo_bpm=120.0,
            confidence=0.0,
            bpm_unreliable=True,
            engine="test",
        )


# Hits


@given(st.lists(hits))
def test_rows_become_columns_sorted_by_time_and_instrument_and_none_is_lost(rows: list[Hit]) -> None:
    columns = hits_from_rows(rows, engine="test", warnings=("careful",))
    order = list(Instrument)
    assert list(columns) == sorted(rows, key=lambda hit: (hit.time_s, order.index(hit.instrument)))
    assert len(columns) == len(rows)
    assert (columns.time_s.dtype, columns.velocity.dtype, columns.confidence.dtype) == (np.float64, np.int64, np.float64)
    assert (columns.engine, columns.warnings) == ("test", ("careful",))


def test_hits_of_one_drum_at_one_time_keep_their_order() -> None:
    rows = [Hit(1.0, KICK, 90, 0.5), Hit(1.0, KICK, 10, 0.25), Hit(0.5, SNARE, 1, 1.0)]
    assert [hit.velocity for hit in hits_from_rows(rows, engine="test")] == [1, 90, 10]


@pytest.mark.parametrize("column", ["time_s", "instruments", "velocity", "confidence"])
def test_columns_of_different_length_are_refused(column: str) -> None:
    columns = {
        "time_s": np.zeros(2),
        "instruments": (KICK, KICK),
        "velocity": np.ones(2, dtype=np.int64),
        "confidence": np.ones(2),
    }
    columns[column] = columns[column][:1]
    with pytest.raises(ValueError, match="differ in length"):
        Hits(**columns, engine="test")


@pytest.mark.parametrize(
    ("rows", "score"),
    [
        ([], 0.0),
        ([Hit(0.0, KICK, 1, 0.25)], 0.25),
        ([Hit(0.0, KICK, 1, 0.25), Hit(0.5, KICK, 1, 0.75)], 0.5),
        ([Hit(0.0, KICK, 1, 0.5), Hit(0.0, HAT, 1, 1.0)], 1.0),
        ([Hit(0.0, KICK, 1, 1.0), Hit(0.0, HAT, 1, 0.0), Hit(0.5, HAT, 1, 0.5), Hit(1.0, SNARE, 1, 0.0)], 0.5),
    ],
)
def test_the_score_is_the_mean_over_the_onsets_of_their_highest_confidence(rows: list[Hit], score: float) -> None:
    assert hits_from_rows(rows, engine="test").confidence_score == pytest.approx(score)


@given(st.lists(hits, min_size=1))
def test_the_score_is_what_a_loop_over_the_onsets_finds(rows: list[Hit]) -> None:
    highest: dict[float, float] = {}
    for hit in rows:
        highest[hit.time_s] = max(highest.get(hit.time_s, 0.0), hit.confidence)
    expected = sum(highest.values()) / len(highest)
    assert hits_from_rows(rows, engine="test").confidence_score == pytest.approx(expected)


# The score


def test_a_bar_goes_as_fast_as_its_length_in_seconds_says() -> None:
    bar = Bar(number=1, meter=Meter(7, 8), start_s=1.0, end_s=2.75, length=Fraction(7, 2))
    assert bar.tempo_bpm == pytest.approx(120.0)
