"""Separation for real: demucs's own code and network, with random weights."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from demucs.apply import apply_model

from backbeat.engines.demucs.engine import SECTION_S, DemucsSeparator
from backbeat.engines.protocols import EngineOptions, Separator
from backbeat.engines.registry import open_separator
from backbeat.errors import Cancelled, EngineFailed, EngineMissing, ModelError
from backbeat.models.resolver import ModelStore
from backbeat.monitor import Unwatched
from backbeat.records import FloatArray
from backbeat.values import Device, Stage

RATE_HZ = 44_100


class Recorder(Unwatched):
    """Keeps what was reported; cancels once `cancel` is set."""

    def __init__(self) -> None:
        self.fractions: list[float] = []
        self.stages: set[Stage] = set()
        self.cancel = threading.Event()

    def progress(self, stage: Stage, fraction: float) -> None:
        self.stages.add(stage)
        self.fractions.append(fraction)

    def check(self) -> None:
        if self.cancel.is_set():
            raise Cancelled("stop")


class Repeating(torch.nn.Module):
    """Stands in for the network: every source is the mix times a factor. demucs's own chunking works on it."""

    def __init__(self, samplerate: int = 1000, sources: tuple[str, ...] = ("bass", "drums"), channels: int = 2) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(1.0))
        self.samplerate = samplerate
        self.sources = list(sources)
        self.audio_channels = channels
        self.segment = 5.0
        self.lengths: list[int] = []

    def forward(self, mix: torch.Tensor) -> torch.Tensor:
        self.lengths.append(mix.shape[-1])
        factors = [self.factor if name == "drums" else 0 * self.factor for name in self.sources]
        return torch.stack([mix * factor for factor in factors], dim=1)


def noise(seconds: float, channels: int = 2, rate_hz: int = RATE_HZ) -> FloatArray:
    rng = np.random.default_rng(0)
    return 0.1 * rng.standard_normal((channels, round(seconds * rate_hz))).astype(np.float32)


@pytest.fixture
def separator(tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any) -> Separator:
    """The tiny model, opened the way a job opens htdemucs."""
    store = store_with(catalogue_of(next(tiny_folder.glob("*.th"))))
    return open_separator("demucs", EngineOptions(separator_model=str(tiny_folder), device=Device.CPU), store)


def reference(model: Any, samples: FloatArray) -> FloatArray:
    """The seed's steps written down plainly."""
    wav = torch.from_numpy(samples)
    ref = wav.mean(0)
    random.seed(0)
    stems = apply_model(model, ((wav - ref.mean()) / ref.std())[None], device="cpu", shifts=1, split=True, overlap=0.25)[0]
    stems = stems * ref.std() + ref.mean()
    return stems[model.sources.index("drums")].mean(0).numpy()


def test_the_drums_are_what_the_seeds_steps_give(separator: Separator, tiny_demucs: Any):
    samples = noise(2.3)
    drums = separator.drums(samples, RATE_HZ, Unwatched())
    assert drums.dtype == np.float32
    assert drums.shape == (samples.shape[1],)
    np.testing.assert_allclose(drums, reference(tiny_demucs.model, samples), atol=1e-5)
    assert np.abs(drums).max() > 1e-3


def test_the_engine_says_its_name_and_rate(separator: Separator):
    assert separator.name == "tiny"
    assert separator.sample_rate_hz == RATE_HZ


def test_the_same_recording_gives_the_same_stem_and_nobody_elses_dice_are_touched(separator: Separator):
    samples = noise(1.0)
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first = separator.drums(samples, RATE_HZ, Unwatched())
    assert random.random() == expected
    np.testing.assert_array_equal(separator.drums(samples, RATE_HZ, Unwatched()), first)


def test_progress_rises_from_0_to_1(separator: Separator):
    monitor = Recorder()
    separator.drums(noise(4.0), RATE_HZ, monitor)
    assert monitor.stages == {Stage.SEPARATE}
    assert monitor.fractions[0] == 0
    assert monitor.fractions[-1] == 1
    assert monitor.fractions == sorted(monitor.fractions)
    assert len(set(monitor.fractions)) > 8


def test_a_cancel_in_the_middle_ends_it_within_two_seconds(separator: Separator):
    class Cancelling(Recorder):
        asked_s = 0.0

        def progress(self, stage: Stage, fraction: float) -> None:
            super().progress(stage, fraction)
            if fraction > 0.05 and not self.asked_s:
                self.asked_s = time.monotonic()
                self.cancel.set()

    monitor = Cancelling()
    with pytest.raises(Cancelled):
        separator.drums(noise(60.0), RATE_HZ, monitor)
    assert time.monotonic() - monitor.asked_s < 2.0
    assert separator.drums(noise(0.5), RATE_HZ, Unwatched()).any(), "it works again afterwards"


def test_a_cancel_is_noticed_inside_one_chunk():
    class SlowLayers(Repeating):
        """One chunk that takes as long as htdemucs on a laptop: layer after layer."""

        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Identity() for _ in range(200))
            self.reached = 0

        def forward(self, mix: torch.Tensor) -> torch.Tensor:
            monitor.cancel.set()
            for layer in self.layers:
                time.sleep(0.01)  # the layer's work
                layer(mix)
                self.reached += 1
            return super().forward(mix)

    monitor = Recorder()
    model = SlowLayers()
    with pytest.raises(Cancelled):
        DemucsSeparator(model=model, name="slow", devices=("cpu",)).drums(noise(4.0, rate_hz=1000), 1000, monitor)
    assert 0 < model.reached < 100


