"""Real folders, real watchdog, real writers that take their time."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from backbeat.errors import AudioTruncated, Cancelled, PathRefused, StoreError
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.folder_to_job import FolderWatcher
from backbeat.intake.open_for_writing import open_for_writing
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder

PATIENCE_S = 20.0
SETTLE_S = 0.4
GIVE_UP_S = 2.0

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="macOS does not tell who has a file open for writing")


def eventually(condition: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {patience_s} s"
        time.sleep(0.02)


def wav(frames: int = 4410, *, declared: int | None = None) -> bytes:
    """A mono 16-bit file; `declared` is the number of frames that its header promises."""
    size = 2 * (frames if declared is None else declared)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 44100, 88200, 2, 16)
    return head + b"data" + struct.pack("<I", size) + bytes(2 * frames)


def stop(*watchers: FolderWatcher) -> None:
    for watcher in watchers:
        watcher.ask_to_stop()
    assert all(watcher.join(PATIENCE_S) for watcher in watchers)


class Memory:
    """What the job store remembers, in a dict; safe for threads as single operations on dicts are."""

    def __init__(self) -> None:
        self.folders: set[Path] = set()
        self.stamps: dict[Path, FileStamp] = {}

    def is_new(self, folder: Path) -> bool:
        return folder not in self.folders

    def begin(self, folder: Path, old: Mapping[Path, FileStamp]) -> None:
        self.stamps.update(old)
        self.folders.add(folder)

    def seen(self, path: Path) -> FileStamp | None:
        return self.stamps.get(path)

    def is_own_output(self, path: Path, stamp: FileStamp) -> bool:
        return False


class Bench:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.memory = Memory()
        self.found: list[Bounce | BadBounce] = []
        self._watchers: list[FolderWatcher] = []

    def watch(
        self,
        *folders: Path,
        rescan_s: float = 3600.0,
        poll_s: float = 0.2,
        waits_for_first_look: bool = True,
        **options: bool,
    ) -> list[FolderWatcher]:
        """Watch; returns when each folder that is there has been taken up."""
        watched = [
            WatchedFolder(path=folder, patterns=("*.wav",), settle_s=SETTLE_S, give_up_s=GIVE_UP_S, **options)
            for folder in folders
        ]
        watchers = [
            FolderWatcher(
                folder,
                memory=self.memory,
                roots=Roots([self.root]),
                on_bounce=self._take,
                on_bad=self._take,
                others=[other for other in watched if other is not folder],
                rescan_s=rescan_s,
                poll_s=poll_s,
            )
            for folder in watched
        ]
        self._watchers += watchers
        for watcher in watchers:
            watcher.start()
        there = {folder.resolve() for folder in folders if waits_for_first_look and folder.is_dir()}
        eventually(lambda: there <= self.memory.folders, "the first look")
        return watchers

    def _take(self, found: Bounce | BadBounce) -> None:
        self.memory.stamps[found.path] = found.stamp
        self.found.append(found)

    @property
    def good(self) -> list[str]:
        return [found.path.name for found in self.found if isinstance(found, Bounce)]

    def expect(self, *names: str, folder: Path | None = None) -> None:
        """These are found, and nothing else until a last file that is written after them is found too."""
        eventually(lambda: len(self.found) >= len(names), f"finding {names}")
        ((folder or self.root) / "last.wav").write_bytes(wav())
        eventually(lambda: "last.wav" in self.good, "finding the last file")
        assert sorted(self.good) == sorted([*names, "last.wav"])

    def close(self) -> None:
        stop(*self._watchers)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path.resolve())
    yield bench
    bench.close()


@pytest.fixture(params=["native", "poll"])
def poll(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "poll")


def test_a_slow_writer_a_quick_one_and_a_renamer_each_give_one_finished_bounce(bench: Bench, poll: bool) -> None:
    bench.watch(bench.root, poll=poll)
    data = wav(20_000)
    (bench.root / "quick.wav").write_bytes(data)
    (bench.root / "renamed.wav.part").write_bytes(data)
    with (bench.root / "slow.wav").open("wb") as slow:
        for start in range(0, len(data), 4000):
            slow.write(data[start : start + 4000])
            slow.flush()
            time.sleep(0.1)
    (bench.root / "renamed.wav.part").rename(bench.root / "renamed.wav")
    bench.expect("quick.wav", "slow.wav", "renamed.wav")
    for found in bench.found[:3]:
        assert found.stamp == file_stamp(found.path)
        assert found.stamp.size == len(data)


def test_a_preallocated_file_that_is_filled_in_place_is_found_when_it_is_full(bench: Bench, poll: bool) -> None:
    bench.watch(bench.root, poll=poll)
    data = wav(20_000)
    done = threading.Event()

    def fill() -> None:
        with (bench.root / "song.wav").open("wb") as song:
            song.truncate(len(data))
            for start in range(4000, len(data), 4000):
                song.seek(start)
                song.write(b"x" * 10)
                song.flush()
                time.sleep(1.5 * SETTLE_S if start == 8000 else 0.1)
            song.seek(0)
            song.write(data)
        done.set()

    writer = threading.Thread(target=fill)
    writer.start()
    while not done.wait(0.05):
        assert bench.found == []
    writer.join()
    bench.expect("song.wav")


@linux_only
def test_a_writer_that_stalls_with_the_file_open_and_its_header_finished_is_waited_for(bench: Bench) -> None:
    bench.watch(bench.root)
    with (bench.root / "song.wav").open("wb") as song:
        song.write(wav(20_000))
        song.flush()
        time.sleep(3 * SETTLE_S)
        assert bench.found == []
    bench.expect("song.wav")


def test_the_next_bounce_over_the_same_name_is_found_with_its_own_stamp(bench: Bench, poll: bool) -> None:
    bench.watch(bench.root, poll=poll)
    song = bench.root / "song.wav"
    song.write_bytes(wav(100))
    eventually(lambda: len(bench.found) == 1, "the first bounce")
    song.write_bytes(wav(200))
    eventually(lambda: len(bench.found) == 2, "the second bounce")
    assert [found.stamp.size for found in bench.found] == [244, 444]


def test_a_file_deleted_in_the_middle_is_nothing_and_an_interrupted_one_is_truncated(bench: Bench, poll: bool) -> None:
    bench.watch(bench.root, poll=poll)
    (bench.root / "gone.wav").write_bytes(wav(100, declared=1000))
    (bench.root / "cut.wav").write_bytes(wav(100, declared=1000))
    time.sleep(SETTLE_S)
    (bench.root / "gone.wav").unlink()
    eventually(lambda: bench.found, "the truncated file")
    (bad,) = bench.found
    assert isinstance(bad, BadBounce)
    assert isinstance(bad.error, AudioTruncated)
    assert bad.path.name == "cut.wav"


def test_what_is_there_at_the_first_watch_is_old_and_what_comes_while_the_daemon_is_down_is_new(bench: Bench, poll: bool) -> None:
    (bench.root / "old.wav").write_bytes(wav())
    stop(*bench.watch(bench.root, poll=poll))
    (bench.root / "missed.wav").write_bytes(wav())
    os.utime(bench.root / "missed.wav", (1000, 1000))
    bench.watch(bench.root, poll=poll)
    bench.expect("missed.wav")


def test_folders_inside_are_watched_when_asked_also_those_that_are_made_or_moved_in_later(bench: Bench, poll: bool) -> None:
    watched, elsewhere = bench.root / "bounces", bench.root / "elsewhere"
    (watched / "day one").mkdir(parents=True)
    (elsewhere / "takes").mkdir(parents=True)
    (elsewhere / "takes" / "c.wav").write_bytes(wav())
    bench.watch(watched, poll=poll, recursive=True)
    (watched / "day one" / "a.wav").write_bytes(wav())
    (watched / "day two" / "deep").mkdir(parents=True)
    (watched / "day two" / "deep" / "b.wav").write_bytes(wav())
    (elsewhere / "takes").rename(watched / "takes")
    bench.expect("a.wav", "b.wav", "c.wav", folder=watched)


def test_a_folder_that_comes_later_vanishes_and_returns_is_watched_all_the_same(bench: Bench, poll: bool) -> None:
    drive, unplugged = bench.root / "drive", bench.root / "unplugged"
    (watcher,) = bench.watch(drive, poll=poll)
    eventually(lambda: watcher.problem, "the report")
    assert "cannot be watched: No such file or directory" in str(watcher.problem)
    drive.mkdir()
    (drive / "first.wav").write_bytes(wav())
    eventually(lambda: bench.good == ["first.wav"], "the bounce into the new folder")
    assert watcher.problem is None
    drive.rename(unplugged)
    eventually(lambda: watcher.problem, "noticing that the drive is gone")
    (unplugged / "meanwhile.wav").write_bytes(wav())
    unplugged.rename(drive)
    eventually(lambda: "meanwhile.wav" in bench.good, "the bounce from meanwhile")
    (drive / "later.wav").write_bytes(wav())
    bench.expect("first.wav", "meanwhile.wav", "later.wav", folder=drive)


def test_a_folder_that_is_deleted_and_made_again_at_once_is_still_watched(bench: Bench) -> None:
    folder = bench.root / "bounces"
    folder.mkdir()
    bench.watch(folder)
    folder.rmdir()
    folder.mkdir()
    (folder / "song.wav").write_bytes(wav())
    bench.expect("song.wav", folder=folder)


def test_a_change_that_the_system_did_not_report_is_found_by_looking(bench: Bench) -> None:
    """A link target elsewhere changes without any event in the watched folder."""
    watched, elsewhere = bench.root / "bounces", bench.root / "elsewhere"
    watched.mkdir()
    elsewhere.mkdir()
    (elsewhere / "song.wav").write_bytes(wav(100))
    (watched / "song.wav").symlink_to(elsewhere / "song.wav")
    bench.watch(watched, rescan_s=0.5)
    (elsewhere / "song.wav").write_bytes(wav(200))
    eventually(lambda: len(bench.found) == 1, "finding the change")
    (watched / "reported.wav").write_bytes(wav(100))
    eventually(lambda: len(bench.found) == 2, "listening on after that")


def test_a_link_out_of_the_roots_is_refused(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "secret.wav"
    secret.write_bytes(wav())
    bench.watch(bench.root)
    (bench.root / "song.wav").symlink_to(secret)
    eventually(lambda: bench.found, "the refusal")
    (bad,) = bench.found
    assert isinstance(bad, BadBounce)
    assert isinstance(bad.error, PathRefused)


def test_of_two_watched_folders_inside_one_another_the_inner_one_takes_its_files(bench: Bench) -> None:
    outer, inner = bench.root / "outer", bench.root / "outer" / "inner"
    inner.mkdir(parents=True)
    bench.watch(outer, inner, recursive=True)
    (inner / "a.wav").write_bytes(wav())
    (outer / "b.wav").write_bytes(wav())
    bench.expect("a.wav", "b.wav", folder=inner)
    assert {found.path.name: found.folder.path for found in bench.found} == {
        "a.wav": inner, "b.wav": outer, "last.wav": inner,
    }  # fmt: skip


def test_a_folder_without_permission_is_reported_and_watched_when_it_is_allowed() -> None:
    with tempfile.TemporaryDirectory() as name, _without_privileges(Path(name)):
        bench, folder = Bench(Path(name).resolve()), Path(name).resolve() / "locked"
        folder.mkdir(mode=0)
        (watcher,) = bench.watch(folder, waits_for_first_look=False)
        try:
            eventually(lambda: watcher.problem, "the report")
            assert "Permission denied" in str(watcher.problem)
            folder.chmod(0o755)
            eventually(lambda: folder in bench.memory.folders, "the first look")
            assert watcher.problem is None
            (folder / "song.wav").write_bytes(wav())
            eventually(lambda: bench.good == ["song.wav"], "the bounce")
        finally:
            bench.close()


@contextmanager
def _without_privileges(owned: Path) -> Iterator[None]:
    """Root may look everywhere: be nobody for a while, in the file systems' eyes."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.chown(owned, nobody, nobody)
    os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(0)


