from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.engines.net.features import BANDS
from backbeat.training.numbered_files import missing_numbers
from backbeat.training.playing.part import PlayChances
from backbeat.training.segments.files import RenderSettings, render_dataset
from backbeat.training.segments.segment import render_segment
from backbeat.training.sources import Sources, load_sources
from backbeat.values import Instrument


@pytest.fixture(scope="module")
def loaded(tiny_bank: Path) -> Sources:
    return load_sources(tiny_bank)


@pytest.fixture
def sources(loaded: Sources) -> Sources:
    return loaded.fresh()


def test_a_segment_has_its_length_and_its_hits_inside(sources: Sources) -> None:
    rng = np.random.default_rng(0)
    for _ in range(6):
        segment = render_segment(rng, sources, 4.0)
        assert segment.samples.shape == (4 * 44_100,)
        assert segment.samples.dtype == np.float32
        assert np.isfinite(segment.samples).all()
        assert all(0 <= hit.time_s < 4.0 and 1 <= hit.velocity <= 127 for hit in segment.hits)
        assert list(segment.hits) == sorted(segment.hits)


def test_the_same_generator_renders_the_same(loaded: Sources) -> None:
    one, other = (render_segment(np.random.default_rng(3), loaded.fresh(), 4.0) for _ in range(2))
    assert one.hits == other.hits
    assert np.array_equal(one.samples, other.samples)


def test_some_segments_have_music_or_percussion_but_no_drums(sources: Sources) -> None:
    sources.play = PlayChances(no_drums=1.0, percussion=1.0)
    segment = render_segment(np.random.default_rng(0), sources, 4.0)
    assert segment.hits == ()
    assert np.abs(segment.samples).max() > 0


def test_grooves_are_played_on_other_instruments_too(sources: Sources) -> None:
    sources.play = PlayChances(groove=1.0, other_keeper=1.0, thinned=0.0, rest=0.0, no_drums=0.0)
    rng = np.random.default_rng(0)
    played = {hit.instrument for _ in range(8) for hit in render_segment(rng, sources, 4.0).hits}
    assert Instrument.HIHAT_CLOSED not in played
    assert Instrument.RIDE in played


def test_there_are_rests(sources: Sources) -> None:
    sources.play = PlayChances(groove=1.0, thinned=0.0, rest=1.0, no_drums=0.0)
    rng = np.random.default_rng(1)
    longest_s = []
    for _ in range(8):
        times_s = [0.0, *(hit.time_s for hit in render_segment(rng, sources, 8.0).hits), 8.0]
        longest_s.append(max(np.diff(times_s)))
    assert sum(gap_s > 1.0 for gap_s in longest_s) >= 5


@pytest.fixture
def settings(tiny_bank: Path, tmp_path: Path) -> RenderSettings:
    return RenderSettings(bank_root=tiny_bank, out_folder=tmp_path / "data", files=2, segments_per_file=2, processes=1)


def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def test_files_hold_features_targets_and_strokes_that_agree(settings: RenderSettings) -> None:
    assert render_dataset(settings) == 2
    arrays = _arrays(settings.out_folder / "00000.npz")
    assert arrays["F"].shape == (2, 800, BANDS)
    assert arrays["Y"].shape == arrays["V"].shape == (2, 800, 14)
    assert {arrays[name].dtype for name in "FYV"} == {np.dtype(np.float16)}
    for segment, time_s, column, velocity in arrays["strokes"]:
        frame = min(round(float(time_s) * 100), 799)
        assert arrays["Y"][int(segment), frame, int(column)] >= 0.7
        if arrays["Y"][int(segment), frame, int(column)] == 1:
            assert arrays["V"][int(segment), frame, int(column)] == pytest.approx(velocity / 127, abs=1e-3)


def test_an_interrupted_run_goes_on_and_each_file_is_what_it_would_have_been(settings: RenderSettings) -> None:
    render_dataset(settings)
    before = [_arrays(path) for path in sorted(settings.out_folder.glob("*.npz"))]
    (settings.out_folder / "00000.npz").unlink()
    assert missing_numbers(settings.out_folder, settings.files) == [0]
    assert render_dataset(settings) == 1
    assert render_dataset(settings) == 0
    after = [_arrays(path) for path in sorted(settings.out_folder.glob("*.npz"))]
    assert [path.name for path in sorted(settings.out_folder.iterdir())] == ["00000.npz", "00001.npz"]
    for one, other in zip(before, after, strict=True):
        assert all(np.array_equal(one[name], other[name]) for name in one)


def test_files_differ_from_one_another_and_seeds_too(settings: RenderSettings, tmp_path: Path) -> None:
    render_dataset(settings)
    other = RenderSettings(
        bank_root=settings.bank_root, out_folder=tmp_path / "other", files=1, segments_per_file=2, processes=1, seed=2
    )
    render_dataset(other)
    strokes = [_arrays(path)["strokes"] for path in (*sorted(settings.out_folder.iterdir()), *other.out_folder.iterdir())]
    assert not any(np.array_equal(a, b) for i, a in enumerate(strokes) for b in strokes[:i])


def test_progress_counts_the_files(settings: RenderSettings) -> None:
    seen: list[tuple[int, int]] = []
    render_dataset(settings, lambda done, wanted: seen.append((done, wanted)))
    assert seen == [(1, 2), (2, 2)]
