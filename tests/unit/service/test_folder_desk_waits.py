"""What becomes of a bounce that cannot be taken at the moment when its watcher hands it on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backbeat.config.schema import WatchConfig
from backbeat.errors import AudioTruncated
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder
from backbeat.jobs.job import JobState
from backbeat.service.folder_desk import TRY_AGAIN_S, FolderDesk
from backbeat.values import Stage


class Reading:
    """A monitor that lets something happen while a file is being read."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] = lambda: None

    def progress(self, stage: Stage, fraction: float) -> None:
        """Nobody watches."""

    def check(self) -> None:
        action, self.meanwhile = self.meanwhile, lambda: None
        action()


class Folder:
    """A watched folder and its desk. `now_s` is the desk's clock."""

    def __init__(self, office, path: Path) -> None:
        self.office, self.path = office, path
        self.watched = WatchedFolder(path=path, patterns=("*",))
        self.reading, self.now_s = Reading(), 100.0
        self.desk = office.ask(
            lambda: FolderDesk(
                loop=office.loop,
                store=office.bench.store,
                desk=office.bench.desk,
                pool=office.pool,
                monitor=self.reading,
                folders={path: WatchConfig(path=path)},
                roots=Roots([path]),
                clock=lambda: self.now_s,
            )
        )

    def bounce(self, name: str, content: bytes = b"sound") -> Bounce:
        file = self.path / name
        file.write_bytes(content)
        return Bounce(path=file, stamp=file_stamp(file), folder=self.watched)

    def take(self, bounce: Bounce) -> None:
        """Hand it on and wait until the desk has dealt with it."""
        done = threading.Event()
        self.desk.on_bounce(bounce)
        # On the loop this comes after the reading was begun; of the pool's threads it takes all, and so comes after its end.
        self.office.ask(lambda: None)
        gate = threading.Barrier(2)
        for waited in [self.office.pool.submit(gate.wait, 10) for _ in range(2)]:
            waited.result(10)
        self.office.loop.post(done.set)
        assert done.wait(10)

    def tick(self, *, after_s: float = TRY_AGAIN_S) -> None:
        self.now_s += after_s
        self.office.ask(self.desk.tick)

    def seen(self, bounce: Bounce) -> FileStamp | None:
        found = self.office.ask(lambda: self.office.bench.store.seen(bounce.path))
        return found.stamp if found else None


@pytest.fixture
def folder(office, tmp_path: Path) -> Iterator[Folder]:
    path = tmp_path / "bounces"
    path.mkdir()
    return Folder(office, path)


def test_a_bounce_that_the_store_cannot_take_is_offered_to_it_again_later(folder: Folder, office) -> None:
    bounce = folder.bounce("song.wav")
    with office.bench.broken_store("insert on jobs"):
        folder.take(bounce)
        folder.tick()
        assert (office.jobs(), folder.seen(bounce)) == ([], None)
    folder.tick(after_s=TRY_AGAIN_S / 2)
    assert office.jobs() == [], "not at every tick"
    folder.tick()
    assert [job.path for job in office.jobs()] == [bounce.path]
    assert folder.seen(bounce) == bounce.stamp
    folder.tick()
    assert len(office.jobs()) == 1


def test_a_bad_bounce_that_the_store_cannot_take_is_recorded_later(folder: Folder, office) -> None:
    bounce = folder.bounce("cut.wav")
    bad = BadBounce(path=bounce.path, stamp=bounce.stamp, folder=folder.watched, error=AudioTruncated("it stops"))
    with office.bench.broken_store("insert on jobs"):
        folder.desk.on_bad(bad)
        office.ask(lambda: None)
        assert office.jobs() == []
    folder.tick()
    (job,) = office.jobs()
    assert (job.state, job.error_code) == (JobState.FAILED, "truncated")


def test_an_older_version_that_waited_does_not_come_after_a_newer_one(folder: Folder, office) -> None:
    older = folder.bounce("song.wav", b"older")
    with office.bench.broken_store("insert on jobs"):
        folder.take(older)
    newer = folder.bounce("song.wav", b"newer and longer")
    folder.take(newer)
    folder.tick()
    assert len(office.jobs()) == 1
    assert folder.seen(newer) == newer.stamp


def test_a_bounce_that_is_overwritten_while_it_is_read_is_left_to_its_newer_version(folder: Folder, office) -> None:
    older = folder.bounce("song.wav", b"older")
    folder.reading.meanwhile = lambda: folder.bounce("song.wav", b"newer and longer")
    folder.take(older)
    assert (office.jobs(), folder.seen(older)) == ([], None)


def test_a_bounce_that_is_deleted_while_it_is_read_is_no_job(folder: Folder, office) -> None:
    bounce = folder.bounce("song.wav")
    folder.reading.meanwhile = bounce.path.unlink
    folder.take(bounce)
    assert (office.jobs(), folder.seen(bounce)) == ([], None)
