from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.outputs.note_map import load_note_map, read_note_map
from backbeat.outputs.note_map_table import MapStatus
from backbeat.presets.note_map_to_toml import note_map_to_toml
from backbeat.presets.user_preset import check_name, copy_of, preset_name, write_preset


def test_a_copy_has_the_same_notes_and_says_that_nobody_verified_it() -> None:
    other = load_note_map("addictive-drums-2")
    mine = copy_of(other, "my-kit")
    assert mine.rows == other.rows
    assert (mine.name, mine.status, mine.verified_by) == ("my-kit", MapStatus.UNVERIFIED, "")
    assert mine.source.startswith("copied from addictive-drums-2 (verified): ")


def test_it_is_written_into_a_folder_that_is_made_and_never_over_another(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "presets"
    path = write_preset(folder, "my-kit", note_map_to_toml(copy_of(load_note_map("bfd3"), "my-kit")), overwrite=False)
    assert path == folder / "my-kit.toml"
    assert read_note_map(path).notes == load_note_map("bfd3").notes
    with pytest.raises(PresetError, match=r"my-kit.toml is already there and is left as it is") as caught:
        write_preset(folder, "my-kit", "", overwrite=False)
    assert "--overwrite" in caught.value.advice
    assert path.stat().st_size > 0
    write_preset(folder, "my-kit", "# new\n", overwrite=True)
    assert path.read_text() == "# new\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "presets").write_text("a file")
    with pytest.raises(PresetError, match="cannot be"):
        write_preset(tmp_path / "presets", "mine", "", overwrite=False)


@pytest.mark.parametrize("name", ["", "My Kit", "../mine", "a/b", "kit.toml", ".hidden", "-x", "kit.", "x" * 65, "küche"])
def test_names_that_no_file_or_setting_should_have_are_refused(name: str) -> None:
    with pytest.raises(PresetError, match="cannot be the name of a preset"):
        check_name(name)


def test_a_note_map_cannot_be_called_like_a_staff_map() -> None:
    with pytest.raises(PresetError, match="would be a staff map"):
        check_name("notation-mine")


@pytest.mark.parametrize(
    ("title", "name"),
    [("GetGood Drums (P4)", "getgood-drums-p4"), ("SSD 5.5", "ssd-5.5"), ("../..", ""), ("Küche", "k-che"), ("x" * 99, "x" * 64)],
)
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    assert preset_name(title) == name
    if name:
        assert check_name(name) == name
