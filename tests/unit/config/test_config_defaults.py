"""The shipped defaults: complete, explained, and the same as the schema's."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from backbeat.config.load import DEFAULTS_FILE, load_config
from backbeat.config.schema import KEYS, WATCH_KEYS, Config, WatchConfig, options_of
from backbeat.config.show import starting_file

TEXT = DEFAULTS_FILE.read_text("utf-8")
SHOWN_WATCH = re.sub(r"^#(?=\[\[|[a-z_0-9]+ = )", "", TEXT, flags=re.MULTILINE)
"""The defaults with the example of a watched folder switched on."""


def keys_in(text: str) -> set[str]:
    document = tomllib.loads(text)
    top = {key for key, value in document.items() if not isinstance(value, dict | list) or key == "extra_roots"}
    return top | {f"{name}.{key}" for name, table in document.items() if isinstance(table, dict) for key in table}


def test_the_defaults_have_exactly_the_keys_of_the_schema() -> None:
    assert keys_in(TEXT) == set(KEYS)


def test_the_defaults_say_what_the_schema_says(tmp_path: Path) -> None:
    empty = tmp_path / "config.toml"
    empty.touch()
    assert load_config(empty, environ={}).config == Config()


def test_every_default_has_its_explanation_on_the_lines_before_it() -> None:
    lines = SHOWN_WATCH.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[a-z_0-9]+ = ", line):
            assert lines[number - 1].startswith("# "), line


def test_the_example_of_a_watched_folder_shows_every_key_with_its_default(tmp_path: Path) -> None:
    (example,) = tomllib.loads(SHOWN_WATCH)["watch"]
    assert set(options_of(WatchConfig)) <= set(example) <= set(WATCH_KEYS)
    file = tmp_path / "config.toml"
    file.write_text(SHOWN_WATCH, "utf-8")
    (watch,) = load_config(file, environ={}).config.watch
    assert watch == WatchConfig(path=Path("~/Music/Bounces").expanduser())


def test_the_starting_file_changes_nothing_until_somebody_edits_it(tmp_path: Path) -> None:
    document = tomllib.loads(starting_file())
    assert all(table == {} for table in document.values())
    file = tmp_path / "config.toml"
    file.write_text(starting_file(), "utf-8")
    assert load_config(file, environ={}).config == Config()


def test_uncommenting_a_line_of_the_starting_file_sets_that_setting(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(starting_file().replace("#port = 9753", "port = 9000"), "utf-8")
    assert load_config(file, environ={}).config.osc.port == 9000
