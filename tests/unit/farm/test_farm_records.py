"""Records go through files and come back as they were."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from backbeat.errors import StorageError
from backbeat.farm.records import RunRecords
from backbeat.farm.storage import FolderStorage, is_shared_folder
from backbeat.pipeline.request import Request
from backbeat.records import Analysis, Audio, BeatGrid, DrumStem, Hit, SeparationReport, hits_from_rows
from backbeat.settings import Settings
from backbeat.values import FOUR_FOUR, Instrument, StemOrigin

REQUEST = Request(path=Path("/song.wav"), fingerprint="f", out_base=Path("/song.drums"), settings=Settings())
SAMPLES = np.linspace(-1.5, 1.5, 200, dtype=np.float32).reshape(2, 100)
AUDIO = Audio(
    samples=SAMPLES, sample_rate_hz=44_100, path=REQUEST.path, fingerprint="f", host_bpm=93.5, warnings=("quiet",)
)  # fmt: skip


@pytest.fixture
def records(tmp_path: Path) -> RunRecords:
    return RunRecords(FolderStorage(tmp_path), "run")


def stem(origin: StemOrigin) -> DrumStem:
    samples = SAMPLES[0] * 2 if origin is StemOrigin.SEPARATED else AUDIO.mono()
    return DrumStem(samples=samples, sample_rate_hz=44_100, origin=origin, reason="so", quality=0.5, warnings=("w",))


def test_a_recording_comes_back_bit_by_bit_with_what_is_known_of_it(records: RunRecords) -> None:
    assert not records.has(Audio)
    records.put_audio(AUDIO, {"read": 0.5})
    assert records.has(Audio)
    back, timings_s = records.audio(REQUEST)
    np.testing.assert_array_equal(back.samples, SAMPLES)
    assert (back.host_bpm, back.warnings, back.path, timings_s) == (93.5, ("quiet",), REQUEST.path, {"read": 0.5})


@pytest.mark.parametrize("origin", list(StemOrigin))
def test_a_stem_comes_back_and_is_not_kept_twice_where_it_is_the_recording(records: RunRecords, origin: StemOrigin) -> None:
    records.put_stem(stem(origin), {"separate": 1.0})
    back, timings_s = records.stem(AUDIO)
    np.testing.assert_array_equal(back.samples, stem(origin).samples)
    assert (back.origin, back.reason, back.quality, back.warnings) == (origin, "so", 0.5, ("w",))
    assert timings_s == {"separate": 1.0}
    size = (records.storage.root / records.folder / "drumstem").stat().st_size
    assert (size > SAMPLES[0].nbytes) == (origin is StemOrigin.SEPARATED)


def test_what_was_heard_comes_back(records: RunRecords) -> None:
    grid = BeatGrid(
        times_s=np.arange(4) / 3, numbers=np.arange(4) % 4 + 1, meters=(FOUR_FOUR,), tempo_bpm=93.5, confidence=0.9,
        bpm_unreliable=False, engine="e",
    )  # fmt: skip
    hits = hits_from_rows([Hit(1 / 3, Instrument.KICK, 100, 0.7)], engine="e", state=b"\0\xff")
    separation = SeparationReport(origin=StemOrigin.MIX, reason="r", separator=None, quality=None)
    heard = Analysis(
        fingerprint="f", duration_s=2.0, host_bpm=None, host_bpm_source=None, separation=separation, grid=grid, hits=hits,
        timings_s={"hits": 1.0},
    )  # fmt: skip
    records.put_analysis(heard)
    back = records.analysis()
    assert (back.hits.state, list(back.hits), back.timings_s, back.separation) == (
        b"\0\xff",
        list(hits),
        {"hits": 1.0},
        separation,
    )
    np.testing.assert_array_equal(back.grid.times_s, grid.times_s)


def test_removed_records_are_gone_and_may_be_removed_again(records: RunRecords) -> None:
    records.put_audio(AUDIO, {})
    records.remove()
    records.remove()
    assert not records.has(Audio)
    with pytest.raises(StorageError, match="cannot be read"):
        records.audio(REQUEST)


def test_a_writer_that_fails_leaves_no_record(records: RunRecords) -> None:
    with suppress(RuntimeError), records.storage.writing(f"{records.folder}/audio") as file:
        file.write(b"half")
        raise RuntimeError("killed")
    assert not records.has(Audio)
    assert list((records.storage.root / records.folder).iterdir()) == []


def test_pickled_samples_are_refused(records: RunRecords) -> None:
    """What lies in a shared folder may be anybody's: nothing in it is run."""
    head = {"sample_rate_hz": 1, "host_bpm": None, "host_bpm_source": None, "warnings": [], "timings_s": {}}
    with records.storage.writing(f"{records.folder}/audio") as file:
        file.write(json.dumps(head).encode() + b"\n")
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        records.audio(REQUEST)


@pytest.mark.parametrize(("storage", "is_shared"), [("/mnt/farm", True), ("file:///mnt/farm", True), ("s3://bucket/x", False)])
def test_an_address_of_a_store_is_told_from_a_folder(storage: str, is_shared: bool) -> None:
    assert is_shared_folder(storage) is is_shared