def test_stopping_takes_less_than_a_second_however_many_folders_there_are(bench: Bench, poll: bool) -> None:
    folders = [bench.root / str(n) for n in range(8)]
    for folder in folders:
        folder.mkdir()
    watchers = bench.watch(*folders, poll=poll)
    started = time.monotonic()
    stop(*watchers)
    assert time.monotonic() - started < 1.0


def test_a_watcher_that_was_never_started_can_be_stopped(bench: Bench) -> None:
    stop(
        FolderWatcher(
            WatchedFolder(path=bench.root, patterns=("*.wav",)),
            memory=bench.memory,
            roots=Roots([]),
            on_bounce=bench.found.append,
            on_bad=bench.found.append,
        )
    )


def test_a_store_that_cannot_tell_now_is_asked_again_and_one_that_is_being_closed_ends_the_watching(tmp_path: Path) -> None:
    class Moody(Memory):
        answer: Exception | None = StoreError("the disk is full")

        def seen(self, path: Path) -> FileStamp | None:
            if self.answer is not None:
                raise self.answer
            return super().seen(path)

    bench = Bench(tmp_path.resolve())
    bench.memory = memory = Moody()
    (watcher,) = bench.watch(bench.root, rescan_s=0.2)
    (bench.root / "song.wav").write_bytes(wav())
    eventually(lambda: watcher.problem, "the report")
    assert "the disk is full" in str(watcher.problem)
    memory.answer = None
    eventually(lambda: bench.good == ["song.wav"], "the bounce")
    memory.answer = Cancelled("the daemon is being stopped")
    (bench.root / "song.wav").write_bytes(wav(1))
    eventually(lambda: watcher.join(0), "the end of the watching")


