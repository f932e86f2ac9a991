"""The real recordings were not used to fit the decision: here they check it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backbeat.monitor import Unwatched
from backbeat.pipeline.stem_or_mix import stem_or_mix
from backbeat.records import Audio

NAMES = ["80sRock", "Britpop", "Reggae", "Rock", "Rockabilly", "Shadows", "Zeppelin"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("folder", "is_mix"), [("drum", False), ("mix", True)])
def test_stems_and_mixes_of_real_recordings_are_told_apart(shared: Path, folder: str, name: str, is_mix: bool):
    path = shared / "eval" / "dev" / folder / f"{name}.flac"
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    audio = Audio(samples=np.ascontiguousarray(samples.T), sample_rate_hz=rate_hz, path=path, fingerprint="0" * 64)
    decision = stem_or_mix(audio, Unwatched())
    assert decision.is_mix is is_mix, decision.reason
