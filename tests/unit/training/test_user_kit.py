from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backbeat.errors import ConfigError
from backbeat.training.bank import load_bank
from backbeat.training.kit import draw_kit
from backbeat.training.user_kit import load_user_kit, with_kit
from backbeat.values import Instrument


def _stroke(seconds: float, level: float, rate_hz: int = 44_100) -> np.ndarray:
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    return level * np.exp(-at / 0.05) * np.cos(2 * np.pi * 200 * at)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("kick", "snare"):
        (tmp_path / "mine" / name).mkdir(parents=True)
    sf.write(tmp_path / "mine" / "kick" / "a hard one.wav", _stroke(0.4, 0.8), 44_100)
    sf.write(tmp_path / "mine" / "kick" / "soft.flac", _stroke(0.2, 0.1), 44_100)
    stereo = np.column_stack([_stroke(0.3, 0.5, 96_000)] * 2)
    sf.write(tmp_path / "mine" / "snare" / "stereo.wav", np.concatenate([np.zeros((48_000, 2)), stereo]), 96_000)
    return tmp_path / "mine"


def test_the_files_of_a_folder_are_the_layers_of_one_drum_from_soft_to_loud(folder: Path) -> None:
    (kick,) = load_user_kit(folder).sources[Instrument.KICK]
    assert [len(shot.samples) for shot in kick.shots] == [8820, 17640]


def test_stereo_at_another_rate_after_half_a_second_of_silence_is_one_stroke_at_once(folder: Path) -> None:
    (snare,) = load_user_kit(folder).sources[Instrument.SNARE]
    assert len(snare.shots[0].samples) == pytest.approx(0.3 * 44_100, abs=150)
    assert snare.shots[0].attack_samples < 88  # 2 ms
    assert np.abs(snare.shots[0].samples).max() == pytest.approx(1, abs=1e-3)


def test_the_kit_joins_the_bank_and_is_drawn(folder: Path, tiny_bank: Path) -> None:
    bank = with_kit(load_bank(tiny_bank), load_user_kit(folder))
    assert bank.kits == ("mine", "north", "south")
    rng = np.random.default_rng(0)
    assert "mine" in {draw_kit(rng, bank).voices[Instrument.KICK][0].source.kit for _ in range(40)}


def test_a_folder_without_instruments_says_how_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no one-shots") as raised:
        load_user_kit(tmp_path)
    assert "hihat_closed" in raised.value.advice


def test_a_file_that_is_not_audio_is_named(folder: Path) -> None:
    (folder / "kick" / "notes.wav").write_text("not audio")
    with pytest.raises(ConfigError, match=r"notes\.wav"):
        load_user_kit(folder)


def test_a_silent_file_is_named(folder: Path) -> None:
    sf.write(folder / "kick" / "nothing.wav", np.zeros(1000), 44_100)
    with pytest.raises(ConfigError, match=r"nothing\.wav is silent"):
        load_user_kit(folder)
