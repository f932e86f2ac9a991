"""A finished job with another sensitivity: from what was heard, by the normal path, without the recording or the network."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from backbeat.errors import AudioMissing
from backbeat.monitor import Unwatched
from backbeat.outputs.read_result import Result, read_result
from backbeat.pipeline.analysis_cache import AnalysisCache
from backbeat.pipeline.analysis_to_files import RunSummary
from backbeat.pipeline.file_to_audio import AudioLimits
from backbeat.pipeline.fold_hits import FOLDS, fold_hits
from backbeat.pipeline.request import Request, make_request
from backbeat.pipeline.run import run_request
from backbeat.pipeline.stage_context import Tools
from backbeat.records import Hit
from backbeat.settings import Settings
from backbeat.values import OutputKind

HEARD = {"read", "separate", "beats", "hits"}
QUICK = {"separation": "none", "beats": "librosa", "pdf": "none"}
WARNED = QUICK | {"beats": "none", "bpm": "120"}
"""Beats that are laid at the user's tempo come with a warning."""


class NoModels:
    """The network comes with the package: no model file may be asked for."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise AssertionError(name)

    folder = path


@dataclass
class Desk:
    """Does jobs on one recording, with a cache."""

    recording: Path
    tools: Tools
    request: Request

    def asked(self, **options: object) -> Request:
        settings = self.request.settings.changed(options)
        return Request(
            path=self.recording, fingerprint=self.request.fingerprint, out_base=self.request.out_base, settings=settings
        )

    def run(self, **options: object) -> RunSummary:
        return run_request(self.asked(**options), tools=self.tools, monitor=Unwatched(), announce=lambda _kind, _path: None)

    @property
    def result(self) -> Result:
        return read_result(self.request.output(OutputKind.JSON))


def make_desk(recording: Path, folder: Path, options: dict[str, str]) -> Desk:
    settings = Settings().changed(options)
    request = make_request(recording, out_base=folder / "loop.drums", settings=settings, monitor=Unwatched())
    cache = AnalysisCache(folder=folder / "analyses", models="")
    limits = AudioLimits(max_minutes=1)
    tools = Tools(models=NoModels(), limits=limits, cache=cache, user_presets=None, low_confidence_threshold=0.5)
    return Desk(recording, tools, request)


@pytest.fixture(params=[QUICK, WARNED], ids=["without warnings", "with warnings"])
def desk(request: pytest.FixtureRequest, drum_loop_wav: Path, tmp_path: Path) -> Desk:
    made = make_desk(drum_loop_wav, tmp_path, request.param)
    assert set(made.run().timings_s) >= HEARD
    return made


def at_place(hits: list[Hit]) -> set[tuple[float, str, int]]:
    return {(hit.time_s, str(hit.instrument), hit.velocity) for hit in hits}


def test_another_sensitivity_is_picked_although_the_recording_is_gone(desk: Desk) -> None:
    before = list(desk.result.hits)
    desk.recording.unlink()
    fewer = desk.run(sensitivity=0)
    assert set(fewer.timings_s) == {"midi", "notation"}
    assert at_place(list(desk.result.hits)) < at_place(before)
    assert desk.result.identity == desk.asked(sensitivity=0).identity
    assert fewer.hits < len(before) <= desk.run(sensitivity=100).hits


def test_back_at_the_first_sensitivity_the_result_is_the_first_again(desk: Desk) -> None:
    kinds = (OutputKind.MIDI, OutputKind.TEMPOMAP, OutputKind.MUSICXML)
    before = [desk.request.output(kind).read_bytes() for kind in kinds]
    desk.recording.unlink()
    desk.run(sensitivity="50, hihat=0, kick=0")
    assert [desk.request.output(kind).read_bytes() for kind in kinds] != before
    desk.run()
    assert [desk.request.output(kind).read_bytes() for kind in kinds] == before


def test_what_is_picked_from_the_cache_is_what_a_fresh_job_finds(desk: Desk, tmp_path: Path) -> None:
    choice = {"sensitivity": "70, kick=20", "instruments": "common"}
    desk.run(**choice)
    fresh = make_desk(desk.recording, tmp_path / "fresh", {})
    fresh.request = make_request(
        desk.recording, out_base=tmp_path / "fresh" / "loop.drums", settings=desk.request.settings, monitor=Unwatched()
    )
    assert set(fresh.run(**choice).timings_s) >= HEARD
    assert list(fresh.result.hits) == list(desk.result.hits)


def test_common_instruments_are_the_same_hits_folded(desk: Desk) -> None:
    desk.recording.unlink()
    desk.run(sensitivity=100)
    every = desk.result.hits
    desk.run(sensitivity=100, instruments="common")
    assert [(hit.instrument, hit.velocity) for hit in desk.result.hits] == [
        (hit.instrument, hit.velocity) for hit in fold_hits(every)
    ]
    assert not {hit.instrument for hit in desk.result.hits} & FOLDS.keys()


def test_what_has_to_be_heard_again_is(desk: Desk) -> None:
    desk.recording.unlink()
    with pytest.raises(AudioMissing):
        desk.run(bpm=93)


def test_a_state_that_cannot_be_read_is_heard_again(desk: Desk) -> None:
    (kept,) = desk.tools.cache.folder.glob("*.json")
    content = json.loads(kept.read_text("utf-8"))
    assert content["hits"]["state"]
    content["hits"]["state"] = content["hits"]["state"][:-8]
    kept.write_text(json.dumps(content), "utf-8")
    assert set(desk.run(sensitivity=70).timings_s) >= HEARD
    assert set(desk.run(sensitivity=80).timings_s) == {"midi", "notation"}


def test_a_repeat_of_an_analysis_with_warnings_is_heard_again(drum_loop_wav: Path, tmp_path: Path) -> None:
    desk = make_desk(drum_loop_wav, tmp_path, WARNED)
    for _ in range(2):
        assert set(desk.run().timings_s) >= HEARD


REPEATED = """
import sys
from backbeat.cli.main import main
code = main(["transcribe", "--json", "--separation", "none", "--beats", "none", "--bpm", "120", "--pdf", "none", *sys.argv[1:]])
print(sorted({"onnxruntime", "torch", "librosa"} & set(sys.modules)))
sys.exit(code)
"""


def test_the_command_repeated_with_another_sensitivity_loads_no_network(drum_loop_wav: Path, tmp_path: Path) -> None:
    def repeated(*options: str) -> tuple[dict, list[str]]:
        command = [sys.executable, "-c", REPEATED, "--set", f"jobs.data_folder={tmp_path / 'data'}", str(drum_loop_wav), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        line, modules = done.stdout.splitlines()
        return json.loads(line), json.loads(modules.replace("'", '"'))

    first, loaded = repeated()
    assert "onnxruntime" in loaded
    again, loaded = repeated("--sensitivity", "0", "--instruments", "common")
    assert loaded == []
    assert 0 < again["hits"] < first["hits"]
    assert "hits" not in again["timings_s"]
