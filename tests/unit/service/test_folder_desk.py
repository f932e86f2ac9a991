from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from backbeat.config.schema import WatchConfig
from backbeat.errors import AudioTruncated, Cancelled
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.monitor import Unwatched
from backbeat.service.folder_desk import FolderDesk, StoreMemory
from backbeat.service.loop import LoopStopped
from backbeat.settings import Settings
from backbeat.values import Meter, Stage


class Stopping:
    """The monitor of a daemon that is being stopped."""

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        raise Cancelled("Backbeat is being stopped.")


class SlowDrive:
    """The monitor of a file that takes as long to read as the test wants."""

    def __init__(self) -> None:
        self.is_reading, self.goes_on = threading.Event(), threading.Event()

    def progress(self, stage: Stage, fraction: float) -> None:
        pass

    def check(self) -> None:
        self.is_reading.set()
        assert self.goes_on.wait(10)


class Desk:
    """A FolderDesk, and a folder that it looks after."""

    def __init__(self, office, bounces: Path, monitor=None, **config: object) -> None:
        self.office = office
        self.folder = WatchedFolder(path=bounces, patterns=("*.wav", "*.flac"), recursive=True)
        self.desk = FolderDesk(
            loop=office.loop,
            store=office.bench.store,
            desk=office.bench.desk,
            pool=office.pool,
            monitor=monitor or Unwatched(),
            folders={bounces: WatchConfig(path=bounces, recursive=True, **config)},
            roots=Roots([bounces]),
        )

    def bounce(self, name: str, content: bytes = b"drums") -> Bounce:
        path = self.folder.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return Bounce(path=path, stamp=file_stamp(path), folder=self.folder)

    def take(self, bounce: Bounce) -> Job:
        """The job that a finished file becomes."""
        self.desk.on_bounce(bounce)
        self.office.until(lambda: self.office.bench.store.seen(bounce.path))
        return self.job_of(bounce.path)

    def job_of(self, path: Path) -> Job:
        seen = self.office.ask(lambda: self.office.bench.store.seen(path))
        return self.office.ask(lambda: self.office.bench.job(seen.job_id))


@pytest.fixture
def make_desk(office, tmp_path: Path) -> Callable[..., Desk]:
    bounces = tmp_path / "bounces"
    bounces.mkdir()
    return lambda **options: Desk(office, bounces, **options)


def test_a_bounce_becomes_a_job_with_the_folders_settings_and_is_remembered_as_seen(make_desk, office) -> None:
    settings = Settings(bpm=93.0)
    desk = make_desk(settings=settings)
    bounce = desk.bounce("song.wav")
    job = desk.take(bounce)
    assert (job.path, job.settings, job.origin, job.priority) == (bounce.path, settings, Origin.FOLDER, Priority.FOLDER)
    assert job.out_base == bounce.path.parent / "song.drums"
    assert office.ask(lambda: office.bench.store.seen(bounce.path)).stamp == bounce.stamp
    assert office.ask(lambda: office.bench.worker.job_id) == job.id


def test_settings_beside_the_bounce_go_before_those_of_the_folder(make_desk) -> None:
    desk = make_desk(settings=Settings(bpm=93.0, quantize=50))
    (desk.folder.path / "song.backbeat.json").write_text('{"bpm": 128, "meter": "7/8"}', "utf-8")
    assert desk.take(desk.bounce("song.wav")).settings == Settings(bpm=128.0, meter=Meter(7, 8), quantize=50)
    assert desk.take(desk.bounce("other.wav")).settings == Settings(bpm=93.0, quantize=50)


def test_settings_that_are_wrong_make_a_failed_job_that_lists_what_is_and_the_next_bounce_is_done(make_desk, office) -> None:
    desk = make_desk()
    beside = desk.folder.path / "song.backbeat.json"
    beside.write_text('{"bmp": 128, "meter": "seven"}', "utf-8")
    job = desk.take(desk.bounce("song.wav"))
    assert (job.state, job.error_code) == (JobState.FAILED, "bounce_settings")
    assert "'bmp', did you mean 'bpm'?" in job.error_message
    assert "meter: " in job.error_message
    assert "delete it" in job.error_advice
    beside.write_text('{"bpm": 128}', "utf-8")
    desk.desk.on_bounce(desk.bounce("song.wav", b"again"))
    office.until(lambda: any(job.settings.bpm == 128.0 for job in office.bench.store.jobs()))


def test_settings_that_are_a_link_out_of_the_configured_folders_are_not_read(make_desk, tmp_path) -> None:
    desk = make_desk()
    (tmp_path / "elsewhere.json").write_text('{"bpm": 128}', "utf-8")
    (desk.folder.path / "song.backbeat.json").symlink_to(tmp_path / "elsewhere.json")
    job = desk.take(desk.bounce("song.wav"))
    assert (job.state, job.error_code) == (JobState.FAILED, "bounce_settings")
    assert "outside the configured folders" in job.error_message


