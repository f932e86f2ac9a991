"""Chains in the plugin process: with built-in effects and a real VST3, sample for sample at their places; failures are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import Cancelled, PluginError
from backbeat.host.chain import BuiltInEffect, Chain, PluginEffect, load_chain
from backbeat.host.chain_table import EffectKind
from backbeat.host.isolated import Keeper
from backbeat.host.run_chain import run_chain
from backbeat.monitor import Unwatched
from backbeat.outputs.preset_files import chain_files
from backbeat.values import Stage

RATE_HZ = 44_100
Make = Callable[[str], Path]
LOUDER = BuiltInEffect(kind=EffectKind.GAIN, knobs={"gain_db": 6.0206})
KEEPER = Keeper(patience_s=60)


def chain(*effects: BuiltInEffect | PluginEffect) -> Chain:
    return Chain(name="test", title="", purpose="", effects=effects)


def noise(channels: int, seconds: float) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.4, 0.4, (channels, int(seconds * RATE_HZ))).astype(np.float32)


@pytest.mark.parametrize(("channels", "seconds"), [(1, 4.0), (2, 4.0), (1, 0.001)])
def test_the_latency_of_plugins_shifts_nothing(plugin: Make, channels: int, seconds: float) -> None:
    samples = noise(channels, seconds)
    late = PluginEffect(file=plugin("Late Gain"))
    out = run_chain(chain(late, LOUDER, late, LOUDER), samples, RATE_HZ, Unwatched(), keeper=KEEPER)
    assert np.allclose(out, samples, atol=1e-4)


@pytest.mark.parametrize(("name", "channels"), [("Mono Late Gain", 2), ("Stereo Late Gain", 1)])
def test_a_plugin_for_another_number_of_channels_serves_too(plugin: Make, name: str, channels: int) -> None:
    samples = noise(channels, 2)
    out = run_chain(chain(PluginEffect(file=plugin(name))), samples, RATE_HZ, Unwatched(), keeper=KEEPER)
    assert np.allclose(out, samples / 2, atol=1e-4)


def test_a_plugin_takes_its_parameters(plugin: Make) -> None:
    samples = noise(1, 2)
    quiet = PluginEffect(file=plugin("Gain"), parameters={"level": 0.5})
    assert np.allclose(run_chain(chain(quiet), samples, RATE_HZ, Unwatched(), keeper=KEEPER), samples / 4, atol=1e-4)


@pytest.mark.parametrize("name", sorted(chain_files()))
def test_every_shipped_chain_keeps_length_and_places(name: str) -> None:
    shipped = load_chain(name)
    assert shipped is not None
    samples = np.zeros((1, 3 * RATE_HZ), np.float32)
    samples[0, 50_000:50_400] = 0.5 * np.exp(-np.arange(400) / 60)
    out = run_chain(shipped, samples, RATE_HZ, Unwatched(), keeper=KEEPER)
    assert out.shape == samples.shape
    assert np.flatnonzero(np.abs(out[0]) > 0.01 * np.abs(out).max())[0] == 50_000


def test_an_instrument_in_a_chain_is_told(plugin: Make) -> None:
    with pytest.raises(PluginError, match="Kit is an instrument"):
        run_chain(chain(PluginEffect(file=plugin("Kit"))), noise(1, 1), RATE_HZ, Unwatched(), keeper=KEEPER)


def test_a_plugin_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    missing = PluginEffect(file=tmp_path / "Missing.vst3")
    with pytest.raises(PluginError, match=r"There is no plugin .*Missing.vst3"):
        run_chain(chain(missing), noise(1, 1), RATE_HZ, Unwatched(), keeper=KEEPER)


class Impatient:
    """A monitor whose job is cancelled at the first progress."""

    def __init__(self) -> None:
        self.told: list[float] = []

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.READ
        self.told.append(fraction)

    def check(self) -> None:
        if self.told:
            raise Cancelled("The job was cancelled.")


def test_a_chain_says_how_far_it_is_and_can_be_cancelled() -> None:
    monitor = Impatient()
    with pytest.raises(Cancelled):
        run_chain(chain(LOUDER), noise(2, 60), RATE_HZ, monitor, keeper=KEEPER)
    assert monitor.told
    assert max(monitor.told) < 1
