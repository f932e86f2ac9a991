from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.engines.protocols import Separator
from backbeat.errors import Cancelled, EngineFailed, EngineMissing, JobError, ModelError
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.audio_to_stem import audio_to_stem
from backbeat.records import Audio, FloatArray
from backbeat.values import Separation, StemOrigin

RATE_HZ = 44_100


class Halving:
    """A separator that gives a part of the mono mix."""

    name = "halving"
    sample_rate_hz = RATE_HZ

    def __init__(self, gain: float = 0.5) -> None:
        self.gain = gain

    def drums(self, samples: FloatArray, sample_rate_hz: int, monitor: Monitor) -> FloatArray:
        assert sample_rate_hz == RATE_HZ
        return self.gain * samples.mean(axis=0)


def never() -> Separator:
    raise AssertionError("nothing was to be separated")


def failing(error: Exception) -> Separator:
    raise error


def audio_of(samples: FloatArray) -> Audio:
    return Audio(
        samples=np.atleast_2d(samples).astype(np.float32), sample_rate_hz=RATE_HZ, path=Path("a.wav"), fingerprint="0" * 64
    )


@pytest.fixture
def mix() -> Audio:
    """Held tones: nobody's drum stem."""
    t = np.arange(6 * RATE_HZ) / RATE_HZ
    left = sum(np.sin(2 * np.pi * f * t) for f in (110, 220, 277, 330, 440, 554))
    return audio_of(0.1 * np.stack([left, left]))


@pytest.fixture
def drums() -> Audio:
    rng = np.random.default_rng(3)
    n = np.arange(6 * RATE_HZ)
    return audio_of(0.3 * rng.standard_normal(len(n)) * np.exp(-(n % (RATE_HZ // 4)) / 2000))


def test_separation_none_takes_the_recording_as_it_is(mix: Audio):
    stem = audio_to_stem(mix, Separation.NONE, never, engine_hears_mixes=False, monitor=Unwatched())
    assert stem.origin is StemOrigin.GIVEN
    assert stem.quality is None
    assert stem.separator is None
    assert stem.warnings == ()
    np.testing.assert_array_equal(stem.samples, mix.mono())
    assert "switched off" in stem.reason


def test_auto_takes_a_drum_stem_as_it_is_and_says_why(drums: Audio):
    stem = audio_to_stem(drums, Separation.AUTO, never, engine_hears_mixes=False, monitor=Unwatched())
    assert stem.origin is StemOrigin.GIVEN
    assert "dB" in stem.reason


def test_auto_takes_the_drums_out_of_a_mix_and_says_why(mix: Audio):
    stem = audio_to_stem(mix, Separation.AUTO, Halving, engine_hears_mixes=False, monitor=Unwatched())
    assert stem.origin is StemOrigin.SEPARATED
    assert stem.separator == "halving"
    assert stem.quality == pytest.approx(0.25)
    assert "dB" in stem.reason
    assert stem.samples.dtype == np.float32
    assert len(stem.samples) == mix.samples.shape[1]


def test_auto_gives_the_mix_to_an_engine_that_hears_mixes(mix: Audio):
    stem = audio_to_stem(mix, Separation.AUTO, never, engine_hears_mixes=True, monitor=Unwatched())
    assert stem.origin is StemOrigin.MIX
    assert stem.warnings == ()
    assert "dB" in stem.reason


def test_asked_for_separation_is_done_for_an_engine_that_hears_mixes_and_for_a_stem_too(drums: Audio):
    stem = audio_to_stem(drums, Separation.DEMUCS, Halving, engine_hears_mixes=True, monitor=Unwatched())
    assert stem.origin is StemOrigin.SEPARATED


@pytest.mark.parametrize("error", [EngineMissing, ModelError, EngineFailed])
def test_auto_goes_on_without_separation_and_warns_with_what_to_do(mix: Audio, error: type[JobError]):
    stem = audio_to_stem(
        mix,
        Separation.AUTO,
        lambda: failing(error("No weights.", advice="Run: backbeat models fetch htdemucs")),
        engine_hears_mixes=False,
        monitor=Unwatched(),
    )
    assert stem.origin is StemOrigin.MIX
    assert stem.quality is None
    np.testing.assert_array_equal(stem.samples, mix.mono())
    (warning,) = stem.warnings
    assert "No weights." in warning
    assert "backbeat models fetch htdemucs" in warning


@pytest.mark.parametrize("error", [EngineMissing, ModelError, EngineFailed])
def test_asked_for_separation_that_cannot_be_had_fails_the_job(mix: Audio, error: type[JobError]):
    with pytest.raises(error, match="gone"):
        audio_to_stem(mix, Separation.DEMUCS, lambda: failing(error("gone")), engine_hears_mixes=False, monitor=Unwatched())


def test_a_cancel_in_auto_is_not_taken_for_a_failure(mix: Audio):
    with pytest.raises(Cancelled):
        audio_to_stem(mix, Separation.AUTO, lambda: failing(Cancelled("stop")), engine_hears_mixes=False, monitor=Unwatched())


def test_a_stem_with_hardly_any_drums_is_warned_about(mix: Audio):
    stem = audio_to_stem(mix, Separation.DEMUCS, lambda: Halving(0.01), engine_hears_mixes=False, monitor=Unwatched())
    assert stem.quality == pytest.approx(0.0001)
    (warning,) = stem.warnings
    assert "hardly any drums" in warning


def test_silence_can_be_separated():
    silence = audio_of(np.zeros((2, RATE_HZ)))
    stem = audio_to_stem(silence, Separation.DEMUCS, Halving, engine_hears_mixes=False, monitor=Unwatched())
    assert stem.quality == 0
    assert not stem.samples.any()