def test_results_go_to_the_output_folder_which_has_the_same_folders_inside(make_desk, tmp_path) -> None:
    desk = make_desk(output=tmp_path / "out")
    assert desk.take(desk.bounce("album/take 1/song.wav")).out_base == tmp_path / "out" / "album" / "take 1" / "song.drums"


def test_two_bounces_that_are_called_alike_and_land_together_do_not_share_a_place(make_desk, office) -> None:
    desk = make_desk()
    bounces = [desk.bounce("song.wav", b"one"), desk.bounce("song.flac", b"other")]
    for bounce in bounces:
        desk.desk.on_bounce(bounce)
    office.until(lambda: len(office.bench.store.jobs()) == 2)
    assert len({job.out_base for job in office.jobs()}) == 2


def test_a_new_version_keeps_its_place_and_replaces_the_old_job(make_desk) -> None:
    desk = make_desk()
    old = desk.take(desk.bounce("song.wav", b"old"))
    bounce = desk.bounce("song.wav", b"newer")
    desk.desk.on_bounce(bounce)
    new = desk.office.until(lambda: next((job for job in desk.office.bench.store.jobs() if job.id != old.id), None))
    assert new.out_base == old.out_base
    assert desk.office.ask(lambda: desk.office.bench.worker.cancelled) == [old.id]


def test_a_bounce_that_is_gone_before_it_is_read_is_no_job(make_desk, office) -> None:
    desk = make_desk()
    gone = desk.bounce("gone.wav")
    gone.path.unlink()
    desk.desk.on_bounce(gone)
    desk.take(desk.bounce("next.wav"))
    assert [job.path.name for job in office.jobs()] == ["next.wav"]


def test_a_bounce_that_cannot_be_read_is_a_failed_job_that_says_why(make_desk, office) -> None:
    desk = make_desk()
    path = desk.folder.path / "song.wav"
    path.mkdir()  # somebody has put a folder in its place
    stamp = FileStamp(size=1, mtime_ns=2, inode=3)
    job = desk.take(Bounce(path=path, stamp=stamp, folder=desk.folder))
    assert (job.state, job.error_code) == (JobState.FAILED, "refused")


def test_a_file_that_will_never_be_complete_is_a_failed_job_and_is_remembered(make_desk, office) -> None:
    desk = make_desk()
    good = desk.bounce("song.wav")
    bad = BadBounce(path=good.path, stamp=good.stamp, folder=desk.folder, error=AudioTruncated("song.wav is cut off"))
    desk.desk.on_bad(bad)
    office.until(lambda: office.bench.store.seen(bad.path))
    job = desk.job_of(bad.path)
    assert (job.state, job.error_code, job.fingerprint) == (JobState.FAILED, "truncated", "")
    assert office.bench.socket.heard("/backbeat/failed")[0][1:3] == (job.id, "truncated")


def test_what_was_not_read_when_the_daemon_stops_is_left_for_the_next_start(make_desk, office) -> None:
    desk = make_desk(monitor=Stopping())
    bounce = desk.bounce("song.wav")
    desk.desk.on_bounce(bounce)
    office.ask(lambda: None)  # it is with the pool now
    office.pool.shutdown()
    assert office.jobs() == []
    assert office.ask(lambda: office.bench.store.seen(bounce.path)) is None


def test_the_watchers_memory_is_the_store_asked_from_any_thread(make_desk, office, tmp_path) -> None:
    memory = StoreMemory(office.loop, office.bench.store)
    old, ours = tmp_path / "old.wav", tmp_path / "song.drums.wav"
    stamp = FileStamp(size=1, mtime_ns=2, inode=2**63 + 5)
    assert memory.is_new(tmp_path)
    memory.begin(tmp_path, {old: stamp})
    assert not memory.is_new(tmp_path)
    assert memory.seen(old) == stamp
    assert memory.seen(ours) is None
    ours.write_bytes(b"stem")
    assert not memory.is_own_output(ours, file_stamp(ours))
    job = make_desk().take(make_desk().bounce("song.wav"))
    stem = job.out_base.with_name("song.drums.wav")
    stem.write_bytes(b"stem")
    assert memory.is_own_output(stem, file_stamp(stem)), "the running job is about to write there"


def test_a_watcher_that_asks_when_the_daemon_has_stopped_is_told_so(office, tmp_path) -> None:
    memory = StoreMemory(office.loop, office.bench.store)
    office.close()
    with pytest.raises(LoopStopped):
        memory.seen(tmp_path / "song.wav")


def test_a_huge_bounce_does_not_hold_up_the_loop(make_desk, office) -> None:
    drive = SlowDrive()
    desk = make_desk(monitor=drive)
    huge, small = desk.bounce("huge.wav"), desk.bounce("small.wav")
    desk.desk.on_bounce(huge)
    assert drive.is_reading.wait(10)
    assert office.ask(lambda: office.bench.store.seen(huge.path)) is None
    drive.goes_on.set()
    desk.take(small)
    office.until(lambda: office.bench.store.seen(huge.path))
