"""The setting `chain` in whole jobs: what is heard is heard through it, and an edited chain is heard anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from backbeat.cli.main import main
from backbeat.config.folders import user_presets_folder
from backbeat.demo_loop import demo_audio
from backbeat.outputs.preset_files import chain_files

CLOSED = """\
name = "mine"
title = "Mine"
purpose = "tests"
[[effects]]
effect = "gain"
gain_db = -60
[[effects]]
effect = "gate"
threshold_db = -20
ratio = 100
"""
OPEN = CLOSED.replace("-60", "0").replace("-20", "-100")


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A short loop; the user's config and data folders are our own."""
    monkeypatch.delenv("BACKBEAT_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("BACKBEAT_JOBS_DATA_FOLDER", str(tmp_path / "data"))
    samples, rate_hz = demo_audio()
    soundfile.write(tmp_path / "loop.wav", samples[: 3 * rate_hz], rate_hz)
    return tmp_path / "loop.wav"


@pytest.fixture
def mine(recording: Path) -> Path:
    """A chain of the user's."""
    path = user_presets_folder() / "chains/mine.toml"
    assert recording.parent in path.parents
    path.parent.mkdir(parents=True)
    path.write_text(CLOSED)
    return path


def transcribe(recording: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code = main(["transcribe", str(recording), "--pdf", "none", "--beats", "none", *options])
    result = recording.with_name("loop.drums.json")
    return code, json.loads(result.read_text()) if code == 0 else {}


def test_hits_are_heard_through_the_chain_and_an_edited_chain_is_heard_anew(recording: Path, mine: Path) -> None:
    code, closed = transcribe(recording, "--chain", "mine")
    assert code == 0
    assert closed["hits"] == []
    mine.write_text(OPEN)
    _, opened = transcribe(recording, "--chain", "mine")
    _, without = transcribe(recording)
    assert len(opened["hits"]) == len(without["hits"]) > 10
    times = ([hit["time"] for hit in result["hits"]] for result in (opened, without))
    assert np.allclose(*times, atol=0.002)


def test_the_stem_that_is_kept_is_what_was_heard(recording: Path, mine: Path) -> None:
    mine.write_text(OPEN.replace("gain_db = 0", "gain_db = -12.0412"))
    assert transcribe(recording, "--chain", "mine", "--keep-stem")[0] == 0
    stem, _ = soundfile.read(recording.with_name("loop.drums.wav"))
    original, _ = soundfile.read(recording)
    assert np.allclose(stem, original / 4, atol=2e-4)


def test_a_chain_that_is_not_there_stops_the_job_before_anything_is_read(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert transcribe(recording, "--chain", "nothing")[0] == 2
    assert "There is no chain 'nothing'" in capsys.readouterr().err


def test_chains_are_listed_shown_and_checked(recording: Path, mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "list", "--json"]) == 0
    listed = {preset["name"]: preset for preset in json.loads(capsys.readouterr().out) if preset["kind"] == "chain"}
    assert listed.keys() == {"mine", *chain_files()}
    assert (listed["mine"]["whose"], listed["muddy-room"]["whose"]) == ("yours", "shipped")
    assert main(["presets", "show", "mine"]) == 0
    assert "threshold_db -20, ratio 100" in capsys.readouterr().out
    assert main(["presets", "check", "mine", "muddy-room"]) == 0
    mine.write_text(CLOSED.replace("gate", "gait"))
    capsys.readouterr()
    assert main(["presets", "check", str(mine)]) == 1
    assert "'gait' is not an effect, did you mean 'gate'?" in capsys.readouterr().out
    assert main(["presets", "list"]) == 1
