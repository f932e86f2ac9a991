"""Dynamics, rooms, separation artefacts and backing: the parts that the mixdown is put together from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.training.backing.music import Backing, load_backing_clips
from backbeat.training.backing.synthesiser import draw_backing
from backbeat.training.mixing.dynamics import compress, rms, saturate
from backbeat.training.mixing.rooms import CURVE_POINTS, Frequencies, band_curve, curve_hz, draw_rooms
from backbeat.training.mixing.separation_artefacts import separate_badly

RATE_HZ = 44_100


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(int(seconds * RATE_HZ)).astype(np.float32)


def _loud_then_soft() -> np.ndarray:
    samples = 0.1 * _noise(2)
    samples[:4410] *= 10
    return samples


def test_a_compressor_brings_loud_and_soft_together_and_recovers() -> None:
    samples = _loud_then_soft()
    out = compress(samples, threshold_db=-10, ratio=8, attack_s=0.002, release_s=0.3)
    before_db = 20 * np.log10(rms(samples[1000:4000]) / rms(samples[-9000:]))
    after_db = 20 * np.log10(rms(out[1000:4000]) / rms(out[-9000:]))
    assert after_db < before_db - 6
    assert rms(out[6000:8000]) < 0.8 * rms(out[-9000:])  # it pumps: right after the loud part everything is down


def test_a_ratio_of_one_changes_nothing() -> None:
    samples = _loud_then_soft()
    assert compress(samples, threshold_db=-20, ratio=1, attack_s=0.01, release_s=0.1) == pytest.approx(samples, abs=1e-6)


def test_compression_does_not_depend_on_the_level_of_the_file() -> None:
    samples = _loud_then_soft()
    loud = compress(samples, threshold_db=-10, ratio=4, attack_s=0.005, release_s=0.2)
    soft = compress(samples * np.float32(0.25), threshold_db=-10, ratio=4, attack_s=0.005, release_s=0.2)
    assert soft * 4 == pytest.approx(loud, rel=0.02, abs=1e-4)


def test_saturation_keeps_the_peak_and_lifts_the_rest() -> None:
    samples = _noise(0.5)
    out = saturate(samples, 12)
    assert np.abs(out).max() == pytest.approx(np.abs(samples).max(), rel=1e-3)
    assert rms(out) > 1.5 * rms(samples)


@pytest.mark.parametrize("length", [0, 10, 5000])
def test_silence_of_any_length_goes_through_the_desk(length: int) -> None:
    silence = np.zeros(length, np.float32)
    assert not compress(silence, threshold_db=-10, ratio=4, attack_s=0.01, release_s=0.1).any()
    assert not saturate(silence, 6).any()


def test_every_room_leaves_the_level_of_noise_as_it_is() -> None:
    frequencies = Frequencies.of(2 * RATE_HZ)
    rooms = draw_rooms(np.random.default_rng(0), frequencies, each=2)
    noise = np.fft.rfft(_noise(2))
    for response in (*rooms.overheads, *rooms.rooms, *rooms.washes, *rooms.wires):
        assert rms(np.fft.irfft(noise * response, frequencies.samples)) == pytest.approx(1.0, rel=0.35)


def test_cymbals_wash_longer_than_snare_wires_buzz() -> None:
    frequencies = Frequencies.of(4 * RATE_HZ)
    rooms = draw_rooms(np.random.default_rng(0), frequencies, each=3)

    def middle_s(response: np.ndarray) -> float:
        energy = np.cumsum(np.fft.irfft(response, frequencies.samples) ** 2)
        return float(np.searchsorted(energy, 0.5 * energy[-1]) / RATE_HZ)

    assert min(map(middle_s, rooms.washes)) > 1.5 * max(map(middle_s, rooms.wires))


def test_a_band_curve_passes_its_band() -> None:
    curve = band_curve(200, 2000)
    hz = curve_hz()
    assert curve.shape == (CURVE_POINTS,)
    assert curve[(hz > 200) & (hz < 2000)] == pytest.approx(0)
    assert curve[np.argmin(np.abs(hz - 100))] == pytest.approx(-12, abs=1)
    assert curve[np.argmin(np.abs(hz - 8000))] == pytest.approx(-24, abs=1)


def test_with_nothing_to_separate_from_the_drums_come_back() -> None:
    drums = _noise(1)
    back = separate_badly(np.random.default_rng(0), drums, np.zeros_like(drums))
    assert back.shape == drums.shape
    assert np.corrcoef(back, drums)[0, 1] > 0.9


def test_separation_leaves_residue_and_holes() -> None:
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    drums = _noise(2) * (at < 1)
    music = np.sin(2 * np.pi * 110 * at).astype(np.float32) * 3
    back = separate_badly(np.random.default_rng(2), drums.astype(np.float32), music)
    assert 0 < rms(back[RATE_HZ + 4000 :]) < 0.5 * rms(music)
    near_tone = np.abs(np.fft.rfft(back[:RATE_HZ]))[100:121].mean()
    elsewhere = np.abs(np.fft.rfft(back[:RATE_HZ]))[1000:2000].mean()
    assert near_tone != pytest.approx(elsewhere, rel=0.2)


@pytest.mark.parametrize("seed", range(6))
def test_a_synthesised_band_is_music_at_a_known_level(seed: int) -> None:
    band = draw_backing(np.random.default_rng(seed), 4.0)
    assert band.shape == (4 * RATE_HZ,)
    assert np.isfinite(band).all()
    assert rms(band) == pytest.approx(1.0, rel=1e-3)
    assert np.array_equal(band, draw_backing(np.random.default_rng(seed), 4.0))


def test_bands_reach_up_to_where_hats_live() -> None:
    """Strings, hisses and distortion: without them a net learns that all treble is drums."""
    bands = [draw_backing(np.random.default_rng(seed), 4.0) for seed in range(12)]
    shares = []
    for band in bands:
        power = np.abs(np.fft.rfft(band)) ** 2
        shares.append(power[5000 * 4 :].sum() / power.sum())
    assert sum(share > 0.01 for share in shares) >= 4


def test_short_clips_are_repeated_to_any_length(tiny_bank: Path) -> None:
    clips = load_backing_clips(tiny_bank)
    assert len(clips) == 1
    backing = Backing(clips=clips)
    for seed in range(10):
        assert backing.draw(np.random.default_rng(seed), 5 * RATE_HZ).shape == (5 * RATE_HZ,)


def test_a_bank_without_backing_has_no_clips(tmp_path: Path) -> None:
    assert load_backing_clips(tmp_path) == ()
