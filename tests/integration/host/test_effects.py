"""The built-in effects, run for real by pedalboard: each does what it says, and nothing comes late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from backbeat.errors import PluginError
from backbeat.host.chain_table import EFFECTS, EffectKind
from backbeat.host.effects import BLOCK_SAMPLES, Effect, built_in_effects, through
from backbeat.records import FloatArray

RATE_HZ = 44_100
KNOBS: Mapping[EffectKind, Mapping[str, float]] = {
    EffectKind.GATE: {"threshold_db": -40},
    EffectKind.COMPRESSOR: {"threshold_db": -20, "ratio": 4},
    EffectKind.HIGH_PASS: {"cutoff_hz": 1000, "stages": 2},
    EffectKind.LOW_PASS: {"cutoff_hz": 1000, "stages": 2},
    EffectKind.BELL: {"cutoff_hz": 1000, "gain_db": 12, "q": 4},
    EffectKind.LOW_SHELF: {"cutoff_hz": 300, "gain_db": 12},
    EffectKind.HIGH_SHELF: {"cutoff_hz": 3000, "gain_db": 12},
    EffectKind.TRANSIENT: {"attack_db": 6, "sustain_db": -6},
    EffectKind.GAIN: {"gain_db": -6},
    EffectKind.LIMITER: {"threshold_db": -10},
}


def effects(kind: EffectKind, **changed: float) -> list[Effect]:
    defaults = {name: knob.default for name, knob in EFFECTS[kind].items()}
    return built_in_effects(kind, defaults | KNOBS[kind] | changed, RATE_HZ)


def run(row: list[Effect], samples: FloatArray) -> FloatArray:
    return np.concatenate(list(through(row, blocks(samples), RATE_HZ)), axis=1)


def blocks(samples: FloatArray) -> Iterator[FloatArray]:
    for start in range(0, samples.shape[1], BLOCK_SAMPLES):
        yield samples[:, start : start + BLOCK_SAMPLES]


def tone_level(row: list[Effect], hz: float) -> float:
    """Gain in dB of a steady tone at a tenth of full scale."""
    tone = 0.1 * np.sin(2 * np.pi * hz * np.arange(2 * RATE_HZ) / RATE_HZ)
    out = run(row, tone.astype(np.float32)[None])[0, RATE_HZ:]
    return 20 * float(np.log10(np.abs(out).max() / 0.1))


def test_every_effect_of_the_table_is_tried_here() -> None:
    assert KNOBS.keys() == EFFECTS.keys()


@pytest.mark.parametrize("kind", EFFECTS)
@pytest.mark.parametrize("shape", [(1, 3), (1, BLOCK_SAMPLES + 1), (2, 2 * BLOCK_SAMPLES)])
def test_what_comes_out_is_as_long_as_what_went_in_and_finite(kind: EffectKind, shape: tuple[int, int]) -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, shape).astype(np.float32)
    out = run(effects(kind), samples)
    assert out.shape == shape
    assert out.dtype == np.float32
    assert np.isfinite(out).all()


@pytest.mark.parametrize("kind", EFFECTS)
def test_a_stroke_stays_on_its_sample(kind: EffectKind) -> None:
    at = BLOCK_SAMPLES + 123
    samples = np.zeros((1, 2 * BLOCK_SAMPLES), np.float32)
    samples[0, at : at + 400] = 0.5 * np.exp(-np.arange(400) / 60)
    out = run(effects(kind), samples)[0]
    first = np.flatnonzero(np.abs(out) > 0.001 * np.abs(out).max())[0]
    assert first == at


def test_a_gate_closes_between_strokes_and_lets_them_through() -> None:
    row = effects(EffectKind.GATE)
    assert tone_level(row, 440) == pytest.approx(0, abs=0.1)
    soft = np.full((1, RATE_HZ), 0.002, np.float32)
    assert np.abs(run(effects(EffectKind.GATE), soft)[0, RATE_HZ // 2 :]).max() < 0.0002


def test_a_compressor_makes_the_loud_softer() -> None:
    loud = 0.9 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)[None]
    out = run(effects(EffectKind.COMPRESSOR), loud)[0, RATE_HZ // 2 :]
    assert np.abs(out).max() < 0.45


@pytest.mark.parametrize(
    ("kind", "hz", "gain_db"),
    [
        (EffectKind.HIGH_PASS, 125, -36),
        (EffectKind.HIGH_PASS, 12_000, 0),
        (EffectKind.LOW_PASS, 125, 0),
        (EffectKind.LOW_PASS, 8_000, -39),
        (EffectKind.BELL, 1000, 12),
        (EffectKind.BELL, 100, 0),
        (EffectKind.LOW_SHELF, 40, 12),
        (EffectKind.LOW_SHELF, 8_000, 0),
        (EffectKind.HIGH_SHELF, 12_000, 12),
        (EffectKind.HIGH_SHELF, 100, 0),
        (EffectKind.GAIN, 440, -6),
    ],
)
def test_filters_and_gain_are_as_strong_as_they_say(kind: EffectKind, hz: float, gain_db: float) -> None:
    assert tone_level(effects(kind), hz) == pytest.approx(gain_db, abs=1.5)


def test_the_transient_shaper_lifts_attacks_and_lowers_what_rings_whatever_the_level() -> None:
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    stroke = np.sin(2 * np.pi * 300 * t) * np.exp(-t / 0.15)
    for level in (0.5, 0.005):
        samples = np.tile(level * stroke, 4).astype(np.float32)[None]
        out = run(effects(EffectKind.TRANSIENT), samples)
        changes_db = [
            20 * np.log10(np.abs(out[0, part]).max() / np.abs(samples[0, part]).max())
            for part in (slice(RATE_HZ, RATE_HZ + 200), slice(RATE_HZ + 6000, RATE_HZ + 12_000))
        ]
        assert 3 < changes_db[0] <= 6.01
        assert -6.01 <= changes_db[1] < -0.5


def test_the_transient_shaper_at_rest_changes_nothing() -> None:
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 1000)).astype(np.float32)
    assert np.allclose(run(effects(EffectKind.TRANSIENT, attack_db=0, sustain_db=0), samples), samples, atol=1e-6)


class Keeping:
    """An effect that gives nothing back."""

    def process(self, block: FloatArray) -> FloatArray:
        return block[:, :0]


def test_an_effect_that_keeps_the_sound_is_told() -> None:
    with pytest.raises(PluginError, match="gave 100 samples less"):
        run([Keeping()], np.ones((1, 100), np.float32))
