"""Installing, updating and removing: what is the user's stays."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from backbeat.errors import InstallError
from backbeat.install.carry_out import install, remove
from backbeat.install.contents import Contents, contents
from backbeat.install.manifest import NAME, read_manifest, sha256
from backbeat.install.places import Program
from backbeat.install.plan import Action, plan_install, plan_removal
from backbeat.resources import integrations_folder

OLD: Contents = {PurePosixPath("a.lua"): b"one", PurePosixPath("sub/b.lua"): b"two"}
NEW: Contents = {PurePosixPath("a.lua"): b"one, newer", PurePosixPath("sub/b.lua"): b"two", PurePosixPath("c.lua"): b"three"}


def put(folder: Path, wanted: Contents, *, force: bool = False) -> dict[str, Action]:
    steps = plan_install(folder, wanted, force=force)
    install(folder, steps, wanted)
    return {str(step.name): step.action for step in steps}


def take(folder: Path) -> dict[str, Action]:
    steps = plan_removal(folder)
    remove(folder, steps)
    return {str(step.name): step.action for step in steps}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Scripts" / "Backbeat"
    put(made, OLD)
    return made


def test_all_files_are_there_and_listed(folder: Path) -> None:
    assert (folder / "sub" / "b.lua").read_bytes() == b"two"
    assert read_manifest(folder) == {name: sha256(data) for name, data in OLD.items()}


def test_a_plan_writes_nothing(tmp_path: Path) -> None:
    assert {step.action for step in plan_install(tmp_path / "x", OLD)} == {Action.NEW}
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_updates_adds_and_takes_away(folder: Path) -> None:
    assert put(folder, NEW) == {"a.lua": Action.UPDATE, "sub/b.lua": Action.SAME, "c.lua": Action.NEW}
    assert put(folder, OLD) == {"a.lua": Action.UPDATE, "sub/b.lua": Action.SAME, "c.lua": Action.REMOVE}
    assert not (folder / "c.lua").exists()
    assert put(folder, {PurePosixPath("a.lua"): b"one"}) == {"a.lua": Action.SAME, "sub/b.lua": Action.REMOVE}
    assert not (folder / "sub").exists()


def test_a_changed_file_is_kept_by_updates_and_by_removal(folder: Path) -> None:
    (folder / "a.lua").write_bytes(b"mine")
    assert put(folder, NEW)["a.lua"] is Action.KEEP
    assert put(folder, NEW)["a.lua"] is Action.KEEP
    assert (folder / "a.lua").read_bytes() == b"mine"
    assert take(folder) == {"a.lua": Action.KEEP, "c.lua": Action.REMOVE, "sub/b.lua": Action.REMOVE}
    assert sorted(path.name for path in folder.rglob("*")) == sorted(["a.lua", NAME])
    (folder / "a.lua").write_bytes(b"one")  # as it was installed
    assert take(folder) == {"a.lua": Action.REMOVE}
    assert not folder.exists()


def test_a_file_that_was_there_before_us_is_kept_and_never_removed(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_bytes(b"theirs")
    assert put(tmp_path, OLD)["a.lua"] is Action.KEEP
    assert "a.lua" not in take(tmp_path)
    assert (tmp_path / "a.lua").read_bytes() == b"theirs"


def test_force_replaces_a_changed_file_after_a_copy(folder: Path) -> None:
    for text in (b"mine", b"mine again"):
        (folder / "a.lua").write_bytes(text)
        assert put(folder, OLD, force=True)["a.lua"] is Action.REPLACE
    assert (folder / "a.lua").read_bytes() == b"one"
    assert (folder / "a.lua.yours-1").read_bytes() == b"mine"
    assert (folder / "a.lua.yours-2").read_bytes() == b"mine again"
    take(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.lua.yours-1", "a.lua.yours-2"]


def test_a_link_in_a_files_place_is_replaced_and_not_written_through(folder: Path, tmp_path: Path) -> None:
    private = tmp_path / "private.txt"
    private.write_text("mine")
    link = folder / "sub" / "b.lua"
    link.unlink()
    link.symlink_to(private)
    assert put(folder, OLD)["sub/b.lua"] is Action.KEEP
    assert put(folder, OLD, force=True)["sub/b.lua"] is Action.REPLACE
    assert private.read_text() == "mine"
    assert (link.is_symlink(), link.read_bytes()) == (False, b"two")


def test_what_lies_in_the_folder_besides_stays_when_ours_is_removed(folder: Path) -> None:
    (folder / "sub" / "notes.txt").write_text("theirs")
    take(folder)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["notes.txt"]


def test_removing_leaves_no_folder_of_ours_and_those_around_it(folder: Path) -> None:
    take(folder)
    assert not folder.exists()
    assert folder.parent.is_dir()
    assert take(folder) == {}


def test_a_file_that_the_user_deleted_comes_back_with_the_next_run(folder: Path) -> None:
    (folder / "a.lua").unlink()
    assert put(folder, OLD)["a.lua"] is Action.NEW


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}', '{"files": ["a.lua"]}'])
def test_with_a_damaged_list_nothing_is_taken_for_ours(folder: Path, text: str) -> None:
    (folder / NAME).write_text(text)
    assert put(folder, NEW)["a.lua"] is Action.KEEP
    assert (folder / "a.lua").read_bytes() == b"one"


@pytest.mark.parametrize("name", ["../other.lua", "sub/../../other.lua", "{outside}"])
def test_an_edited_list_removes_nothing_outside_the_folder(folder: Path, name: str) -> None:
    outside = folder.parent / "other.lua"
    outside.write_bytes(b"one")
    listed = {name.format(outside=outside): sha256(b"one")}
    (folder / NAME).write_text(json.dumps({"files": listed}))
    take(folder)
    assert outside.exists()


def test_an_interrupted_update_is_finished_by_the_next_run(folder: Path) -> None:
    (folder / "a.lua").write_bytes(NEW[PurePosixPath("a.lua")])  # written, but not yet listed
    assert put(folder, NEW)["a.lua"] is Action.SAME
    assert read_manifest(folder)[PurePosixPath("a.lua")] == sha256(b"one, newer")


def test_a_folder_in_a_file_s_place_is_explained(folder: Path) -> None:
    (folder / "c.lua").mkdir()
    with pytest.raises(InstallError, match=r"c\.lua cannot be read"):
        plan_install(folder, NEW)


def test_reaper_gets_its_scripts_and_the_path_of_the_command() -> None:
    files = contents(Program.REAPER, integrations_folder(), Path("/home/me/.local/bin/backbeat"))
    actions = [name for name in files if name.parent == PurePosixPath("Drums")]
    assert len(actions) == 5
    assert all(name.match("Backbeat_*.lua") for name in actions)
    assert files[PurePosixPath("Drums/backbeat/command.txt")].decode().splitlines() == [str(Path("/home/me/.local/bin/backbeat"))]
    assert {name.suffix for name in files} == {".lua", ".txt"}


def test_live_and_musescore_get_what_they_load_and_nothing_else() -> None:
    command = Path("backbeat")
    assert sorted(map(str, contents(Program.LIVE, integrations_folder(), command))) == ["Backbeat.amxd", "backbeat.js"]
    names = ["Backbeat-MuseScore-3.drm", "Backbeat.drm", "Backbeat.qml", "command.txt"]
    assert sorted(map(str, contents(Program.MUSESCORE, integrations_folder(), command))) == names


def test_ardour_gets_its_action_and_the_path_of_the_command_where_the_action_looks_for_it() -> None:
    files = contents(Program.ARDOUR, integrations_folder(), Path("/home/me/.local/bin/backbeat"))
    action, told = files[PurePosixPath("backbeat.lua")], PurePosixPath("backbeat-command.txt")
    assert files == {PurePosixPath("backbeat.lua"): action, told: b"/home/me/.local/bin/backbeat\n"}
    assert f'"/scripts/{told}"'.encode() in action


def test_what_is_taken_away_beside_other_scripts_leaves_those(tmp_path: Path) -> None:
    theirs = tmp_path / "scripts" / "theirs.lua"
    theirs.parent.mkdir()
    theirs.write_text("theirs")
    put(theirs.parent, contents(Program.ARDOUR, integrations_folder(), Path("/bin/backbeat")))
    take(theirs.parent)
    assert [path.name for path in theirs.parent.iterdir()] == ["theirs.lua"]
