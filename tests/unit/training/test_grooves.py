from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from backbeat.errors import ConfigError
from backbeat.training.playing.grooves import VALIDATION_SPLITS, draw_window, load_grooves, midi_to_strokes
from backbeat.values import Instrument, Meter

I = Instrument  # noqa: E741 - tables of instruments read better short


def _every_beat(count: int = 16) -> list[tuple[float, int, int]]:
    return [(float(beat), 36, 100) for beat in range(count)]


def test_times_are_those_that_a_midi_player_gives(empty_bank: Any) -> None:
    path = empty_bank.add_groove([(0.5, 36, 90), (1.25, 38, 100), (3.75, 42, 60)], bpm=97)
    played = []
    now_s = 0.0
    for message in mido.MidiFile(path):
        now_s += message.time
        if message.type == "note_on":
            played.append(now_s)
    assert [stroke.time_s for stroke in midi_to_strokes(path)] == pytest.approx(played, abs=1e-6)


@pytest.mark.parametrize(
    ("note", "instrument"),
    [
        (55, I.CRASH),
        (52, I.CRASH),
        (22, I.HIHAT_CLOSED),
        (26, I.HIHAT_OPEN),
        (44, I.HIHAT_PEDAL),
        (37, I.SIDE_STICK),
        (53, I.RIDE_BELL),
    ],
)
def test_pads_of_the_td11_are_not_read_as_general_midi(empty_bank: Any, note: int, instrument: Instrument) -> None:
    path = empty_bank.add_groove([(0, note, 80)])
    assert [stroke.instrument for stroke in midi_to_strokes(path)] == [instrument]


def test_two_zones_of_one_drum_that_fire_together_are_one_stroke(empty_bank: Any) -> None:
    path = empty_bank.add_groove([(1, 38, 80), (1.005, 40, 90), (2, 38, 80)])
    assert len(midi_to_strokes(path)) == 2


def test_a_flam_stays_two_strokes(empty_bank: Any) -> None:
    path = empty_bank.add_groove([(1, 38, 40), (1.06, 38, 100)])  # 30 ms at 120 BPM
    assert len(midi_to_strokes(path)) == 2


def test_only_performances_of_the_wanted_splits_are_read(tiny_bank: Path) -> None:
    assert len(load_grooves(tiny_bank)) == 1
    assert len(load_grooves(tiny_bank, VALIDATION_SPLITS)) == 1


def test_tempo_and_meter_give_the_bar(empty_bank: Any) -> None:
    empty_bank.add_groove(_every_beat(), bpm=90, meter="3-4")
    (groove,) = load_grooves(empty_bank.write())
    assert groove.meter == Meter(3, 4)
    assert groove.bar_s == pytest.approx(2.0)
    assert groove.duration_s == pytest.approx(12.0)


def test_no_list_of_grooves_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"grooves\.csv"):
        load_grooves(tmp_path)


def test_a_list_without_the_wanted_split_is_a_sentence(empty_bank: Any) -> None:
    empty_bank.add_groove(_every_beat(), split="test")
    with pytest.raises(ConfigError, match="train"):
        load_grooves(empty_bank.write())


def test_a_short_fill_is_repeated_on_the_bar(empty_bank: Any) -> None:
    empty_bank.add_groove([(step / 4, 38, 90) for step in range(12)], bpm=120, kind="fill")
    (groove,) = load_grooves(empty_bank.write())
    window = draw_window(np.random.default_rng(0), groove, start_s=0, stop_s=8)
    gaps_s = np.diff([stroke.time_s for stroke in window])
    short, pause = np.min(gaps_s), np.max(gaps_s)  # 12 sixteenths, then the rest of the bar
    assert pause == pytest.approx(5 * short, rel=1e-6)


def test_a_window_stays_within_its_times_and_near_the_tempo(tiny_bank: Path) -> None:
    (groove,) = load_grooves(tiny_bank)
    for seed in range(20):
        window = draw_window(np.random.default_rng(seed), groove, start_s=-1, stop_s=7)
        times_s = [stroke.time_s for stroke in window]
        assert times_s == sorted(times_s)
        assert times_s[0] >= -1
        assert times_s[-1] < 7
        hats_s = [stroke.time_s for stroke in window if stroke.instrument is I.HIHAT_CLOSED]
        assert 0.25 / 1.15 - 1e-6 <= np.median(np.diff(hats_s)) <= 0.25 / 0.7 + 1e-6
