"""The renderer with the real bank: licences, held-out kits, and a few seconds of sound."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from backbeat.engines.net.features import BANDS, features
from backbeat.training.playing.grooves import VALIDATION_SPLITS
from backbeat.training.segments.files import RenderSettings, render_dataset
from backbeat.training.segments.segment import render_segment
from backbeat.training.sounds.bank import PERMISSIVE, VALIDATION, VALIDATION_KITS, Bank, load_bank
from backbeat.training.sources import load_sources
from backbeat.values import Instrument

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def root(shared: Path) -> Path:
    return shared / "bank"


@pytest.fixture(scope="module")
def training(root: Path) -> Bank:
    return load_bank(root)


def test_nothing_but_permissive_kits_is_trained_on(root: Path, training: Bank) -> None:
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        tiers = {row["kit"]: row["licence_tier"] for row in csv.DictReader(file)}
    used = {*training.kits, *(source.kit for source in training.percussion)}
    assert {tiers[kit] for kit in used} == PERMISSIVE


def test_every_instrument_has_sources_of_several_kits_to_learn_from(training: Bank) -> None:
    few = {i.value: len({s.kit for s in sources}) for i, sources in training.sources.items()}
    assert {name: count for name, count in few.items() if count < 2} == {}


def test_held_out_kits_share_no_kit_with_training_and_have_every_instrument(root: Path, training: Bank) -> None:
    held_out = load_bank(root, VALIDATION)
    assert set(held_out.kits) == set(VALIDATION_KITS)
    assert not set(held_out.kits) & set(training.kits)
    assert all(held_out.sources[instrument] for instrument in Instrument)


def test_attacks_lie_near_the_start_of_every_one_shot(training: Bank) -> None:
    """The bank trims to 1.5 ms before the onset; what comes later than 40 ms would be a wrong label."""
    late_ms = [
        1000 * shot.attack_samples / 44_100
        for sources in training.sources.values()
        for source in sources
        for shot in source.shots
    ]
    assert np.percentile(late_ms, 50) < 4
    assert max(late_ms) < 40


def test_a_few_seconds_are_rendered_with_sound_where_the_labels_are(root: Path) -> None:
    sources = load_sources(root, splits=VALIDATION_SPLITS)
    rng = np.random.default_rng(0)
    rising = []
    for _ in range(6):
        segment = render_segment(rng, sources, 6.0)
        seen = features(segment.samples)
        assert seen.shape == (600, BANDS)
        assert np.isfinite(seen).all()
        for hit in segment.hits:
            frame = round(hit.time_s * 100)
            if 6 <= frame < 595 and hit.velocity > 60:
                rising.append(float((seen[frame : frame + 3].max(axis=0) - seen[frame - 5 : frame - 2].mean(axis=0)).max()))
    assert len(rising) > 60
    assert np.mean(np.array(rising) > 0.15) > 0.9


def test_a_validation_file_is_written(root: Path, tmp_path: Path) -> None:
    settings = RenderSettings(bank_root=root, out_folder=tmp_path, files=1, segments_per_file=2, processes=1, validation=True)
    assert render_dataset(settings) == 1
    with np.load(tmp_path / "00000.npz") as file:
        assert file["F"].shape == (2, 800, BANDS)
