from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from backbeat.errors import AudioTruncated, AudioUnreadable, PathRefused
from backbeat.intake.audio_header import HeaderState
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.folder_intake import FolderIntake
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder


class Memory:
    """What the job store remembers, in a dict."""

    def __init__(self) -> None:
        self.folders: set[Path] = set()
        self.stamps: dict[Path, FileStamp] = {}
        self.ours: set[Path] = set()

    def is_new(self, folder: Path) -> bool:
        return folder not in self.folders

    def begin(self, folder: Path, old: Mapping[Path, FileStamp]) -> None:
        self.folders.add(folder)
        self.stamps.update(old)

    def seen(self, path: Path) -> FileStamp | None:
        return self.stamps.get(path)

    def is_own_output(self, path: Path, stamp: FileStamp) -> bool:
        return path in self.ours


class Probe:
    """Real stamps; the header is what the file says in its first word."""

    def stamp(self, path: Path) -> FileStamp | None:
        return file_stamp(path) if path.is_file() else None

    def header(self, path: Path) -> HeaderState:
        return {b"R": HeaderState.COMPLETE, b"H": HeaderState.INCOMPLETE}.get(path.read_bytes()[:1], HeaderState.NOT_AUDIO)

    def open_for_writing(self, path: Path) -> bool | None:
        return None


