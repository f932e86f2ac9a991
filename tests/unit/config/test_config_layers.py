"""Defaults < file < environment < command line, and where each value came from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backbeat.config.layers import key_lines
from backbeat.config.load import load_config
from backbeat.config.schema import Config
from backbeat.errors import ConfigError
from backbeat.values import Meter, PdfBackend, Separation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text("", "utf-8")
    return path


def test_each_layer_goes_before_the_one_below_it(file: Path) -> None:
    file.write_text("[osc]\nport = 1111\nmax_queue = 5\nhost = '::1'\n", "utf-8")
    environ = {"BACKBEAT_OSC_PORT": "2222", "BACKBEAT_OSC_HOST": "0.0.0.0"}
    loaded = load_config(file, environ=environ, overrides={"osc.port": "3333"})
    assert (loaded.config.osc.port, loaded.config.osc.host, loaded.config.osc.max_queue) == (3333, "0.0.0.0", 5)
    assert loaded.config.osc.enabled is True
    assert [str(loaded.origins[f"osc.{key}"]) for key in ("port", "host", "max_queue", "enabled")] == [
        "command line",
        "environment variable BACKBEAT_OSC_HOST",
        f"{file}, line 3",
        "default",
    ]


def test_the_file_is_the_named_one_or_else_that_of_the_environment_variable(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[osc]\nport = 4444\n", "utf-8")
    file.write_text("[osc]\nport = 1111\n", "utf-8")
    environ = {"BACKBEAT_CONFIG": str(other)}
    assert load_config(environ=environ).config.osc.port == 4444
    assert load_config(file, environ=environ).config.osc.port == 1111


def test_a_file_that_somebody_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: the file cannot be read"):
        load_config(tmp_path / "missing.toml", environ={})


def test_the_names_of_the_seed_s_environment_are_understood_and_ours_go_before_them(file: Path, tmp_path: Path) -> None:
    environ = {
        "MODEL_URI": "s3://bucket/complete_network.h5",
        "MODEL_VERSION": "v1.0.0",
        "MODEL_CACHE_DIR": str(tmp_path),
        "MODEL_SHA256": "AB" * 32,
        "PDF_BACKEND": "none",
        "LOW_CONFIDENCE_THRESHOLD": "0.7",
        "BACKBEAT_MODELS_VERSION": "v2",
    }
    config = load_config(file, environ=environ).config
    assert config.models.uri == "s3://bucket/complete_network.h5"
    assert config.models.version == "v2"
    assert config.models.cache_folder == tmp_path
    assert config.models.sha256 == "ab" * 32
    assert config.transcribe.pdf is PdfBackend.NONE
    assert config.result.low_confidence_threshold == 0.7


def test_a_variable_that_is_set_to_nothing_counts_as_not_set(file: Path) -> None:
    assert load_config(file, environ={"MODEL_SHA256": "", "BACKBEAT_OSC_PORT": " "}).config == Config()


def test_relative_paths_start_where_they_were_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = file.parent / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    file.write_text("extra_roots = ['../stems']\n[jobs]\ndata_folder = 'data'\n[[watch]]\npath = 'bounces'\n", "utf-8")
    config = load_config(file, environ={"BACKBEAT_INBOX": "inbox"}).config
    assert config.jobs.data_folder == file.parent / "data"
    assert config.watch[0].path == file.parent / "bounces"
    assert config.extra_roots == (file.parent / "../stems",)
    assert config.inbox == here / "inbox"


def test_a_tilde_is_the_home_folder(file: Path) -> None:
    file.write_text("[models]\ncache_folder = '~/models'\n", "utf-8")
    assert load_config(file, environ={}).config.models.cache_folder == Path.home() / "models"


def test_the_inbox_is_in_the_data_folder_unless_configured(file: Path, tmp_path: Path) -> None:
    config = load_config(file, environ={"BACKBEAT_JOBS_DATA_FOLDER": str(tmp_path / "data")}).config
    assert config.inbox == tmp_path / "data" / "inbox"


def test_a_watched_folder_takes_the_settings_of_transcribe_and_changes_its_own(file: Path) -> None:
    file.write_text(
        """
[transcribe]
separation = "none"
quantize = 20

[[watch]]
path = "/a"

[[watch]]
path = "/b"
output = "/out"
recursive = true
pattern = ["*.wav"]
quantize = "50%"
meter = "7/8"
host-bpm = 128
""",
        "utf-8",
    )
    config = load_config(file, environ={}).config
    first, second = config.watch
    assert first.settings == config.transcribe
    assert (first.output, first.recursive) == (None, False)
    assert (second.path, second.output, second.recursive, second.pattern) == (Path("/b"), Path("/out"), True, ("*.wav",))
    assert second.settings.separation is Separation.NONE
    assert (second.settings.quantize, second.settings.meter, second.settings.host_bpm) == (50, Meter(7, 8), 128.0)


def test_a_setting_of_the_command_line_holds_in_watched_folders_that_do_not_have_their_own(file: Path) -> None:
    file.write_text("[[watch]]\npath = '/a'\n[[watch]]\npath = '/b'\nquantize = 50\n", "utf-8")
    config = load_config(file, environ={}, overrides={"transcribe.quantize": "10"}).config
    assert [watch.settings.quantize for watch in config.watch] == [10, 50]


def test_environment_and_command_line_add_watched_folders_and_may_repeat_one(file: Path) -> None:
    file.write_text("[[watch]]\npath = '/a'\nrecursive = true\n", "utf-8")
    config = load_config(file, environ={"BACKBEAT_WATCH": os.pathsep.join(["/a", "/b"])}, watch=[Path("/b"), Path("/c")]).config
    assert [(watch.path, watch.recursive) for watch in config.watch] == [
        (Path("/a"), True),
        (Path("/b"), False),
        (Path("/c"), False),
    ]


def test_the_roots_are_the_watched_folders_the_inbox_and_the_extra_ones_each_once(file: Path) -> None:
    file.write_text("inbox = '/in'\nextra_roots = ['/x', '/a']\n[[watch]]\npath = '/a'\n[[watch]]\npath = '/b'\n", "utf-8")
    assert load_config(file, environ={}).config.roots == (Path("/a"), Path("/b"), Path("/in"), Path("/x"))


def test_a_watched_folder_that_is_not_there_is_no_mistake(file: Path, tmp_path: Path) -> None:
    file.write_text(f"[midi]\nport = 'unplugged'\n[[watch]]\npath = '{tmp_path}/unplugged'\n", "utf-8")
    assert load_config(file, environ={}).config.watch[0].path == tmp_path / "unplugged"


def test_a_file_saved_with_a_byte_order_mark_is_read(file: Path) -> None:
    file.write_text("\ufeff[osc]\nport = 1234\n", "utf-8")
    assert load_config(file, environ={}).config.osc.port == 1234


def test_lines_of_keys_are_found_in_sections_lists_of_tables_and_dotted_keys() -> None:
    text = "inbox = 'a'\nosc.port = 1\n[log]\n# level = 'no'\nlevel = 'info'\n[[watch]]\npath = 'a'\n[[watch]]\n'path' = 'b'\n"
    assert key_lines(text) == {
        "inbox": 1,
        "osc.port": 2,
        "log": 3,
        "log.level": 5,
        "watch": 6,
        "watch[0]": 6,
        "watch[0].path": 7,
        "watch[1]": 8,
        "watch[1].path": 9,
    }
