from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.batch.place import Place
from backbeat.errors import AudioMissing


def place(folder: Path, **changes) -> Place:
    return Place(**{"folder": folder, "out": None, "patterns": ("*.wav", "*.aif"), "recursive": True, **changes})


def names(place: Place) -> list[str]:
    return [str(path.relative_to(place.folder)) for path in place.recordings(pytest.fail)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.wav", "a.WAV", "a.aif", "notes.txt", "half.wav.part", ".hidden.wav", "a.backbeat.json"):
        (tmp_path / name).touch()
    for name in ("kits/2.wav", "kits/1.wav", "kits/deep/3.wav", ".git/4.wav", "zeta/5.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_recordings_come_in_order_and_a_folders_own_before_those_inside_it(tree: Path) -> None:
    assert names(place(tree)) == ["a.WAV", "a.aif", "b.wav", "kits/1.wav", "kits/2.wav", "kits/deep/3.wav", "zeta/5.wav"]


def test_folders_inside_are_only_looked_through_when_asked(tree: Path) -> None:
    assert names(place(tree, recursive=False)) == ["a.WAV", "a.aif", "b.wav"]


def test_where_the_results_go_is_not_looked_through(tree: Path) -> None:
    assert "kits/1.wav" not in names(place(tree, out=tree / "kits"))
    assert names(place(tree, out=tree)) == names(place(tree)), "results among the recordings hide none of them"


def test_a_link_to_above_is_not_walked_for_ever(tree: Path) -> None:
    (tree / "kits" / "again").symlink_to(tree)
    assert len(names(place(tree))) == 7


def test_a_folder_that_is_not_there_is_an_error(tree: Path) -> None:
    with pytest.raises(AudioMissing, match="cannot be looked through"):
        names(place(tree / "nowhere"))


def test_a_folder_inside_that_cannot_be_listed_is_told_and_the_others_go_on(tree: Path) -> None:
    told: list[str] = []
    walk = place(tree).recordings(told.append)
    assert next(walk).name == "a.WAV"
    (tree / "kits").rename(tree / ".away")  # after it was seen
    assert [path.name for path in walk] == ["a.aif", "b.wav", "5.wav"]
    (sentence,) = told
    assert "kits cannot be looked through" in sentence


def test_the_same_places_keep_the_same_store_and_others_another(tmp_path: Path) -> None:
    data = tmp_path / "data"
    here = place(tmp_path / "loops")
    assert here.own_folder(data) == place(tmp_path / "loops", patterns=("*",)).own_folder(data)
    others = {place(tmp_path / "other").own_folder(data), place(tmp_path / "loops", out=tmp_path / "out").own_folder(data)}
    assert len(others | {here.own_folder(data)}) == 3
