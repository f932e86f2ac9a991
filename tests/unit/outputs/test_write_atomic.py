from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import atomic_path, sweep_temps, sweep_temps_of, write_atomic


def test_the_file_holds_what_was_written_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_atomic(tmp_path / "song.drums.mid", b"notes")
    assert (tmp_path / "song.drums.mid").read_bytes() == b"notes"
    assert [path.name for path in tmp_path.iterdir()] == ["song.drums.mid"]


def test_an_older_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "song.drums.mid").write_bytes(b"much longer than the new one")
    write_atomic(tmp_path / "song.drums.mid", b"new")
    assert (tmp_path / "song.drums.mid").read_bytes() == b"new"


def test_until_the_block_ends_the_old_file_is_there_and_the_temporary_one_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "song.drums.json"
    target.write_bytes(b"old")
    with atomic_path(target) as temp:
        temp.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        assert temp.parent == tmp_path
        assert temp.name.startswith(".song.drums.json.")
        assert temp.name.endswith(".part")
    assert target.read_bytes() == b"new"


def interrupted(target: Path) -> None:
    with atomic_path(target) as temp:
        temp.write_bytes(b"half")
        raise RuntimeError("mid-way")


def test_an_error_in_the_block_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "song.drums.json"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="mid-way"):
        interrupted(target)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not there") as caught:
        write_atomic(tmp_path / "gone" / "song.drums.mid", b"notes")
    assert "drive" in caught.value.advice


def test_a_folder_in_the_place_of_the_file_is_an_output_error_and_stays(tmp_path: Path) -> None:
    (tmp_path / "song.drums.mid").mkdir()
    with pytest.raises(OutputError, match="could not be written"):
        write_atomic(tmp_path / "song.drums.mid", b"notes")
    assert [path.name for path in tmp_path.iterdir()] == ["song.drums.mid"]


def test_the_longest_name_that_a_file_can_have_works_and_its_leftovers_are_swept(tmp_path: Path) -> None:
    out_base = tmp_path / ("ü" * 124)  # 248 bytes, and .json makes 253
    target = out_base.with_name(out_base.name + ".json")
    with atomic_path(target) as temp:
        temp.write_bytes(b"{}")
        leftover = temp.with_name(temp.name.replace(temp.name[-13:-5], "0123abcd"))
        leftover.write_bytes(b"")
    assert sweep_temps(out_base) == [leftover]
    assert target.exists()


def test_sweeping_removes_leftovers_of_that_result_only(tmp_path: Path) -> None:
    stay = [
        "song.drums.mid",
        ".song.drums.mid.part",
        ".song.drums.mid.0123abcg.part",
        ".song.drums2.mid.0123abcd.part",
        ".other.drums.mid.0123abcd.part",
        ".song.drums.txt.0123abcd.part",
    ]
    go = [".song.drums.mid.0123abcd.part", ".song.drums.tempomap.mid.00000000.part", ".song.drums.json.ffffffff.part"]
    for name in stay + go:
        (tmp_path / name).write_bytes(b"")
    assert sorted(path.name for path in sweep_temps(tmp_path / "song.drums")) == sorted(go)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(stay)


def test_sweeping_a_folder_that_is_gone_finds_nothing(tmp_path: Path) -> None:
    assert sweep_temps(tmp_path / "gone" / "song.drums") == []


def test_what_is_left_of_a_single_file_is_swept_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "kept.json"
    target.write_bytes(b"whole")
    leftover, another = tmp_path / ".kept.json.0123abcd.part", tmp_path / ".kept2.json.0123abcd.part"
    for path in (leftover, another):
        path.write_bytes(b"half")
    assert sweep_temps_of(target) == [leftover]
    assert sorted(tmp_path.iterdir()) == sorted([target, another])