@pytest.mark.parametrize("seconds", [0.0, 1 / RATE_HZ, 0.05, 0.5, 1.7])
def test_any_length_comes_back_as_long_as_it_was(separator: Separator, seconds: float):
    samples = noise(seconds)
    drums = separator.drums(samples, RATE_HZ, Unwatched())
    assert len(drums) == samples.shape[1]
    assert np.isfinite(drums).all()


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_any_sample_rate_comes_back_at_that_rate_and_in_place(rate_hz: int):
    t = np.arange(3 * rate_hz + 7) / rate_hz
    tone = np.stack([np.sin(2 * np.pi * 440 * t) * np.exp(-t)] * 2).astype(np.float32)
    drums = DemucsSeparator(model=Repeating(RATE_HZ), name="same", devices=("cpu",)).drums(tone, rate_hz, Unwatched())
    assert len(drums) == tone.shape[1]
    inner = slice(rate_hz // 10, -rate_hz // 10)
    np.testing.assert_allclose(drums[inner], tone[0][inner], atol=2e-3)


def test_mono_is_doubled_for_the_model(separator: Separator):
    mono = noise(1.0, channels=1)
    doubled = separator.drums(np.repeat(mono, 2, axis=0), RATE_HZ, Unwatched())
    np.testing.assert_allclose(separator.drums(mono, RATE_HZ, Unwatched()), doubled, atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.25])
def test_silence_and_a_constant_give_silence(separator: Separator, level: float):
    monitor = Recorder()
    drums = separator.drums(np.full((2, RATE_HZ), level, dtype=np.float32), RATE_HZ, monitor)
    assert not drums.any()
    assert monitor.fractions[-1] == 1


@pytest.mark.parametrize("minutes", [4.9, 5.01, 11.3])
def test_long_recordings_are_done_in_sections_without_seams(minutes: float):
    samples = noise(minutes * 60, rate_hz=1000) + 0.3
    monitor = Recorder()
    drums = DemucsSeparator(model=Repeating(), name="same", devices=("cpu",)).drums(samples, 1000, monitor)
    np.testing.assert_allclose(drums, samples.mean(axis=0), atol=1e-5)
    assert monitor.fractions == sorted(monitor.fractions)


def test_no_section_is_longer_than_promised_so_that_memory_is_bounded():
    model = Repeating()
    model.segment = 400.0  # so long that the network sees whole sections
    DemucsSeparator(model=model, name="same", devices=("cpu",)).drums(noise(31 * 60, rate_hz=1000), 1000, Unwatched())
    shift_s = 0.5
    assert 200_000 < max(model.lengths) <= (SECTION_S + shift_s) * 1000


def test_a_device_that_fails_is_given_up_for_the_cpu(caplog: pytest.LogCaptureFixture):
    separator = DemucsSeparator(model=Repeating(), name="same", devices=("cuda:93", "cpu"))
    samples = noise(2.0, rate_hz=1000)
    for _ in range(2):
        drums = separator.drums(samples, 1000, Unwatched())
        np.testing.assert_allclose(drums, samples.mean(axis=0), atol=1e-5)
    assert caplog.text.count("going on with cpu") == 1


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="this computer has the device")
def test_a_device_that_is_asked_for_and_not_there_is_said(
    tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any
):
    store = store_with(catalogue_of(next(tiny_folder.glob("*.th"))))
    with pytest.raises(EngineMissing, match="no mps device") as caught:
        open_separator("demucs", EngineOptions(separator_model=str(tiny_folder), device=Device.MPS), store)
    assert "auto or cpu" in caught.value.advice


@pytest.mark.parametrize("error", [RuntimeError("not enough memory"), SystemExit(1)])
def test_a_failure_of_demucs_is_our_error_and_not_the_end_of_the_process(error: BaseException):
    class Failing(Repeating):
        def forward(self, mix: torch.Tensor) -> torch.Tensor:
            raise error

    with pytest.raises(EngineFailed) as caught:
        DemucsSeparator(model=Failing(), name="bad", devices=("cpu",)).drums(noise(1, rate_hz=1000), 1000, Unwatched())
    assert caught.value.advice


def test_nonsense_from_the_network_is_an_error():
    model = Repeating()
    model.factor.data.fill_(float("nan"))
    with pytest.raises(EngineFailed, match="not numbers"):
        DemucsSeparator(model=model, name="bad", devices=("cpu",)).drums(noise(1, rate_hz=1000), 1000, Unwatched())


def test_a_model_without_drums_is_refused():
    with pytest.raises(ModelError, match="knows no drums"):
        DemucsSeparator(model=SimpleNamespace(sources=["vocals"], samplerate=1), name="karaoke", devices=("cpu",))


def test_the_model_is_loaded_once_per_process(
    tiny_folder: Path, store_with: Callable[..., ModelStore], catalogue_of: Any, separator: Separator
):
    store = store_with(catalogue_of(next(tiny_folder.glob("*.th"))))
    options = EngineOptions(separator_model=str(tiny_folder), device=Device.CPU)
    assert open_separator("demucs", options, store) is separator
