"""The beat tracker can be made anew: songs are learned from, a run goes on where it stopped, what ships says the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from backbeat.engines.net_beats.engine import open_beat_files
from backbeat.engines.net_beats.features import BEAT_BANDS
from backbeat.training.beats.export import export_beats
from backbeat.training.beats.network import BeatNetworkShape
from backbeat.training.beats.pool import CUT_FRAMES, BeatPool
from backbeat.training.beats.trainer import BeatFitSettings, BeatTrainer, load_average

SMALL = BeatNetworkShape(
    frequency_channels=(4, 4), width=8, far_width=12, fine_dilations=(1,), far_dilations=(1, 2, 4), last_dilations=(1,)
)


def write_songs(folder: Path, *, songs: int = 6, seed: int = 1) -> None:
    """Songs in which every band rises on the beats, and the lowest on downbeats."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    features = random.uniform(0, 0.3, (songs, 1500, BEAT_BANDS))
    pulses = []
    for song in range(songs):
        times_s = np.arange(random.uniform(0, 0.4), 29.9, random.uniform(0.4, 0.7))
        frames = np.round(times_s * 50).astype(int)
        features[song, frames] += 1.0
        features[song, frames[::4], :6] += 1.5
        pulses += [(song, time_s, index % 4 + 1) for index, time_s in enumerate(times_s)]
    np.savez(
        folder / f"{seed:05d}.npz",
        features=features.astype(np.float16),
        pulses=np.array(pulses, np.float32),
        meters=np.zeros(songs, np.int8),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("beats")
    write_songs(folder / "data")
    write_songs(folder / "valid", seed=2)
    reports: list[str] = []
    trainer = BeatTrainer(BeatFitSettings(minutes=0.06, batch_songs=4), SMALL)
    trainer.run(BeatPool(folder / "data", 1), BeatPool(folder / "valid", 1), folder / "run", reports.append)
    return folder, reports


def test_learning_lowers_the_loss_and_is_reported(run: tuple[Path, list[str]]) -> None:
    _, reports = run
    assert "held-out loss" in reports[-1]
    assert float(reports[-1].split("held-out loss ")[1]) < 0.6


def test_a_run_goes_on_where_it_stopped(run: tuple[Path, list[str]]) -> None:
    folder, _ = run
    trainer = BeatTrainer(BeatFitSettings(minutes=0.06), SMALL)
    trainer.resume(folder / "run" / "checkpoint.pt")
    assert trainer.step > 0
    assert trainer.elapsed_s >= 0.06 * 60


def test_what_ships_is_what_was_learned(run: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, _ = run
    exported = export_beats(folder / "run" / "average.pt", tmp_path)
    network, record = load_average(folder / "run" / "average.pt")
    engine = open_beat_files(tmp_path)
    assert exported.largest_difference < 1e-4
    assert exported.parameters == sum(part.numel() for part in network.parameters())
    assert engine.settings.context_frames == network.shape.context_frames
    assert engine.settings.version == exported.sha256[:12]
    assert record["songs"] == json.loads((tmp_path / "net_beats.json").read_text("utf-8"))["training"]["songs"] == 6


def test_the_context_is_as_long_as_it_says(run: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Where a long recording is cut into chunks, only sound within the context may have mattered."""
    folder, _ = run
    export_beats(folder / "run" / "average.pt", tmp_path)
    engine = open_beat_files(tmp_path)
    random = np.random.default_rng(3)
    features = random.uniform(0, 1, (800, BEAT_BANDS)).astype(np.float32)
    changed = features.copy()
    changed[400] += 1.0
    difference = np.abs(engine.network(features).beats - engine.network(changed).beats).max(axis=1)
    reached = np.flatnonzero(difference > 1e-7)
    assert len(reached)
    assert np.abs(reached - 400).max() <= engine.settings.context_frames


def test_songs_that_appear_later_join_in(run: tuple[Path, list[str]], tmp_path: Path) -> None:
    write_songs(tmp_path)
    pool = BeatPool(tmp_path, 1)
    assert len(pool) == 6
    write_songs(tmp_path, seed=3)
    pool.rescan()
    assert len(pool) == 12
    batch = pool.batch(5)
    assert batch.features.shape == (5, CUT_FRAMES, BEAT_BANDS)
    assert batch.targets.shape == (5, CUT_FRAMES, 2)
    assert batch.targets.max() <= 1.0
    loud = batch.features[..., -1][batch.targets[..., 0] > 0.9]
    assert loud.mean() > batch.features[..., -1].mean() + 0.4, "targets lie where the beats are, at any speed"