class Bench:
    """One folder, watched by one daemon after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.memory = Memory()
        self.found: list[Bounce | BadBounce] = []
        self.now_s = 0.0
        self.start()

    def start(self, *, take_existing: bool = False, since_ns: int | None = None, recursive: bool = False) -> None:
        self.folder = WatchedFolder(
            path=self.path, patterns=("*.wav",), take_existing=take_existing, settle_s=1, give_up_s=5, recursive=recursive
        )
        self.intake = FolderIntake(
            self.folder, memory=self.memory, roots=Roots([self.path]), probe=Probe(), watched_since_ns=since_ns
        )

    def run(self) -> list[str]:
        """Ten seconds; the names that were found good in that time. What is found is remembered, as the service does it."""
        fresh: list[Bounce | BadBounce] = []
        for _ in range(40):
            self.now_s += 0.25
            fresh += self.intake.tick(self.now_s)
        self.found += fresh
        for found in fresh:
            self.memory.stamps[found.path] = found.stamp
        return sorted(found.path.name for found in fresh if isinstance(found, Bounce))

    def write(self, name: str, text: str = "R", *, mtime_s: float | None = None) -> Path:
        path = self.path / name
        path.write_text(text)
        if mtime_s is not None:
            os.utime(path, (mtime_s, mtime_s))
        return path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path.resolve())


def test_files_that_were_there_before_the_first_watch_are_left_alone(bench: Bench) -> None:
    bench.write("old.wav")
    bench.intake.rescan()
    assert bench.run() == []
    assert set(bench.memory.stamps) == {bench.path / "old.wav"}
    bench.write("old.wav", "R, bounced again")
    assert bench.intake.rescan() == 1
    assert bench.run() == ["old.wav"]


def test_they_are_taken_when_asked_for(bench: Bench) -> None:
    bench.write("old.wav")
    bench.start(take_existing=True)
    bench.intake.rescan()
    assert bench.run() == ["old.wav"]


def test_asking_for_them_later_does_not_take_what_was_left_alone(bench: Bench) -> None:
    bench.write("old.wav")
    bench.intake.rescan()
    bench.start(take_existing=True)
    bench.intake.rescan()
    assert bench.run() == []


def test_in_a_folder_that_appears_later_only_what_is_older_than_the_watch_is_left_alone(bench: Bench) -> None:
    bench.start(since_ns=1_000 * 10**9)
    bench.write("old.wav", mtime_s=999)
    bench.write("new.wav", mtime_s=1001)
    bench.intake.rescan()
    assert bench.run() == ["new.wav"]


def test_what_arrived_or_changed_while_the_daemon_was_down_is_taken_and_the_rest_is_not(bench: Bench) -> None:
    bench.intake.rescan()
    for name in ("same.wav", "changed.wav"):
        bench.intake.notice(bench.write(name))
    assert bench.run() == ["changed.wav", "same.wav"]
    bench.write("changed.wav", "R, again")
    bench.write("copied with its old date.wav", mtime_s=1000)
    bench.start()
    bench.intake.rescan()
    assert bench.run() == ["changed.wav", "copied with its old date.wav"]


def test_new_inodes_after_a_mount_are_no_news(bench: Bench) -> None:
    song = bench.write("song.wav")
    bench.memory.begin(bench.path, {})
    stamp = file_stamp(song)
    bench.memory.stamps[song] = FileStamp(size=stamp.size, mtime_ns=stamp.mtime_ns, inode=stamp.inode + 1)
    assert bench.intake.rescan() == 0
    assert bench.run() == []


def test_a_file_is_handed_on_once_however_often_it_is_noticed(bench: Bench) -> None:
    bench.intake.rescan()
    song = bench.write("song.wav")
    for _ in range(3):
        bench.intake.notice(song)
        bench.intake.rescan()
        bench.run()
    assert [found.path for found in bench.found] == [song]


def test_a_version_that_was_transcribed_by_a_message_meanwhile_is_not_taken_again(bench: Bench) -> None:
    bench.intake.rescan()
    song = bench.write("song.wav")
    bench.intake.notice(song)
    bench.run()
    bench.write("song.wav", "R, again")
    bench.intake.notice(song)
    bench.memory.stamps[song] = file_stamp(song)
    assert bench.run() == []
    assert bench.intake.rescan() == 0


def test_our_outputs_are_known_by_the_store_and_a_bounce_of_the_same_name_is_taken(bench: Bench) -> None:
    bench.intake.rescan()
    ours, theirs = bench.write("a.drums.wav"), bench.write("b.drums.wav")
    bench.memory.ours.add(ours)
    bench.intake.notice(ours)
    bench.intake.notice(theirs)
    assert bench.run() == ["b.drums.wav"]


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [("H", AudioTruncated, "promises more"), ("", AudioUnreadable, "is empty"), ("text", AudioUnreadable, "is not audio")],
)
def test_files_that_never_become_usable_are_handed_on_as_bad_once(
    bench: Bench, text: str, error: type[Exception], says: str
) -> None:
    bench.intake.rescan()
    song = bench.write("song.wav", text)
    bench.intake.notice(song)
    bench.run()
    bench.start()
    bench.intake.rescan()
    bench.run()
    (bad,) = bench.found
    assert isinstance(bad, BadBounce)
    assert isinstance(bad.error, error)
    assert says in bad.error.message
    assert bad.error.advice


def test_a_link_out_of_the_roots_becomes_a_bad_bounce_once_and_a_link_inside_is_taken(bench: Bench, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.wav"
    outside.write_text("R")
    bench.intake.rescan()
    (bench.path / "out.wav").symlink_to(outside)
    (bench.path / "dangling.wav").symlink_to(bench.path / "nothing.wav")
    bench.write("song.wav")
    (bench.path / "inside.wav").symlink_to(bench.path / "song.wav")
    for _ in range(2):
        bench.intake.rescan()
        bench.run()
    assert sorted(f.path.name for f in bench.found if isinstance(f, Bounce)) == ["inside.wav", "song.wav"]
    (bad,) = [f for f in bench.found if isinstance(f, BadBounce)]
    assert isinstance(bad.error, PathRefused)
    assert bad.path.name == "out.wav"


def test_a_pipe_and_a_folder_named_like_a_bounce_are_left_alone(bench: Bench) -> None:
    bench.intake.rescan()
    os.mkfifo(bench.path / "pipe.wav")
    (bench.path / "folder.wav").mkdir()
    for name in ("pipe.wav", "folder.wav"):
        bench.intake.notice(bench.path / name)
    bench.intake.rescan()
    assert bench.run() == []
    assert bench.found == []


def test_what_belongs_to_another_watched_folder_inside_this_one_is_left_to_it(bench: Bench) -> None:
    inner = WatchedFolder(path=bench.path / "inner", patterns=("*.wav",))
    bench.start(recursive=True)
    intake = FolderIntake(
        bench.folder, memory=bench.memory, roots=Roots([bench.path]), probe=Probe(), others=[inner], watched_since_ns=0
    )
    (bench.path / "inner" / "deep").mkdir(parents=True)
    for name in ("a.wav", "inner/b.wav", "inner/deep/c.wav"):
        bench.write(name)
    assert [intake.accepts(bench.path / name) for name in ("a.wav", "inner/b.wav", "inner/deep/c.wav")] == [True, False, True]
    assert intake.rescan() == 2


def test_hidden_and_linked_folders_are_not_walked(bench: Bench, tmp_path_factory) -> None:
    bench.start(recursive=True)
    bench.intake.rescan()
    for name in ("deep/er", ".hidden"):
        (bench.path / name).mkdir(parents=True)
        bench.write(f"{name}/song.wav")
    (bench.path / "circle").symlink_to(bench.path)
    bench.intake.rescan()
    assert bench.run() == ["song.wav"]
    assert bench.found[0].path.parent.name == "er"
