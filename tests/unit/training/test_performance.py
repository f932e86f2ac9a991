from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backbeat.training.playing.performance import Group, play, play_percussion
from backbeat.training.playing.strokes import Stroke
from backbeat.training.sounds.bank import Bank, load_bank
from backbeat.training.sounds.kit import Kit, draw_kit
from backbeat.values import Instrument

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def bank(tiny_bank: Path) -> Bank:
    return load_bank(tiny_bank)


@pytest.fixture
def kit(bank: Bank) -> Kit:
    """A kit with tight hats."""
    return next(kit for seed in range(50) if not (kit := draw_kit(np.random.default_rng(seed), bank)).looseness)


@pytest.mark.parametrize("instrument", list(Instrument))
def test_the_label_lies_at_the_attack(kit: Kit, instrument: Instrument) -> None:
    performance = play(np.random.default_rng(0), kit, [Stroke(0.5, instrument, 100)], start_s=-1.0, samples=3 * RATE_HZ)
    (track,) = performance.tracks.values()
    first_40_ms = np.abs(track[: int(1.54 * RATE_HZ)])
    attack_s = np.argmax(first_40_ms >= 0.25 * first_40_ms.max()) / RATE_HZ - 1.0
    assert attack_s == pytest.approx(0.5, abs=0.001)


def test_an_open_hat_stops_at_the_next_stroke_on_the_hats(kit: Kit) -> None:
    opened = Stroke(0.1, Instrument.HIHAT_OPEN, 110)
    closed = Stroke(0.2, Instrument.HIHAT_PEDAL, 1)  # all but silent itself
    ringing = _track(kit, [opened])
    choked = _track(kit, [opened, closed])
    after = slice(int(0.25 * RATE_HZ), int(0.4 * RATE_HZ))
    assert _level_db(choked[after]) < _level_db(ringing[after]) - 20


def test_a_ride_rings_through_the_next_stroke(kit: Kit) -> None:
    alone = _track(kit, [Stroke(0.1, Instrument.RIDE, 110)])
    twice = _track(kit, [Stroke(0.1, Instrument.RIDE, 110), Stroke(0.2, Instrument.RIDE, 1)])
    after = slice(int(0.25 * RATE_HZ), int(0.4 * RATE_HZ))
    assert _level_db(twice[after]) == pytest.approx(_level_db(alone[after]), abs=2)


def test_a_loose_hat_rings_longer_under_a_closed_stroke(empty_bank: Any) -> None:
    empty_bank.add("north", "hihat_closed", samples=np.exp(-np.arange(20_000) / 400))
    empty_bank.add("north", "hihat_open", samples=np.exp(-np.arange(60_000) / 30_000))
    bank = load_bank(empty_bank.write())
    kits = [draw_kit(np.random.default_rng(seed), bank) for seed in range(60)]
    tails_db = {
        bool(kit.looseness): _level_db(_track(kit, [Stroke(0.1, Instrument.HIHAT_CLOSED, 110)])[9000:12000]) for kit in kits
    }
    assert tails_db[True] > tails_db[False] + 20


def test_what_the_kit_lacks_is_neither_heard_nor_labelled(empty_bank: Any) -> None:
    empty_bank.add("north", "kick")
    lone = draw_kit(np.random.default_rng(0), load_bank(empty_bank.write()))
    strokes = [Stroke(0.1, Instrument.KICK, 90), Stroke(0.3, Instrument.CRASH, 90)]
    performance = play(np.random.default_rng(0), lone, strokes, start_s=0, samples=RATE_HZ)
    assert [stroke[:2] for stroke in performance.played] == [strokes[0][:2]]
    assert set(performance.tracks) == {Group.KICK}


def test_velocities_are_labelled_by_how_loud_they_came_out(kit: Kit) -> None:
    strokes = [Stroke(0.1 * k, Instrument.SNARE, velocity) for k, velocity in enumerate((8, 30, 60, 90, 127), 1)]
    performance = play(np.random.default_rng(0), kit, strokes, start_s=0, samples=RATE_HZ)
    track = performance.tracks[Group.SNARE]
    peaks = [np.abs(track[int((s.time_s - 0.01) * RATE_HZ) : int((s.time_s + 0.04) * RATE_HZ)]).max() for s in strokes]
    labels = [stroke.velocity for stroke in performance.played]
    assert labels == sorted(labels)
    expected = 127 * (np.array(peaks) / peaks[-1]) ** (1 / 1.5)
    assert np.abs(np.array(labels) - expected).max() < 40


def test_strokes_at_the_edges_are_cut_off_there(kit: Kit) -> None:
    strokes = [Stroke(-0.01, Instrument.KICK, 90), Stroke(0.999, Instrument.KICK, 90)]
    performance = play(np.random.default_rng(0), kit, strokes, start_s=0, samples=RATE_HZ)
    track = performance.tracks[Group.KICK]
    assert len(track) == RATE_HZ
    assert np.abs(track[:10]).max() > 0
    assert np.abs(track[-10:]).max() > 0


def test_percussion_sounds_again_and_again(bank: Bank) -> None:
    track = play_percussion(np.random.default_rng(1), bank, samples=8 * RATE_HZ)
    sounding = [np.abs(track[second * RATE_HZ : (second + 1) * RATE_HZ]).max() > 0.01 for second in range(8)]
    assert sum(sounding) >= 6


def test_without_percussion_in_the_bank_there_is_silence(empty_bank: Any) -> None:
    empty_bank.add("north", "kick")
    track = play_percussion(np.random.default_rng(0), load_bank(empty_bank.write()), samples=1000)
    assert not track.any()


def _track(kit: Kit, strokes: list[Stroke]) -> np.ndarray:
    (track,) = play(np.random.default_rng(5), kit, strokes, start_s=0, samples=RATE_HZ).tracks.values()
    return track


def _level_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples**2)) + 1e-9))
