"""The configuration survives being written and read: as JSON for the worker, as TOML for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.config.load import LoadedConfig, load_config
from backbeat.config.schema import Config, OscConfig, WatchConfig
from backbeat.config.serialise import config_from_json, config_to_json
from backbeat.config.show import config_to_toml, config_with_origins
from backbeat.sensitivity import Sensitivity
from backbeat.settings import Settings
from backbeat.values import Device, Meter, Separation
from backbeat.velocity_curve import VelocityCurve

FULL = """
inbox = '/in "quoted" \\ and café'
extra_roots = ["/x", "/y"]

[transcribe]
bpm = 99.5
meter = "7/8"
keep_stem = true
device = "cpu"

[osc]
allow = ["10.0.0.1", "studio.local"]

[[osc.send]]
to = "127.0.0.1:9000"
instrument = "kick"
address = "/lights/strobe"
arguments = ["level", 1, 0.5]

[[osc.send]]
to = "10.0.0.1:9001"
address = "/drum/{instrument}"

[models]
uri = "https://example.org/model.h5"
sha256 = "00000000000000000000000000000000000000000000000000000000000000ff"

[log]
file = "/var/log/backbeat.log"
json = true

[[watch]]
path = "/a"

[[watch]]
path = "/b"
output = "/out"
pattern = ["*.wav"]
separation = "demucs"
host_bpm = 128
sensitivity = "60, toms=70"
"""


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedConfig:
    file = tmp_path / "config.toml"
    file.write_text(FULL, "utf-8")
    return load_config(file, environ={"BACKBEAT_OSC_PORT": "9999"})


def test_a_configuration_goes_to_json_and_back(loaded: LoadedConfig) -> None:
    text = config_to_json(loaded.config)
    assert "\n" not in text
    assert config_from_json(text) == loaded.config


def test_the_defaults_go_to_json_and_back() -> None:
    assert config_from_json(config_to_json(Config())) == Config()


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12).filter(lambda text: text == text.strip())
SENSITIVITIES = st.builds(Sensitivity, overall=st.integers(0, 100)) | st.just(Sensitivity.parse("60, toms=70, kick=1"))
CURVES = st.sampled_from(["linear", "hard", "40-120", "fixed 90"]).map(VelocityCurve.parse) | st.builds(
    VelocityCurve, exponent=st.floats(0.25, 4.0)
)
SETTINGS = st.builds(
    Settings,
    bpm=st.none() | st.floats(20, 400),
    meter=st.none() | st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32])),
    separation=st.sampled_from(Separation),
    device=st.sampled_from(Device),
    preset=NAMES,
    quantize=st.integers(0, 100),
    keep_stem=st.booleans(),
    sensitivity=SENSITIVITIES,
    velocity_curve=CURVES,
)
PATHS = st.builds(lambda name: Path("/") / name.replace("/", "_"), NAMES)


@given(
    settings=SETTINGS,
    folders=st.lists(st.tuples(PATHS, st.none() | PATHS, st.floats(0.1, 3600), SETTINGS), max_size=3),
    port=st.integers(1, 65535),
    allow=st.lists(NAMES, max_size=3),
)
def test_any_configuration_goes_to_json_and_back(
    settings: Settings, folders: list[tuple[Path, Path | None, float, Settings]], port: int, allow: list[str]
) -> None:
    watch = tuple(WatchConfig(path=p, output=o, settle_s=s, settings=own) for p, o, s, own in folders)
    config = Config(transcribe=settings, watch=watch, osc=OscConfig(port=port, allow=tuple(allow)))
    assert config_from_json(config_to_json(config)) == config


def test_what_is_shown_can_be_loaded_again(loaded: LoadedConfig, tmp_path: Path) -> None:
    again = tmp_path / "again.toml"
    again.write_text(config_to_toml(loaded), "utf-8")
    assert load_config(again, environ={}).config == loaded.config


def test_what_is_shown_says_where_each_value_came_from(loaded: LoadedConfig) -> None:
    shown = config_to_toml(loaded).replace(str(loaded.file), "FILE")
    assert 'meter = "7/8"  # FILE, line 7\n' in shown
    assert "port = 9999  # environment variable BACKBEAT_OSC_PORT\n" in shown
    assert 'host = "127.0.0.1"  # default\n' in shown
    assert "host_bpm = 128.0  # FILE, line 40\n" in shown
    assert 'sensitivity = "60, toms=70"  # FILE, line 41\n' in shown
    assert 'send = [{to = "127.0.0.1:9000", instrument = ["kick"], address = "/lights/strobe", ' in shown
    assert 'arguments = ["velocity"]}]  # FILE, line 14\n' in shown
    assert shown.count("[[watch]]") == 2


def test_scripts_get_value_and_origin_by_full_key(loaded: LoadedConfig) -> None:
    shown = config_with_origins(loaded)
    assert shown["osc.port"] == {"value": 9999, "from": "environment variable BACKBEAT_OSC_PORT"}
    assert shown["transcribe.host_bpm"] == {"value": None, "from": "default"}
    assert [watch["path"] for watch in shown["watch"]] == ["/a", "/b"]
