from __future__ import annotations

from typing import Any

import pytest

from backbeat.errors import OutputError
from backbeat.outputs.picture.data import Mark, picture_data
from backbeat.values import Instrument, Meter


def document(**changes: Any) -> dict[str, Any]:
    """A result with one bar of 7/8 and one of 4/4, and three hits that are not in order."""
    return {
        "source": "/bounces/my song.wav",
        "fingerprint": "f" * 64,
        "engine": "net",
        "meter": "7/8",
        "detected_bpm": 120.5,
        "bpm_unreliable": False,
        "duration_seconds": 4.0,
        "confidence_score": 0.75,
        "low_confidence": False,
        "beats": [{"time": 0.5, "beat": 3}, {"time": 1.0, "beat": 1}, {"time": 1.5, "beat": 2}, {"time": 3.0, "beat": 1}],
        "bars": [{"bar": 0, "time": -0.5, "meter": "7/8", "bpm": 120.0}, {"bar": 1, "time": 1.0, "meter": "4/4", "bpm": 120.0}],
        "hits": [hit(1.0, "snare"), hit(0.5, "kick"), hit(2.0, "kick")],
    } | changes


def hit(time: float, instrument: str, **more: Any) -> dict[str, Any]:
    return {"time": time, "instrument": instrument, "velocity": 0.5, "midi_velocity": 64, "confidence": 0.9} | more


def test_the_facts_are_those_of_the_result() -> None:
    data = picture_data(document())
    assert (data.title, data.engine, data.meter, data.tempo_bpm) == ("my song", "net", "7/8", 120.5)
    assert (data.tempo_unreliable, data.low_confidence, data.confidence, data.duration_s) == (False, False, 0.75, 4.0)
    assert data.beats_s == (0.5, 1.0, 1.5, 3.0)


def test_hits_come_in_order_of_time() -> None:
    data = picture_data(document())
    assert [(one.time_s, one.instrument) for one in data.hits] == [
        (0.5, Instrument.KICK),
        (1.0, Instrument.SNARE),
        (2.0, Instrument.KICK),
    ]
    assert (data.hits[0].velocity, data.hits[0].confidence) == (64, 0.9)


def test_bars_have_the_scores_numbers_and_meters() -> None:
    bars = picture_data(document()).bars
    assert [(bar.number, bar.time_s, bar.meter) for bar in bars] == [(0, -0.5, Meter(7, 8)), (1, 1.0, Meter(4, 4))]


def test_a_result_of_before_bars_were_listed_has_those_that_its_beats_open() -> None:
    old = document()
    del old["bars"]
    assert [(bar.number, bar.time_s, bar.meter) for bar in picture_data(old).bars] == [(1, 1.0, None), (2, 3.0, None)]


@pytest.mark.parametrize(
    ("more", "mark"),
    [
        ({}, Mark.STROKE),
        ({"role": "stroke", "ghost": False}, Mark.STROKE),
        ({"role": "stroke", "ghost": True}, Mark.GHOST),
        ({"role": "grace"}, Mark.GRACE),
        ({"role": "roll"}, Mark.STROKE),
    ],
)
def test_ghosts_and_graces_are_told_apart_where_the_result_says_so(more: dict[str, Any], mark: Mark) -> None:
    (only,) = picture_data(document(hits=[hit(1.0, "snare", **more)])).hits
    assert only.mark is mark


@pytest.mark.parametrize(
    ("ratio", "unit", "words"),
    [
        (1.0, None, ""),
        (1.96, "1/8", "swung eighths 2 : 1"),
        (1.5, "1/16", "swung sixteenths 1.5 : 1"),
    ],
)
def test_swing_is_told_in_words_and_only_where_there_is_some(ratio: float, unit: str | None, words: str) -> None:
    feel = {"swing_ratio": ratio, "swing_unit": unit, "grid_offset": 0.0, "push": {}, "spread": 0.0}
    assert picture_data(document(feel=feel)).swing == words


def test_a_result_of_before_the_feel_was_measured_tells_of_no_swing() -> None:
    assert picture_data(document()).swing == ""


def test_a_hit_behind_the_end_of_the_recording_is_within_the_picture() -> None:
    assert picture_data(document(hits=[hit(4.02, "crash")])).duration_s == 4.02


def test_a_title_that_is_no_proper_text_is_made_one() -> None:
    assert picture_data(document(source="/x/a\x07b\udcff.wav")).title == "a b?"


@pytest.mark.parametrize(
    "broken",
    [
        {"hits": [{"time": 1.0}]},
        {"hits": [hit(1.0, "cowbell")]},
        {"beats": None},
        {"detected_bpm": "fast"},
        {"bars": [{"bar": 1, "time": 0.0, "meter": "waltz"}]},
    ],
)
def test_a_result_that_lacks_something_is_told_in_words(broken: dict[str, Any]) -> None:
    with pytest.raises(OutputError, match="cannot be drawn"):
        picture_data(document(**broken))
