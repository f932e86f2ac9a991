"""Ableton Live from the command line: `to-live`, `doctor`, and what the configuration may say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ableton_stand_in import AbletonStandIn, Clip, Track, free_port

from backbeat.cli.doctor_live import live_findings
from backbeat.cli.finding import Verdict
from backbeat.cli.main import main
from backbeat.config.load import load_config
from backbeat.config.schema import Config, LiveConfig
from backbeat.errors import ConfigError

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def live() -> Iterator[AbletonStandIn]:
    with AbletonStandIn(tracks=[Track("Kit", slots=[Clip(loop_end=4.0, name="Fill")])], tempo=90.0, tick_s=0.02) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, live: AbletonStandIn) -> Path:
    file = tmp_path / "config.toml"
    ports = f"send_port = {live.send_port}\nreceive_port = {live.receive_port}"
    file.write_text(f"[jobs]\ndata_folder = 'data'\n[live]\n{ports}\ntrack = 'Kit'\n", "utf-8")
    return file


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "song.drums.json"
    document = {
        "schema_version": 1, "identity": "i", "fingerprint": "f", "source": "/b/song.wav", "outputs": {}, "detected_bpm": 120.0,
        "bpm_unreliable": False, "midi_bpm": 120.0, "confidence_score": 0.9, "low_confidence": False, "duration_seconds": 2.0,
        "engine": "test", "warnings": [],
        "hits": [{"time": 1.0, "instrument": "china", "midi_velocity": 77, "confidence": 0.9}],
    }  # fmt: skip
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_result_goes_where_the_options_say_with_their_note_map(
    live: AbletonStandIn, config: Path, result: Path, capsys: Capture
) -> None:
    arguments = ["--slot", "3", "--preset", "general-midi", "--json", "--config", str(config)]
    assert main(["to-live", str(result), *arguments]) == 0
    assert [(note.pitch, note.start, note.velocity) for note in live.clip(0, 2).notes] == [(52, 1.5, 77.0)]
    told = json.loads(capsys.readouterr().out)
    assert (told["track"], told["slot"], told["note_count"], len(told["remarks"])) == (1, 3, 1, 1)


def test_without_options_the_config_holds_and_the_drum_rack_s_pads(
    live: AbletonStandIn, config: Path, result: Path, capsys: Capture
) -> None:
    assert main(["to-live", str(result), "--config", str(config)]) == 0
    said = capsys.readouterr()
    assert said.out == "Backbeat: song: 1 notes on track 1 (Kit), slot 2.\n"
    assert said.err.startswith("The set runs at 90 BPM, the recording at 120.0")
    assert [note.pitch for note in live.clip(0, 1).notes] == [49]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--slot", "1"], "a clip of yours (Fill)"),
        (["--track", "7"], "The set has 1 tracks"),
        (["--preset", "no-such-map"], "There is no note map 'no-such-map'."),
    ],
)
def test_what_cannot_be_done_is_said_with_a_code(
    config: Path, result: Path, capsys: Capture, arguments: list[str], says: str
) -> None:
    assert main(["to-live", str(result), *arguments, "--config", str(config)]) in (1, 2)
    assert says in capsys.readouterr().err


def test_a_file_that_is_no_result_and_a_job_that_is_not_there_are_explained(
    config: Path, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["to-live", str(tmp_path / "none.drums.json"), "--config", str(config)]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["to-live", "3f2a", "--config", str(config)]) == 1
    assert "There are no jobs yet" in capsys.readouterr().err


def test_a_clip_of_the_users_is_replaced_when_told_to(live: AbletonStandIn, config: Path, result: Path) -> None:
    assert main(["to-live", str(result), "--slot", "1", "--replace", "--fire", "--config", str(config)]) == 0
    assert live.clip(0, 0).name == "Backbeat: song"


def test_doctor_asks_live_only_where_it_is_used_after_each_job(live: AbletonStandIn) -> None:
    (off,) = live_findings(Config())
    assert off.verdict is Verdict.OFF
    ports = {"send_port": live.send_port, "receive_port": live.receive_port}
    (found,) = live_findings(Config(live=LiveConfig(enabled=True, **ports)))
    assert (found.verdict, found.detail) == (Verdict.OK, "AbletonOSC answers: 90 BPM, 4/4, 1 tracks")
    (silent,) = live_findings(Config(live=LiveConfig(enabled=True, send_port=free_port(), receive_port=free_port())))
    assert silent.verdict is Verdict.WARNING
    assert "Start Live" in silent.advice


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[osc]\nport = 11000", True),
        ("[osc]\nport = 11001", True),
        ("[live]\nreceive_port = 9753", True),
        ("[osc]\nport = 11000\n[live]\nsend_port = 12000", False),
    ],
)
def test_the_daemon_must_not_listen_at_a_port_of_abletonosc(tmp_path: Path, text: str, wrong: bool) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, "utf-8")
    if wrong:
        with pytest.raises(ConfigError, match="is a port of AbletonOSC"):
            load_config(file, environ={})
    else:
        assert load_config(file, environ={}).config.live.send_port == 12000


@pytest.mark.parametrize(("written", "track"), [("3", "3"), ("'3'", "3"), ("'My Kit'", "My Kit"), ("''", "")])
def test_a_track_is_configured_by_number_or_name(tmp_path: Path, written: str, track: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[live]\ntrack = {written}", "utf-8")
    assert load_config(file, environ={}).config.live.track == track
