from __future__ import annotations

import numpy as np
import pytest

from backbeat.records import FloatArray
from backbeat.training.sounds.bank import Shot
from backbeat.training.sounds.timbre import BANDS, FORGED, Timbre, draw_timbre, draw_wires_off, forge, split
from backbeat.values import ANALYSIS_RATE_HZ, Instrument

PLAIN = Timbre(
    gains=np.ones(BANDS, np.float32),
    damping=np.zeros(BANDS, np.float32),
    attack_gains=np.ones(BANDS, np.float32),
    attack_s=0.01,
    lent=None,
)


def _hiss(seed: int, *, length: int = 40_000, attack: int = 66) -> Shot:
    samples = np.random.default_rng(seed).standard_normal(length).astype(np.float32)
    samples *= np.exp(-np.maximum(np.arange(length) - attack, 0) / 9000)
    samples[:attack] = 0
    return Shot(samples=(samples / np.abs(samples).max()).astype(np.float32), attack_samples=attack)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def test_the_bands_of_a_sound_sum_to_it() -> None:
    samples = _hiss(0).samples
    bands = split(samples)
    assert bands.shape == (BANDS, len(samples))
    np.testing.assert_allclose(bands.sum(axis=0), samples, atol=1e-4)


def test_a_timbre_that_changes_nothing_leaves_the_sound_as_it_is() -> None:
    shot = _hiss(1)
    same = PLAIN.applied(shot, None)
    assert same.attack_samples == shot.attack_samples
    np.testing.assert_allclose(same.samples[:-2205], shot.samples[:-2205], atol=1e-3)


def test_a_drawn_timbre_is_finite_has_peak_one_and_keeps_the_attack_in_place() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        shot = draw_timbre(rng, lent=seed % 2 == 0).applied(_hiss(2), _hiss(3, attack=300))
        assert np.isfinite(shot.samples).all()
        assert np.abs(shot.samples).max() == pytest.approx(1)
        assert _rms(shot.samples[:40]) < 0.25 * _rms(shot.samples[66:500])


def test_what_is_lent_comes_from_the_partner() -> None:
    own, partner = _hiss(4), _hiss(5, attack=200)
    whole = Timbre(**{**vars(PLAIN), "lent": np.ones(BANDS, np.float32)}).applied(own, partner)
    theirs = partner.samples[200:20_000]
    assert np.corrcoef(whole.samples[66 : 66 + len(theirs)], theirs)[0, 1] > 0.99


def test_without_wires_a_snare_loses_its_rattle_and_keeps_its_drum() -> None:
    loss_db = []
    for seed in range(10):
        off = draw_wires_off(np.random.default_rng(seed)).applied(_hiss(6), None)
        bands = [_rms(band[2000:20_000]) for band in split(off.samples)]
        loss_db.append(
            20 * np.log10(bands[10] / bands[1])
            - 20 * np.log10(_rms(split(_hiss(6).samples)[10]) / _rms(split(_hiss(6).samples)[1]))
        )
    assert max(loss_db) < -10


@pytest.mark.parametrize("instrument", sorted(FORGED))
def test_a_forged_cymbal_has_layers_an_attack_and_a_ring(instrument: Instrument) -> None:
    for seed in range(6):
        source = forge(np.random.default_rng(seed), instrument)
        assert source.sound == instrument
        for shot in source.shots:
            assert np.isfinite(shot.samples).all()
            assert np.abs(shot.samples).max() == pytest.approx(1)
            assert not shot.samples[: shot.attack_samples].any()
            ring = shot.samples[shot.attack_samples :]
            half_second = ANALYSIS_RATE_HZ // 2
            assert _rms(ring[half_second : half_second + 4410]) < _rms(ring[:4410])


def test_softer_strokes_on_a_forged_cymbal_are_darker() -> None:
    soft, *_, loud = forge(np.random.default_rng(1), Instrument.CRASH).shots
    balance = [_rms(split(shot.samples)[10]) / _rms(split(shot.samples)[2]) for shot in (soft, loud)]
    assert balance[0] < 0.7 * balance[1]


def test_a_forged_splash_dies_away_before_a_forged_crash() -> None:
    def left(instrument: Instrument) -> float:
        shots = [forge(np.random.default_rng(seed), instrument).shots[-1].samples for seed in range(8)]
        return float(np.median([_rms(s[40_000:44_000]) / _rms(s[66:4000]) for s in shots]))

    assert left(Instrument.SPLASH) < 0.2 * left(Instrument.CRASH)
