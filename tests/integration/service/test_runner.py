"""What the worker process runs, set up from a configuration as the daemon sends it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from backbeat.config.schema import Config, JobsConfig, LimitsConfig, ModelsConfig, ResultConfig
from backbeat.config.serialise import config_to_json
from backbeat.errors import AudioTooLong, ModelError
from backbeat.monitor import Unwatched
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import make_request
from backbeat.service.runner import make_runner
from backbeat.service.tools import tools_from_config
from backbeat.settings import Settings
from backbeat.values import OutputKind

QUICK = Settings().changed({"engine": "annoteator", "separation": "none", "beats": "librosa", "pdf": "none"})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(
        inbox=tmp_path / "inbox",
        transcribe=QUICK,
        jobs=JobsConfig(data_folder=tmp_path / "data"),
        models=ModelsConfig(cache_folder=tmp_path / "models", uri=(tmp_path / "no such model.h5").as_uri()),
    )


@pytest.fixture
def with_model(config: Config, shared: Path) -> Config:
    uri = (shared / "models" / "annoteator" / "complete_network.h5").as_uri()
    return replace(config, models=replace(config.models, uri=uri))


def test_a_job_is_done_as_configured_and_its_summary_can_be_sent_and_announced(with_model, drum_loop_wav) -> None:
    runner = make_runner(config_to_json(replace(with_model, result=ResultConfig(low_confidence_threshold=1.0))))
    runner.preload()
    out_base = drum_loop_wav.with_name("loop.drums")
    request = make_request(drum_loop_wav, out_base=out_base, settings=QUICK, monitor=Unwatched())
    announced: list[OutputKind] = []
    summary = runner(request, Unwatched(), lambda kind, _path: announced.append(kind))
    assert json.loads(json.dumps(summary)) == summary
    assert announced[-1] is OutputKind.JSON
    result = read_result(request.output(OutputKind.JSON))
    assert (summary["hits"], summary["bpm"]) == (result.hit_count, pytest.approx(result.detected_bpm, abs=1e-3))
    assert summary["confidence"] == pytest.approx(result.confidence_score, abs=1e-4)
    assert result.low_confidence, "the threshold is the configured one"
    assert list((with_model.jobs.data_folder / "analyses").iterdir()), "the analysis is kept in the data folder"


def test_loading_the_models_ahead_of_time_says_what_is_wrong_and_the_runner_goes_on(config, drum_loop_wav) -> None:
    runner = make_runner(config_to_json(config))
    for _ in range(2):
        with pytest.raises(ModelError, match="no such model"):
            runner.preload()


def test_the_configured_limit_holds(with_model, drum_loop_wav) -> None:
    runner = make_runner(config_to_json(replace(with_model, limits=LimitsConfig(max_minutes=0.1))))
    request = make_request(drum_loop_wav, out_base=drum_loop_wav.with_name("x"), settings=QUICK, monitor=Unwatched())
    with pytest.raises(AudioTooLong):
        runner(request, Unwatched(), lambda _kind, _path: None)


def test_tools_of_the_same_configuration_share_engines_and_another_model_shares_no_analysis(config) -> None:
    tools, same = tools_from_config(config), tools_from_config(config)
    assert (tools.models, hash(tools.models)) == (same.models, hash(same.models))
    other = tools_from_config(replace(config, models=replace(config.models, version="2")))
    assert other.models != tools.models
    assert other.cache != tools.cache
