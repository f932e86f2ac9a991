"""The engine `net` around a network that is given: chunks, levels, odd input, progress and cancelling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backbeat.engines.net.engine import CHUNK_FRAMES, NetEngine
from backbeat.engines.net.features import RATE_HZ
from backbeat.engines.net.picker import pick_hits
from backbeat.engines.net.picking import Activations, PickSettings
from backbeat.engines.net.settings import NetSettings
from backbeat.engines.net.vocabulary import COLUMN, INSTRUMENTS
from backbeat.errors import Cancelled
from backbeat.monitor import Unwatched
from backbeat.records import DrumStem, FloatArray
from backbeat.sensitivity import Sensitivity
from backbeat.training.evaluation.recordings import NO_BEATS
from backbeat.values import Instrument, Stage, StemOrigin

CONTEXT_FRAMES = 5
SETTINGS = NetSettings(
    version="test",
    context_frames=CONTEXT_FRAMES,
    picking=PickSettings(
        clear=dict.fromkeys(INSTRUMENTS, 0.4),
        dense=dict.fromkeys(INSTRUMENTS, 0.4),
        joining=0.6,
        calibration=dict.fromkeys(INSTRUMENTS, (1.0, 0.0)),
    ),
    training={},
)


def rising_energy_is_a_snare(features: FloatArray) -> Activations:
    """A network by hand: hears a snare where the sound of a frame is far above that of the frames before it."""
    sums = np.pad(features.mean(axis=1), (CONTEXT_FRAMES, 0), mode="edge")
    before = np.lib.stride_tricks.sliding_window_view(sums[:-1], CONTEXT_FRAMES).max(axis=1)
    rise = np.clip(features.mean(axis=1) - before - 0.1, 0, 1).astype(np.float32)
    instruments = np.zeros((len(features), len(INSTRUMENTS)), np.float32)
    instruments[:, COLUMN[Instrument.SNARE]] = np.minimum(rise * 4, 1)
    return Activations(instruments=instruments, velocities=instruments)


ENGINE = NetEngine(rising_energy_is_a_snare, SETTINGS)


def bursts(seconds: float, every_s: float = 0.5, rate_hz: int = RATE_HZ) -> FloatArray:
    random = np.random.default_rng(1)
    samples = np.zeros(int(seconds * rate_hz))
    length = rate_hz // 5
    for start_s in np.arange(0.25, seconds - 0.3, every_s):
        start = int(start_s * rate_hz)
        samples[start : start + length] += random.normal(0, 0.2, length) * np.exp(-np.arange(length) / rate_hz / 0.03)
    return samples.astype(np.float32)


def stem(samples: FloatArray, rate_hz: int = RATE_HZ) -> DrumStem:
    return DrumStem(samples=samples, sample_rate_hz=rate_hz, origin=StemOrigin.GIVEN, reason="test")


class Watching(Unwatched):
    """Notes progress; cancels at a share of it."""

    def __init__(self, cancel_at: float = 2.0) -> None:
        self.fractions: list[float] = []
        self._cancel_at = cancel_at

    def progress(self, stage: Stage, fraction: float) -> None:
        assert stage is Stage.HITS
        self.fractions.append(fraction)

    def check(self) -> None:
        if self.fractions and self.fractions[-1] >= self._cancel_at:
            raise Cancelled("test")


def test_hits_lie_where_the_bursts_are() -> None:
    hits = ENGINE.hits(stem(bursts(5.0)), NO_BEATS, Unwatched())
    assert hits.time_s == pytest.approx(np.arange(0.25, 4.7, 0.5), abs=0.03)
    assert set(hits.instruments) == {Instrument.SNARE}


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 48_000])
def test_what_it_hands_along_gives_the_same_hits_again_to_the_last_bit(rate_hz: int) -> None:
    hits = ENGINE.hits(stem(bursts(5.0, rate_hz=rate_hz), rate_hz), NO_BEATS, Unwatched())
    assert list(pick_hits(hits.state, Sensitivity())) == list(hits)
    assert len(pick_hits(hits.state, Sensitivity(overall=0))) <= len(hits) <= len(pick_hits(hits.state, Sensitivity(overall=100)))


def test_chunks_leave_no_trace() -> None:
    samples = bursts(2.3 * CHUNK_FRAMES / 100, every_s=0.31)
    chunked = ENGINE.activations(samples, Unwatched())
    at_once = NetEngine(rising_energy_is_a_snare, replace(SETTINGS, context_frames=10**6)).activations(samples, Unwatched())
    np.testing.assert_array_equal(chunked.instruments, at_once.instruments)
    np.testing.assert_array_equal(chunked.velocities, at_once.velocities)


@pytest.mark.parametrize("gain", [0.03, 1.0, 500.0, 1e30])
def test_the_level_changes_no_hit(gain: float) -> None:
    samples = bursts(5.0)
    expected = ENGINE.hits(stem(samples), NO_BEATS, Unwatched())
    hits = ENGINE.hits(stem(samples * np.float32(gain)), NO_BEATS, Unwatched())
    assert hits.time_s == pytest.approx(expected.time_s, abs=1e-3)


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000, 192_000])
def test_the_sample_rate_changes_no_hit(rate_hz: int) -> None:
    hits = ENGINE.hits(stem(bursts(5.0, rate_hz=rate_hz), rate_hz), NO_BEATS, Unwatched())
    assert hits.time_s == pytest.approx(np.arange(0.25, 4.7, 0.5), abs=0.03)


@pytest.mark.parametrize("samples", [0, 1, 300, RATE_HZ])
def test_silence_of_any_length_gives_no_hits_and_says_so(samples: int) -> None:
    hits = ENGINE.hits(stem(np.zeros(samples, np.float32)), NO_BEATS, Unwatched())
    assert not len(hits)
    assert hits.warnings == ("The drum signal is silent.",)


def test_numbers_that_are_none_do_no_harm() -> None:
    samples = bursts(5.0)
    samples[1000:1010] = np.nan
    samples[90_000] = np.inf
    hits = ENGINE.hits(stem(samples), NO_BEATS, Unwatched())
    assert len(hits) >= 9
    assert np.isfinite(hits.time_s).all()
    assert np.isfinite(hits.confidence).all()


@pytest.mark.parametrize("samples", [1, 100, 5000])
def test_a_recording_shorter_than_a_frame_is_heard_without_complaint(samples: int) -> None:
    hits = ENGINE.hits(stem(np.full(samples, 0.5, np.float32)), NO_BEATS, Unwatched())
    assert (hits.time_s <= samples / RATE_HZ).all()


def test_progress_rises_to_the_end() -> None:
    watching = Watching()
    ENGINE.hits(stem(bursts(70.0)), NO_BEATS, watching)
    assert watching.fractions == sorted(watching.fractions)
    assert watching.fractions[0] == 0.0
    assert watching.fractions[-1] == 1.0
    assert len(watching.fractions) > 25


@pytest.mark.parametrize("share", [0.1, 0.6])
def test_it_can_be_cancelled_while_it_listens(share: float) -> None:
    watching = Watching(cancel_at=share)
    with pytest.raises(Cancelled):
        ENGINE.hits(stem(bursts(70.0)), NO_BEATS, watching)
    assert watching.fractions[-1] < share + 0.35


def test_it_declares_what_it_can_do() -> None:
    assert ENGINE.name == "net"
    assert ENGINE.instruments == frozenset(Instrument)
    assert "test" in ENGINE.version
