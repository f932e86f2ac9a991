from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import PresetError
from backbeat.presets.note_names import BYTES_MAX, NoteName, NoteNameList, read_note_names


def read(folder: Path, data: str | bytes) -> NoteNameList:
    path = folder / "kit.txt"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (names,) = read_note_names(path)
    return names


def pairs(names: NoteNameList) -> list[tuple[int, str]]:
    return [(each.note, each.name) for each in names.names]


def test_reapers_lines_are_read_and_its_comments_are_not(tmp_path: Path) -> None:
    names = read(tmp_path, "// MIDI note/CC name map\n# Drums\n; more\n\n36 Kick\n  38   Snare (Hit) \n")
    assert pairs(names) == [(36, "Kick"), (38, "Snare (Hit)")]
    assert names.unread == ()


@pytest.mark.parametrize("line", ["36 Kick", "36\tKick", "36: Kick", "36 = Kick", "36=Kick", '36 "Kick"', "36, Kick", "036 Kick"])
def test_a_number_and_a_name_may_stand_apart_in_many_ways(tmp_path: Path, line: str) -> None:
    assert pairs(read(tmp_path, line)) == [(36, "Kick")]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(tmp_path: Path, ends: str) -> None:
    assert pairs(read(tmp_path, ends.join(["36 Kick", "38 Snare"]))) == [(36, "Kick"), (38, "Snare")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_letters_of_windows_programs_are_understood(tmp_path: Path, encoding: str) -> None:
    assert pairs(read(tmp_path, "36 Große Trommel\n".encode(encoding))) == [(36, "Große Trommel")]


def test_what_is_no_note_with_a_name_is_reported(tmp_path: Path) -> None:
    names = read(tmp_path, "36 Kick\nC1 Kick\n128 Nothing\n36 Snare\n40\n")
    assert pairs(names) == [(36, "Kick")]
    assert set(names.unread) == {"C1 Kick", "128 Nothing", "36 Snare", "40"}


def test_controllers_the_order_of_rows_and_unused_notes_are_part_of_reapers_format(tmp_path: Path) -> None:
    names = read(tmp_path, "36 Kick\nCC4 Pedal\ncc83 Reverb Off\nNO 36\n40 ~\n41 ----\n")
    assert pairs(names) == [(36, "Kick")]
    assert names.unread == ()


def test_a_name_cannot_carry_control_characters_to_a_terminal(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "36 Kick\x1b[2J\x07\n")) == [(36, "Kick [2J")]


@pytest.mark.parametrize("data", [b"", b"# only a comment\n", b"nothing here\n", bytes(range(256))])
def test_a_file_without_names_is_refused_with_an_example(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PresetError, match=r"kit.txt has no note names") as caught:
        read(tmp_path, data)
    assert "36 Kick" in caught.value.advice


def test_a_file_that_is_missing_or_far_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match=r"gone.txt cannot be read"):
        read_note_names(tmp_path / "gone.txt")
    with pytest.raises(PresetError, match="too large"):
        read(tmp_path, b"36 Kick\n" + b"#" * BYTES_MAX)


def test_the_first_name_of_a_note_counts(tmp_path: Path) -> None:
    assert read(tmp_path, "36 Kick\n36 Kick R\n").names == (NoteName(note=36, name="Kick"),)
