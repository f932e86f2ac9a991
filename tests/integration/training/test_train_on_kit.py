"""`backbeat train --kit`: a folder of one-shots becomes weights that the engine loads. Needs the extra `train`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from backbeat.cli.main import main  # noqa: E402
from backbeat.engines.net.engine import open_files  # noqa: E402
from backbeat.engines.net.weights import check_weights  # noqa: E402
from backbeat.engines.protocols import EngineOptions  # noqa: E402
from backbeat.engines.registry import open_hit_engine  # noqa: E402
from backbeat.errors import ConfigError  # noqa: E402
from backbeat.models.resolver import ModelSettings, ModelStore  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.records import DrumStem  # noqa: E402
from backbeat.training.evaluation.recordings import NO_BEATS  # noqa: E402
from backbeat.training.fine_tuning.kit_training import KitTraining, train_on_kit  # noqa: E402
from backbeat.values import Instrument, StemOrigin  # noqa: E402

pytestmark = pytest.mark.timeout(600)  # 20 s on an idle computer

RATE_HZ = 44_100
PITCHES_HZ = {"Kick": 60.0, "snare": 190.0, "HH closed": 0.0}


def stroke(pitch_hz: float, level: float, seed: int) -> np.ndarray:
    """A tone with a click, or noise, that dies away within 300 ms."""
    at_s = np.arange(int(0.3 * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(seed).uniform(-1, 1, len(at_s))
    body = np.cos(2 * np.pi * pitch_hz * at_s) * np.exp(-at_s / 0.08) if pitch_hz else 0.0
    return level * (0.7 * body + 0.3 * noise * np.exp(-at_s / 0.02))


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kits") / "My Kit"
    folder.mkdir()
    for name, pitch_hz in PITCHES_HZ.items():
        for layer, level in ((1, 0.2), (2, 0.8)):
            sf.write(folder / f"{name} {layer}.wav", stroke(pitch_hz, level, layer), RATE_HZ)
    sf.write(folder / "Mystery.wav", stroke(300.0, 0.5, 0), RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def training(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> KitTraining:
    out = tmp_path_factory.mktemp("own") / "weights"
    return KitTraining(kit=kit, out=out, steps=3, processes=1, files=2, segments_per_file=1)


@pytest.fixture(scope="module")
def said(training: KitTraining) -> list[str]:
    """What a run interrupted in the middle of rendering and then started again says the second time."""

    def interrupted(line: str) -> None:
        if line.startswith("rendering sounds: 1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_on_kit(training, interrupted)
    lines: list[str] = []
    lines += train_on_kit(training, lines.append).lines()
    return lines


def test_an_interrupted_run_is_gone_on_with(said: list[str]) -> None:
    assert "An interrupted run is gone on with." in said
    assert not [line for line in said if line.startswith("rendering sounds: 1")]
    assert [line for line in said if line.startswith("rendering sounds: 2")]


def test_it_says_what_was_taken_for_what_and_how_it_hears_before_and_after(said: list[str]) -> None:
    assert "kick: Kick 1.wav, Kick 2.wav" in said
    assert any(line.startswith("left out: Mystery.wav") for line in said)
    assert any(line.startswith("all instruments: F ") and "before" in line and "after" in line for line in said)


def test_the_result_is_two_files_with_their_story(training: KitTraining, said: list[str]) -> None:
    assert said
    assert sorted(path.name for path in training.out.iterdir()) == ["net.json", "net.onnx"]
    settings = check_weights(training.out)
    built_in = open_files().settings
    assert settings.version != built_in.version
    assert settings.picking == built_in.picking
    assert settings.training["kit"] == "My Kit"
    assert settings.training["kit_instruments"] == ["kick", "snare", "hihat_closed"]
    assert settings.training["started_from"] == built_in.version
    assert settings.training["steps"] == 3


def test_the_engine_hears_with_them_where_the_config_names_them(training: KitTraining, said: list[str], tmp_path: Path) -> None:
    assert said
    store = ModelStore(ModelSettings(cache_dir=tmp_path, net_weights=training.out))
    engine = open_hit_engine("net", EngineOptions(), store)
    assert engine.version.endswith(check_weights(training.out).version)
    samples = np.zeros(4 * RATE_HZ, np.float32)
    for second in range(4):
        sound = stroke(PITCHES_HZ["Kick"], 0.8, 2)
        samples[second * RATE_HZ + 4410 :][: len(sound)] += sound.astype(np.float32)
    stem = DrumStem(samples=samples, sample_rate_hz=RATE_HZ, origin=StemOrigin.GIVEN, reason="test")
    hits = engine.hits(stem, NO_BEATS, Unwatched())
    kicks_s = [time_s for time_s, instrument in zip(hits.time_s, hits.instruments, strict=True) if instrument is Instrument.KICK]
    assert kicks_s == pytest.approx([0.1, 1.1, 2.1, 3.1], abs=0.02)


def test_a_run_can_start_from_weights_of_an_earlier_one(training: KitTraining, said: list[str], tmp_path: Path) -> None:
    assert said
    again = replace(training, start=training.out, out=tmp_path / "again", steps=1, files=1)
    train_on_kit(again, lambda _: None)
    assert check_weights(again.out).training["started_from"] == check_weights(training.out).version


def test_another_kit_in_the_same_place_starts_anew(training: KitTraining, tmp_path: Path) -> None:
    """What an interrupted run on another kit had rendered is not used."""
    out = tmp_path / "weights"

    def interrupted(line: str) -> None:
        if line.startswith("rendering sounds: 1"):
            raise KeyboardInterrupt

    for seed in (1, 2):
        lines: list[str] = []
        with pytest.raises(KeyboardInterrupt):
            train_on_kit(replace(training, out=out, seed=seed), lambda line, lines=lines: (lines.append(line), interrupted(line)))
        assert "An interrupted run is gone on with." not in lines
        assert "rendering sounds: 1 of 2 files" in lines


def test_somebody_elses_folder_is_not_emptied(training: KitTraining, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "song.wav").write_bytes(b"precious")
    with pytest.raises(ConfigError, match="not from an earlier run"):
        train_on_kit(replace(training, out=tmp_path), lambda _: None)
    assert (tmp_path / "work" / "song.wav").exists()


def test_the_result_does_not_go_among_the_sounds(training: KitTraining) -> None:
    with pytest.raises(ConfigError, match="folder of the kit itself"):
        train_on_kit(replace(training, out=training.kit), lambda _: None)


def test_the_command_says_what_is_wrong_with_a_kit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--kit", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "has no one-shots" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
