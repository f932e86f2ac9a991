from __future__ import annotations

import json
import logging
import os
import tempfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.records import Analysis, BeatGrid, Hit, Hits, SeparationReport, hits_from_rows
from backbeat.settings import CHOOSING_SETTINGS, HEARING_SETTINGS, OPTIONS, Settings
from backbeat.values import Instrument, Meter, StemOrigin

HEARING = {
    "engine": "annoteator",
    "separation": "demucs",
    "beats": "librosa",
    "bpm": 93.5,
    "meter": "7/8",
    "first_downbeat": 1.25,
    "compat": "seed",
    "separator_model": "htdemucs_ft",
    "chain": "muddy-room",
}
CHOOSING = {"sensitivity": "60, hihat=70", "instruments": "common"}
WRITING = {
    "host_bpm": 96,
    "preset": "mine",
    "quantize": 50,
    "grid": "8t",
    "flam_ms": 30,
    "velocity_curve": "hard",
    "midi_layout": "type-0",
    "lead_in": 2,
    "notation": "mine",
    "repeat_bars": True,
    "pdf": "none",
    "paper": "letter",
    "picture": "svg",
    "device": "cpu",
    "keep_stem": True,
}

finite = st.floats(allow_nan=False, allow_infinity=False)
rows = st.builds(Hit, finite.map(abs), st.sampled_from(Instrument), st.integers(1, 127), st.floats(0, 1, allow_subnormal=False))


@st.composite
def grids(draw: st.DrawFn) -> BeatGrid:
    meter = draw(st.builds(Meter, st.integers(1, 12), st.sampled_from([2, 4, 8])))
    times_s = sorted(draw(st.sets(st.floats(0, 1000), max_size=12)))
    numbers = [n % meter.beats + 1 for n in range(len(times_s))]
    return BeatGrid(
        times_s=np.array(times_s, dtype=np.float64),
        numbers=np.array(numbers, dtype=np.int64),
        meters=(meter,) * numbers.count(1),
        tempo_bpm=draw(st.floats(20, 400)),
        confidence=draw(st.floats(0, 1)),
        bpm_unreliable=draw(st.booleans()),
        engine=draw(st.text()),
    )


analyses = st.builds(
    Analysis,
    fingerprint=st.just("f" * 64),
    duration_s=st.floats(0, 5400),
    host_bpm=st.none() | st.floats(20, 400),
    host_bpm_source=st.none() | st.text(),
    separation=st.builds(
        SeparationReport,
        origin=st.sampled_from(StemOrigin),
        reason=st.text(),
        separator=st.none() | st.text(),
        quality=st.none() | st.floats(0, 1),
    ),
    grid=grids(),
    hits=st.builds(lambda hits, state: hits_from_rows(hits, engine="test", state=state), st.lists(rows), st.binary()),
    timings_s=st.just({"hits": 1.5}),
)


def analysis(**changed: Any) -> Analysis:
    grid = BeatGrid(
        times_s=np.array([0.0, 0.5]),
        numbers=np.array([1, 2]),
        meters=(Meter(4, 4),),
        tempo_bpm=120.0,
        confidence=0.75,
        bpm_unreliable=False,
        engine="test",
    )
    made = Analysis(
        fingerprint="f" * 64,
        duration_s=8.0,
        host_bpm=None,
        host_bpm_source=None,
        separation=SeparationReport(origin=StemOrigin.GIVEN, reason="as told", separator=None, quality=None),
        grid=grid,
        hits=hits_from_rows([Hit(0.0, Instrument.KICK, 100, 0.9)], engine="test"),
    )
    return replace(made, **changed)


def assert_same(found: Analysis, expected: Analysis) -> None:
    """Field by field: dataclasses with arrays cannot be compared as a whole."""
    for record in ("grid", "hits"):
        a, b = getattr(found, record), getattr(expected, record)
        for field in fields(b):
            assert type(getattr(a, field.name)) is type(getattr(b, field.name)), field.name
            np.testing.assert_array_equal(getattr(a, field.name), getattr(b, field.name), err_msg=field.name)
            if isinstance(getattr(b, field.name), np.ndarray):
                assert getattr(a, field.name).dtype == getattr(b, field.name).dtype, field.name
    neutral = {"grid": None, "hits": None, "timings_s": {}}
    assert replace(found, **neutral) == replace(expected, **neutral)