def test_a_burst_of_two_thousand_files_is_found_whole_without_a_busy_loop(bench: Bench) -> None:
    bench.watch(bench.root)
    data = wav(10)
    for n in range(2000):
        (bench.root / f"{n}.wav").write_bytes(data)
    used_s = time.process_time()
    eventually(lambda: len(bench.found) >= 2000, "finding all", 30)
    used_s = time.process_time() - used_s
    assert len(set(bench.good)) == 2000
    assert used_s < 8, f"{used_s:.1f} s of processor time for 2000 files"


@linux_only
def test_the_system_tells_who_has_a_file_open_for_writing(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    with song.open("wb") as writer:
        writer.write(b"x")
        writer.flush()
        assert open_for_writing(song) is True
    assert open_for_writing(song) is False
    with song.open("rb"):
        assert open_for_writing(song) is False
    assert open_for_writing(tmp_path / "missing.wav") is None


ASK = """
import sys
from pathlib import Path
from backbeat.intake.open_for_writing import open_for_writing
answers = {True: 0, False: 0, None: 0}
print("asking", flush=True)
for _ in range(6_000):
    answers[open_for_writing(Path(sys.argv[1]))] += 1
print(answers[False], flush=True)
"""


@linux_only
def test_asking_who_has_it_open_disturbs_neither_a_program_that_opens_it_for_writing_nor_ourselves(tmp_path: Path) -> None:
    song = tmp_path / "song.wav"
    song.write_bytes(b"x")
    with subprocess.Popen([sys.executable, "-c", ASK, str(song)], stdout=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "asking\n"
        while asking.poll() is None:
            with song.open("r+b") as writer:
                writer.write(b"y")
        assert asking.returncode == 0
        assert int(asking.stdout.read()) > 0
