"""The user's own weights: found, checked, and never taken for others."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from backbeat.cli.doctor_engines import model_findings
from backbeat.cli.finding import Verdict
from backbeat.config.load import load_config
from backbeat.engines.net.engine import open_engine
from backbeat.engines.net.files import content_mark
from backbeat.engines.net.session import open_session
from backbeat.engines.net.weights import BUILT_IN, check_weights
from backbeat.engines.protocols import EngineOptions
from backbeat.engines.registry import open_hit_engine
from backbeat.errors import ModelError
from backbeat.service.tools import model_store, tools_from_config


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("net.onnx", "net.json"):
        shutil.copy(BUILT_IN / name, folder / name)
    return folder


def test_a_folder_with_both_files_is_good(weights: Path) -> None:
    assert check_weights(weights).version


@pytest.mark.parametrize("name", ["net.onnx", "net.json"])
def test_a_missing_file_is_named(weights: Path, name: str) -> None:
    (weights / name).unlink()
    with pytest.raises(ModelError, match=f"there is no {name}") as raised:
        check_weights(weights)
    assert "net_weights" in raised.value.advice


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no net\.onnx and no net\.json"):
        check_weights(tmp_path / "nothing")


def test_a_network_whose_numbers_lie_in_another_file_is_not_loaded(weights: Path, tmp_path: Path) -> None:
    import onnx  # noqa: PLC0415 - slow, and for this test alone
    from onnx.external_data_helper import convert_model_to_external_data  # noqa: PLC0415

    model = onnx.load(BUILT_IN / "net.onnx")
    convert_model_to_external_data(model, location="private.bin", size_threshold=0)
    onnx.save_model(model, weights / "net.onnx")
    assert (weights / "private.bin").exists()
    with pytest.raises(ModelError, match="it has parts in other files"):
        open_session(weights / "net.onnx", whose="recogniser", most_threads=1)


def test_a_damaged_network_is_not_loaded(weights: Path) -> None:
    content = bytearray((weights / "net.onnx").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (weights / "net.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        check_weights(weights)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"version": 1}'])
def test_damaged_settings_are_told(weights: Path, text: str) -> None:
    (weights / "net.json").write_text(text, "utf-8")
    with pytest.raises(ModelError, match="Your weights"):
        check_weights(weights)


def test_the_config_names_them_and_the_engine_is_opened_with_them(weights: Path, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[models]\nnet_weights = "own"\n', "utf-8")
    config = load_config(file, environ={}).config
    assert config.models.net_weights == weights
    store = model_store(config.models)
    assert store.net_weights == weights
    assert open_hit_engine("net", EngineOptions(), store).version.endswith(check_weights(weights).version)
    (weights / "net.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="damaged"):
        open_engine(EngineOptions(), store)


def test_doctor_says_which_weights_are_used_and_what_is_wrong_with_them(weights: Path) -> None:
    config = load_config(environ={}, overrides={"models.net_weights": str(weights)}).config
    (good,) = [finding for finding in model_findings(config) if finding.name == "net_weights"]
    assert (good.verdict, str(weights) in good.detail) == (Verdict.OK, True)
    (weights / "net.onnx").unlink()
    (bad,) = [finding for finding in model_findings(config) if finding.name == "net_weights"]
    assert bad.verdict is Verdict.PROBLEM
    assert "net_weights" in bad.advice
    assert "net_weights" not in [finding.name for finding in model_findings(load_config(environ={}).config)]


def test_what_was_heard_with_other_weights_is_not_reused(weights: Path, tmp_path: Path) -> None:
    def kept_under(net_weights: str) -> str:
        return tools_from_config(load_config(environ={}, overrides={"models.net_weights": net_weights}).config).cache.models

    as_shipped = kept_under("")
    assert kept_under(str(weights)) == as_shipped, "it is the content that counts"
    marks = [as_shipped, kept_under(str(tmp_path / "other"))]
    (weights / "net.json").write_text("{}", "utf-8")
    marks.append(kept_under(str(weights)))
    assert len(set(marks)) == len(marks)


def test_what_was_heard_with_the_weights_of_another_version_of_backbeat_is_not_reused() -> None:
    cache = tools_from_config(load_config(environ={}).config).cache
    for settings in (BUILT_IN / "net.json", BUILT_IN.parent / "net_beats" / "net_beats.json"):
        assert content_mark(settings) in cache.models