@pytest.fixture
def cache(tmp_path: Path) -> AnalysisCache:
    return AnalysisCache(folder=tmp_path / "analyses", models="model-1")


@settings(deadline=None)
@given(analyses)
def test_an_analysis_comes_back_as_it_was_but_for_the_time_it_took(made: Analysis) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = AnalysisCache(folder=Path(folder), models="")
        cache.put(made, Settings())
        found = cache.get(made.fingerprint, Settings())
    assert found is not None
    assert_same(found, made)
    assert found.timings_s == {}


def test_numpys_own_numbers_and_truths_come_back_as_pythons(cache: AnalysisCache) -> None:
    grid = replace(analysis().grid, confidence=np.float32(0.5), bpm_unreliable=np.bool_(True), tempo_bpm=np.float64(93.5))
    cache.put(analysis(grid=grid, duration_s=np.float32(2.0)), Settings())
    found = cache.get("f" * 64, Settings())
    assert (found.grid.bpm_unreliable, found.grid.confidence, found.grid.tempo_bpm, found.duration_s) == (True, 0.5, 93.5, 2.0)


def test_what_was_never_kept_is_not_found_and_makes_no_folder(cache: AnalysisCache) -> None:
    assert cache.get("f" * 64, Settings()) is None
    assert not cache.folder.exists()


# What it depends on


def test_every_setting_changes_what_is_heard_or_what_is_chosen_of_it_or_how_it_is_written() -> None:
    assert HEARING.keys() == set(HEARING_SETTINGS)
    assert CHOOSING.keys() == set(CHOOSING_SETTINGS)
    assert HEARING.keys() | CHOOSING.keys() | WRITING.keys() == OPTIONS.keys()


@pytest.mark.parametrize("name", HEARING)
def test_a_setting_that_changes_what_is_heard_is_heard_anew(cache: AnalysisCache, name: str) -> None:
    cache.put(analysis(), Settings())
    assert cache.get("f" * 64, Settings().changed({name: HEARING[name]})) is None


@pytest.mark.parametrize("name", [*WRITING, *CHOOSING])
def test_a_setting_that_changes_how_it_is_written_or_what_is_chosen_is_not(cache: AnalysisCache, name: str) -> None:
    cache.put(analysis(), Settings())
    assert cache.get("f" * 64, Settings().changed({name: (WRITING | CHOOSING)[name]})) is not None


def test_another_recording_or_another_model_is_heard_anew(cache: AnalysisCache) -> None:
    cache.put(analysis(), Settings())
    assert cache.get("e" * 64, Settings()) is None
    assert replace(cache, models="model-2").get("f" * 64, Settings()) is None


# Damage


def damaged(text: str) -> list[str]:
    document = json.loads(text)
    without = [json.dumps({k: v for k, v in document.items() if k != key}) for key in document if key != "timings_s"]
    wrong = [
        text.replace('"state":""', '"state":"no base64"'),
        text.replace('"kick"', '"cowbell"'),
        text.replace("[1,2]", "[1]"),
        text.replace('"beats":4', '"beats":0'),
    ]
    changed = [json.dumps(document | change) for change in ({"more": 1}, {"grid": None}, {"warnings": None})]
    return ["", text[:100], "null", "[]", "3", '"drums"', *wrong, *changed, *without]


