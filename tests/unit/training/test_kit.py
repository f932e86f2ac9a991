from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backbeat.training.sounds.bank import Bank, Shot, Source, load_bank
from backbeat.training.sounds.kit import FAMILIES, HATS, Voice, draw_kit, resound
from backbeat.values import Instrument


@pytest.fixture(scope="module")
def bank(tiny_bank: Path) -> Bank:
    return load_bank(tiny_bank)


def test_every_instrument_of_the_bank_has_a_voice_and_crashes_have_two(bank: Bank) -> None:
    kit = draw_kit(np.random.default_rng(0), bank)
    assert set(kit.voices) == set(Instrument)
    assert len(kit.voices[Instrument.CRASH]) == 2


def test_every_instrument_belongs_to_one_family() -> None:
    assert sorted(i for family in FAMILIES for i in family) == sorted(Instrument)


def test_a_hi_hat_is_one_pair_of_cymbals_however_it_is_struck(bank: Bank) -> None:
    for seed in range(20):
        kit = draw_kit(np.random.default_rng(seed), bank)
        assert len({kit.voices[hat][0].source.kit for hat in HATS}) == 1


def test_drums_of_several_kits_meet_in_one(bank: Bank) -> None:
    kits = [draw_kit(np.random.default_rng(seed), bank) for seed in range(20)]
    assert any(len({voices[0].source.kit for voices in kit.voices.values()}) == 2 for kit in kits)


def test_recorded_kits_are_drawn_far_more_often_than_machines(empty_bank: Any) -> None:
    empty_bank.add_kit("wood")
    empty_bank.add_kit("chip", kit_type="electronic")
    bank = load_bank(empty_bank.write())
    rng = np.random.default_rng(0)
    kicks = [draw_kit(rng, bank).voices[Instrument.KICK][0].source.kit for _ in range(100)]
    assert kicks.count("wood") > 70


def test_an_instrument_that_the_bank_lacks_has_no_voice(empty_bank: Any) -> None:
    empty_bank.add("north", "kick")
    kit = draw_kit(np.random.default_rng(0), load_bank(empty_bank.write()))
    assert set(kit.voices) == {Instrument.KICK}
    assert kit.voice(np.random.default_rng(0), Instrument.RIDE) is None


def test_hats_and_rides_are_quieter_than_kick_and_snare_as_in_recordings(bank: Bank) -> None:
    kits = [draw_kit(np.random.default_rng(seed), bank) for seed in range(60)]
    gains_db = {i: 20 * np.log10(np.median([kit.voices[i][0].gain for kit in kits])) for i in Instrument}
    assert gains_db[Instrument.HIHAT_CLOSED] < gains_db[Instrument.KICK] - 9
    assert gains_db[Instrument.RIDE] < gains_db[Instrument.SNARE] - 12


def test_a_harder_stroke_is_louder_and_uses_a_harder_layer() -> None:
    voice = _voice(shots=tuple(Shot(samples=np.full(10, n, np.float32), attack_samples=0) for n in range(8)))
    rng = np.random.default_rng(0)
    soft = [voice.stroke(rng, 20) for _ in range(30)]
    hard = [voice.stroke(rng, 120) for _ in range(30)]
    assert np.mean([gain for _, gain in hard]) > 5 * np.mean([gain for _, gain in soft])
    assert np.mean([shot.samples[0] for shot, _ in hard]) > np.mean([shot.samples[0] for shot, _ in soft]) + 3


def test_neighbouring_layers_and_detunings_take_turns() -> None:
    voice = _voice(shots=tuple(Shot(samples=np.full(100, n, np.float32), attack_samples=0) for n in range(8)))
    rng = np.random.default_rng(0)
    assert len({id(voice.stroke(rng, 80)[0]) for _ in range(40)}) > 3


def _voice(shots: tuple[Shot, ...]) -> Voice:
    source = Source(kit="k", electronic=False, sound="snare", name="n", shots=shots)
    return Voice(source=source, gain=1.0, curve=1.5, pitch=1.0, decay_s=None)


@pytest.mark.parametrize("pitch", [0.8, 1.25])
def test_at_another_pitch_the_attack_is_where_the_sound_says(pitch: float) -> None:
    samples = np.zeros(8000, np.float32)
    samples[1000:] = np.exp(-np.arange(7000) / 1500) * np.cos(2 * np.pi * 0.01 * np.arange(7000))
    shot = resound(Shot(samples=samples, attack_samples=1000), pitch=pitch, decay_s=None)
    rises = int(np.argmax(np.abs(shot.samples) > 0.25))
    assert abs(shot.attack_samples - rises) < 20  # half a millisecond
    assert len(shot.samples) == pytest.approx(8000 / pitch, abs=2)


def test_damping_shortens_the_ring_and_leaves_the_attack() -> None:
    shot = resound(Shot(samples=np.ones(44_100, np.float32), attack_samples=441), pitch=1.0, decay_s=0.1)
    assert shot.samples[:441] == pytest.approx(1.0)
    assert shot.samples[441 + 4410] == pytest.approx(np.exp(-1), abs=1e-3)
