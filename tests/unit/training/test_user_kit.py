from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from backbeat.errors import ConfigError
from backbeat.training.sounds.bank import Bank
from backbeat.training.sounds.user_kit import MOST_FILES, read_user_kit
from backbeat.values import Instrument


def load_user_kit(folder: Path) -> Bank:
    return read_user_kit(folder).bank


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


def test_layers_go_by_what_their_names_say_before_how_loud_they_are(tmp_path: Path) -> None:
    for name, seconds, level in (("v1", 0.2, 0.9), ("v10", 0.4, 0.2), ("v2", 0.3, 0.5)):
        sf.write(tmp_path / f"Kick {name}.wav", _stroke(seconds, level), 44_100)
    for name, seconds, level in (("soft", 0.2, 0.9), ("hard", 0.3, 0.2)):
        sf.write(tmp_path / f"snare_{name}.wav", _stroke(seconds, level), 44_100)
    sources = load_user_kit(tmp_path).sources
    assert [len(shot.samples) for shot in sources[Instrument.KICK][0].shots] == [8820, 13230, 17640]
    assert [len(shot.samples) for shot in sources[Instrument.SNARE][0].shots] == [8820, 13230]


def test_two_cymbals_of_one_kind_stay_two(tmp_path: Path) -> None:
    for name in ("Crash L 1", "Crash L 2", "Crash R 1"):
        sf.write(tmp_path / f"{name}.wav", _stroke(0.3, 0.5), 44_100)
    assert [len(source.shots) for source in load_user_kit(tmp_path).sources[Instrument.CRASH]] == [2, 1]


def test_the_report_says_what_was_taken_for_what_and_what_was_not_understood(folder: Path) -> None:
    for name in ("Rack Tom.wav", "xyz.wav", "Cowbell.wav", "._Kick.wav", "notes.txt"):
        sf.write(folder / name, _stroke(0.2, 0.5), 44_100, format="WAV")
    sf.write(folder / "Ride loop.wav", np.tile(_stroke(0.5, 0.5), 70), 44_100)
    kit = read_user_kit(folder)
    assert kit.report.taken == {
        Instrument.KICK: ("kick/a hard one.wav", "kick/soft.flac"),
        Instrument.SNARE: ("snare/stereo.wav",),
    }
    assert [source.sound for source in kit.bank.percussion] == ["cowbell"]
    assert {each.name: each.why for each in kit.report.left_out} == {
        "Rack Tom.wav": "which tom is it: high, mid or low?",
        "xyz.wav": "its name says no drum",
        "Ride loop.wav": "longer than 30 s, so it is no single stroke",
    }
    assert Instrument.RIDE in kit.report.unheard
    text = "\n".join(kit.report.lines())
    assert all(words in text for words in ("kick: kick/a hard one.wav", "left out: xyz.wav", "percussion", "Cowbell.wav"))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".ogg"])
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    sf.write(tmp_path / f"Kick{suffix}", _stroke(0.4, 0.8), 44_100)
    (kick,) = load_user_kit(tmp_path).sources[Instrument.KICK]
    assert len(kick.shots[0].samples) == pytest.approx(17640, abs=200)


def test_a_long_ringing_stroke_is_cut(tmp_path: Path) -> None:
    sf.write(tmp_path / "ride.wav", np.tile(_stroke(1.0, 0.8), 9), 44_100)
    (ride,) = load_user_kit(tmp_path).sources[Instrument.RIDE]
    assert len(ride.shots[0].samples) == 4 * 44_100


def test_an_empty_folder_says_what_goes_into_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no one-shots") as raised:
        load_user_kit(tmp_path)
    assert "hihat_closed" in raised.value.advice


def test_a_folder_of_unknown_names_says_how_to_name_them(tmp_path: Path) -> None:
    sf.write(tmp_path / "one.wav", _stroke(0.4, 0.8), 44_100)
    with pytest.raises(ConfigError, match=r"whose names say what they are \(one\.wav\)") as raised:
        load_user_kit(tmp_path)
    assert "Kick 1.wav" in raised.value.advice


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no folder"):
        load_user_kit(tmp_path / "nothing")


def test_a_whole_library_is_refused_before_it_is_read(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 1):
        (tmp_path / f"kick {number}.wav").touch()
    with pytest.raises(ConfigError, match="library"):
        load_user_kit(tmp_path)


def test_all_files_that_cannot_be_used_are_named_at_once(folder: Path) -> None:
    (folder / "kick" / "notes.wav").write_text("not audio")
    (folder / "snare" / "empty.wav").touch()
    sf.write(folder / "kick" / "nothing.wav", np.zeros(1000), 44_100)
    with pytest.raises(ConfigError, match=r"(?s)notes\.wav cannot be read.*nothing\.wav is silent.*empty\.wav cannot be read"):
        load_user_kit(folder)


def test_a_file_of_no_numbers_is_named(folder: Path) -> None:
    sf.write(folder / "kick" / "nan.wav", np.full(1000, np.nan), 44_100, subtype="FLOAT")
    with pytest.raises(ConfigError, match=r"nan\.wav is silent or damaged"):
        load_user_kit(folder)