def test_a_damaged_file_counts_as_none_and_is_replaced(cache: AnalysisCache, caplog: pytest.LogCaptureFixture) -> None:
    cache.put(analysis(), Settings())
    (path,) = cache.folder.iterdir()
    whole = path.read_text("utf-8")
    for text in damaged(whole):
        path.write_text(text, "utf-8")
        with caplog.at_level(logging.WARNING):
            caplog.clear()
            assert cache.get("f" * 64, Settings()) is None, text
        assert "damaged" in caplog.text
    path.write_bytes(b"\xff\xfe\x00")
    assert cache.get("f" * 64, Settings()) is None
    cache.put(analysis(), Settings())
    assert_same(cache.get("f" * 64, Settings()), analysis())


def test_an_analysis_with_warnings_is_heard_again_when_the_same_is_asked_for(cache: AnalysisCache) -> None:
    cache.put(analysis(warnings=("madmom is not installed",)), Settings())
    assert cache.get("f" * 64, Settings()) is None
    assert cache.get("f" * 64, Settings(quantize=50)) is None


def test_an_analysis_with_warnings_serves_another_choice_and_then_the_first_again(cache: AnalysisCache) -> None:
    warned = analysis(warnings=("madmom is not installed",))
    more = Settings().changed({"sensitivity": 60})
    cache.put(warned, Settings())
    for settings_ in (more, Settings(), more.changed({"instruments": "common"})):
        found = cache.get("f" * 64, settings_)
        assert found is not None
        assert_same(found, warned)
        assert cache.get("f" * 64, settings_) is None, "asked for in the same way twice"


def test_an_analysis_that_was_heard_again_without_warnings_stays(cache: AnalysisCache) -> None:
    cache.put(analysis(warnings=("madmom is not installed",)), Settings())
    cache.put(analysis(), Settings())
    for _ in range(2):
        assert cache.get("f" * 64, Settings()) is not None


def test_a_folder_that_cannot_be_written_costs_the_job_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "in the way").write_text("a file")
    for folder in (tmp_path / "in the way", tmp_path / "in the way" / "analyses"):
        AnalysisCache(folder=folder, models="").put(analysis(), Settings())
    assert "could not be kept" in caplog.text


def test_a_place_that_cannot_be_written_costs_the_job_nothing(cache: AnalysisCache, caplog: pytest.LogCaptureFixture) -> None:
    cache.put(analysis(), Settings())
    (path,) = cache.folder.iterdir()
    path.unlink()
    path.mkdir()
    cache.put(analysis(), Settings())
    assert "could not be kept" in caplog.text
    assert cache.get("f" * 64, Settings()) is None


# Pruning


def test_what_a_killed_worker_left_is_removed_when_the_job_is_done_again(cache: AnalysisCache) -> None:
    cache.put(analysis(), Settings())
    (kept,) = cache.folder.iterdir()
    kept.with_name(f".{kept.name}.0123abcd.part").write_bytes(b"half")
    cache.put(analysis(), Settings())
    assert list(cache.folder.iterdir()) == [kept]


def test_the_newest_are_kept(tmp_path: Path) -> None:
    cache = AnalysisCache(folder=tmp_path, models="", keep=3)
    names = [f"{n:064x}" for n in range(6)]
    for age, name in enumerate(names):
        cache.put(analysis(fingerprint=name), Settings())
        for path in tmp_path.glob("*.json"):  # the older, the longer ago; not as fast as the file system can tell
            os.utime(path, ns=(0, path.stat().st_mtime_ns - 10**9 * (age + 1)))
    assert [cache.get(name, Settings()) is not None for name in names] == [False] * 3 + [True] * 3
    assert len(list(tmp_path.iterdir())) == 3


def test_an_analysis_that_another_worker_has_just_pruned_is_no_trouble(cache: AnalysisCache, caplog) -> None:
    cache.folder.mkdir()
    (cache.folder / "gone.json").symlink_to("nowhere")  # listed, and not there when it is looked at
    cache.put(analysis(), Settings())
    assert caplog.messages == []


def test_hits_stay_hits(cache: AnalysisCache) -> None:
    cache.put(analysis(), Settings())
    found = cache.get("f" * 64, Settings())
    assert isinstance(found.hits, Hits)
    assert list(found.hits) == [Hit(0.0, Instrument.KICK, 100, 0.9)]
