from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backbeat.errors import OutputError
from backbeat.outputs.stem_to_wav import stem_to_wav
from backbeat.records import DrumStem
from backbeat.values import StemOrigin


def make_stem(samples: np.ndarray) -> DrumStem:
    return DrumStem(samples=samples.astype(np.float32), sample_rate_hz=44_100, origin=StemOrigin.SEPARATED, reason="")


def test_the_samples_come_back_bit_for_bit_even_above_full_scale(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 1, 5000).astype(np.float32)
    stem_to_wav(make_stem(samples), tmp_path / "song.drums.wav")
    read, rate_hz = soundfile.read(tmp_path / "song.drums.wav", dtype="float32")
    assert rate_hz == 44_100
    np.testing.assert_array_equal(read, samples)
    assert [path.name for path in tmp_path.iterdir()] == ["song.drums.wav"]


def test_an_empty_stem_is_an_empty_file(tmp_path: Path) -> None:
    stem_to_wav(make_stem(np.zeros(0)), tmp_path / "song.drums.wav")
    assert soundfile.info(tmp_path / "song.drums.wav").frames == 0


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not there"):
        stem_to_wav(make_stem(np.zeros(10)), tmp_path / "gone" / "song.drums.wav")
