from __future__ import annotations

from pathlib import Path

import pytest

from backbeat.intake.watched_folder import WatchedFolder, owner

FOLDER = WatchedFolder(path=Path("/b"), patterns=("*.wav", "*.aif"), recursive=True)


@pytest.mark.parametrize("name", ["song.wav", "SONG.WAV", "song.drums.wav", "a b/deep/song.Aif", "song (1).wav", "..wav.wav"[2:]])
def test_bounces_are_taken_whatever_their_case_and_also_when_they_are_named_like_our_outputs(name: str) -> None:
    assert FOLDER.accepts(Path("/b") / name)


@pytest.mark.parametrize(
    "name",
    [
        "song.mid", "song.wav.part", "song.wav.tmp", "song.wav.asd", "song.wav.reapeaks", "._song.wav", ".song.wav",
        "~song.wav", "song.wav~", ".Trash/song.wav", ".song.drums.wav.0a1b2c3d.part", "song.wav.crdownload", "wav",
        "song.backbeat.json", "Song.Backbeat.JSON",
    ],
)  # fmt: skip
def test_temporary_hidden_and_other_files_are_never_taken(name: str) -> None:
    everything = WatchedFolder(path=Path("/b"), patterns=("*",), recursive=True)
    assert not FOLDER.accepts(Path("/b") / name)
    if name not in ("song.mid", "wav"):
        assert not everything.accepts(Path("/b") / name)


def test_a_folder_that_is_not_recursive_takes_nothing_from_the_folders_inside_it() -> None:
    flat = WatchedFolder(path=Path("/b"), patterns=("*.wav",))
    assert flat.accepts(Path("/b/song.wav"))
    assert not flat.accepts(Path("/b/stems/song.wav"))
    assert not FOLDER.accepts(Path("/bb/song.wav"))


def test_a_pattern_with_a_slash_is_held_against_the_path_inside_the_folder() -> None:
    stems = WatchedFolder(path=Path("/b"), patterns=("drums/*.wav",), recursive=True)
    assert stems.accepts(Path("/b/Drums/song.wav"))
    assert not stems.accepts(Path("/b/bass/song.wav"))


def test_of_folders_inside_one_another_the_innermost_that_covers_a_file_owns_it() -> None:
    outer = FOLDER
    inner = WatchedFolder(path=Path("/b/inner"), patterns=("*.wav",))
    assert owner(Path("/b/song.wav"), (outer, inner)) is outer
    assert owner(Path("/b/inner/song.wav"), (outer, inner)) is inner
    assert owner(Path("/b/inner/deep/song.wav"), (outer, inner)) is outer
    assert owner(Path("/c/song.wav"), (outer, inner)) is None
