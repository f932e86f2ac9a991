"""The step that sends a recording through effects: it keeps all else, and does not take everything for sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import PluginError
from backbeat.monitor import Monitor, Unwatched
from backbeat.pipeline.apply_chain import apply_chain
from backbeat.records import Audio, FloatArray

AUDIO = Audio(
    samples=np.ones((2, 100), np.float32),
    sample_rate_hz=44_100,
    path=Path("a.wav"),
    fingerprint="f",
    host_bpm=90,
    warnings=("w",),
)


def test_the_sound_is_what_the_effects_gave_and_all_else_stays() -> None:
    def halved(samples: FloatArray, sample_rate_hz: int, _monitor: Monitor) -> FloatArray:
        assert sample_rate_hz == 44_100
        return samples / 2

    audio = apply_chain(AUDIO, "half", halved, Unwatched())
    assert (audio.samples == 0.5).all()
    assert (audio.path, audio.fingerprint, audio.host_bpm, audio.warnings) == (Path("a.wav"), "f", 90, ("w",))


def test_what_is_no_sound_is_refused() -> None:
    with pytest.raises(PluginError, match="chain broken gave samples that are not numbers"):
        apply_chain(AUDIO, "broken", lambda samples, _rate, _monitor: samples * np.float32(np.nan), Unwatched())


def test_a_gate_that_leaves_nothing_is_told() -> None:
    audio = apply_chain(AUDIO, "gate", lambda samples, _rate, _monitor: samples * 0, Unwatched())
    assert audio.warnings == ("w", "The chain gate left nothing of the recording: look at the thresholds of its effects.")
