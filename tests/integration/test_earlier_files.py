"""Files that earlier versions of Backbeat wrote, or that people wrote for them, are still understood.

`tests/goldens/{results,presets,configs}` hold them as they were then. They are never rewritten.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.config.load import load_config
from backbeat.errors import ConfigError
from backbeat.outputs.notation.staff_map import read_staff_map
from backbeat.outputs.note_map import load_note_map, read_note_map
from backbeat.outputs.read_result import read_result
from backbeat.records import Feel

GOLDENS = Path(__file__).parents[1] / "goldens"
RESULTS = sorted((GOLDENS / "results").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_of_every_earlier_shape_has_its_hits(path: Path) -> None:
    document = json.loads(path.read_bytes())
    result = read_result(path)
    assert result.hits.time_s.tolist() == [row["time"] for row in document["hits"]]
    assert [str(instrument) for instrument in result.hits.instruments] == [row["instrument"] for row in document["hits"]]
    assert result.hit_count == sum(document["hit_summary"].values()) > 30
    assert (result.feel == Feel()) is ("feel" not in document)


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_a_result_of_every_earlier_shape_can_be_drawn(path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "song.svg"
    assert main(["plot", str(path), "--out", str(picture)]) == 0
    assert picture.read_text(encoding="utf-8").count("<path") > 30


def test_a_note_map_with_bare_numbers_means_the_same_as_the_shipped_one() -> None:
    earlier = read_note_map(GOLDENS / "presets" / "general-midi.toml")
    assert earlier.notes == load_note_map("general-midi").notes
    assert earlier.verified_by == ""


def test_the_first_staff_map_that_users_could_copy_is_read() -> None:
    assert read_staff_map(GOLDENS / "presets" / "notation-standard.toml").name == "standard"


def test_the_first_config_file_holds_with_every_value_that_was_in_it() -> None:
    config = load_config(GOLDENS / "configs" / "first.toml", environ={}).config
    assert (config.transcribe.engine, str(config.transcribe.pdf), config.midi.virtual) == ("annoteator", "lilypond", False)
    assert config.osc.token is None  # a key that there was not then


def test_a_key_that_there_is_no_more_is_named_with_its_line_and_the_daemon_does_not_guess(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[transcribe]\nengine = "net"\nsensitivty = 60\n')
    with pytest.raises(ConfigError, match=r"config\.toml.*3.*no setting transcribe\.sensitivty.*transcribe\.sensitivity"):
        load_config(tmp_path / "config.toml", environ={})
