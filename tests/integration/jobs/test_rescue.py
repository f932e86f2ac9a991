"""A damaged store is moved aside and made anew from results, from what can still be read, and from the watched folders."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from backbeat.intake.file_stamp import file_stamp
from backbeat.intake.watched_folder import WatchedFolder
from backbeat.jobs.job import JobState, Origin, Priority
from backbeat.jobs.rescue import Places, damaged_stores, open_store
from backbeat.jobs.store import Store
from backbeat.jobs.watch_times import watch_times_file
from backbeat.outputs.read_result import SCHEMA_VERSION
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

LONG_AGO = time.time() - 7 * 86_400


class Studio:
    """A watched folder with a store beside it."""

    def __init__(self, folder: Path) -> None:
        self.bounces = folder / "bounces"
        self.bounces.mkdir()
        self.database = folder / "jobs.sqlite"
        self.places = Places(watched=[WatchedFolder(path=self.bounces, patterns=("*.wav",))], results=[self.bounces])

    def open(self) -> Store:
        return open_store(self.database, self.places)

    def recording(self, name: str) -> Request:
        path = self.bounces / name
        path.write_bytes(name.encode())
        return Request(path=path, fingerprint=f"of {name}", out_base=path.with_suffix(".drums"), settings=Settings(quantize=30))

    def finished(self, name: str) -> Request:
        """A recording with its result, MIDI and stem, as the pipeline leaves them; heard a while after it came."""
        request = self.recording(name)
        files = {OutputKind.MIDI: request.output(OutputKind.MIDI), OutputKind.STEM: request.output(OutputKind.STEM)}
        for file in files.values():
            file.write_bytes(b"made")
        result = {
            "schema_version": SCHEMA_VERSION,
            "source": str(request.path),
            "fingerprint": request.fingerprint,
            "identity": request.identity,
            "settings": json.loads(request.settings.to_json()),
            "engine": "test",
            "outputs": {kind.value: str(file) for kind, file in files.items()},
            "detected_bpm": 120.0,
            "bpm_unreliable": False,
            "midi_bpm": 120.0,
            "confidence_score": 0.9,
            "low_confidence": False,
            "duration_seconds": 1.0,
            "timings": {"hits": 0.5},
            "hits": [],
            "warnings": [],
        }
        mark = request.output(OutputKind.JSON)
        mark.write_text(json.dumps(result), "utf-8")
        later = time.time() + 60
        os.utime(mark, (later, later))
        return request


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def overwrite_header(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(bytes(100))


def overwrite_pages(database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def truncate(database: Path) -> None:
    os.truncate(database, database.stat().st_size // 2)


def empty(database: Path) -> None:
    os.truncate(database, 0)


DAMAGES = [overwrite_header, overwrite_pages, truncate, empty, Path.unlink]


@pytest.mark.parametrize("damage", DAMAGES)
def test_done_jobs_are_known_again_and_only_what_waits_is_news(studio: Studio, damage: Callable[[Path], object]) -> None:
    old = studio.recording("before the watch.wav")
    with studio.open() as store:
        store.begin_watch(studio.bounces, {old.path: file_stamp(old.path)}, time.time() + 1)  # `old` came before it
        done = studio.finished("done.wav")
        store.adopt(done, {}, {})
    times = json.loads(watch_times_file(studio.database).read_text("utf-8"))
    watch_times_file(studio.database).write_text(json.dumps(dict.fromkeys(times, time.time() + 0.01)), "utf-8")
    time.sleep(0.02)  # the file system's clock is coarse, and what waits comes after the watch began
    waiting = studio.recording("waiting.wav")

    damage(studio.database)
    with studio.open() as store:
        assert store.watched_since(studio.bounces) is not None, "no first look, in which all that is there would be old"
        assert store.seen(old.path)
        assert store.seen(done.path)
        assert store.seen(waiting.path) is None
        (job,) = store.jobs()
        assert (job.request, job.state) == (done, JobState.DONE)
        assert job.summary["bpm"] == 120.0
        stem = done.output(OutputKind.STEM)
        assert store.is_own_output(stem, file_stamp(stem)), "a stem of ours is not taken for a bounce"
        again = store.submit(done, origin=Origin.FOLDER, priority=Priority.FOLDER)
        assert (again.job.id, again.is_new) == (job.id, False), "the same bounce again is not done again"


def test_the_damaged_file_is_kept_and_it_is_said(studio: Studio, caplog: pytest.LogCaptureFixture) -> None:
    studio.open().close()
    overwrite_header(studio.database)
    broken = studio.database.read_bytes()
    studio.open().close()
    (aside,) = damaged_stores(studio.database)
    assert aside.read_bytes() == broken
    assert f"kept as {aside.name}" in caplog.text
    assert "asked for again" in caplog.text
    caplog.clear()
    studio.open().close()
    assert not caplog.text, "a whole store is nothing to talk about"


def test_jobs_that_waited_are_read_from_what_is_left_of_the_damaged_file(studio: Studio) -> None:
    with studio.open() as store:
        first, second = (studio.recording(f"{n}.wav") for n in range(2))
        store.submit(first, origin=Origin.FOLDER, priority=Priority.FOLDER)
        store.submit(second, origin=Origin.OSC, priority=Priority.OSC, reply_to="127.0.0.1:9000")
    with closing(sqlite3.connect(studio.database)) as plain:
        (page,) = plain.execute("select rootpage from sqlite_master where name = 'jobs_line'").fetchone()
    with studio.database.open("r+b") as file:  # an index: the rows themselves are whole
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with studio.open() as store:
        assert [(job.request, job.state) for job in store.jobs()] == [(second, JobState.QUEUED), (first, JobState.QUEUED)]
        assert store.jobs()[0].reply_to == "127.0.0.1:9000"
    assert damaged_stores(studio.database)


def test_a_rescue_that_was_interrupted_is_done_again(studio: Studio) -> None:
    with studio.open() as store:
        store.begin_watch(studio.bounces, {})
    waiting = studio.recording("waiting.wav")
    studio.database.unlink()
    Store(studio.database).close()  # made anew, and killed before anything was filled in
    with studio.open() as store:
        assert store.watched_since(studio.bounces) is not None
        assert store.seen(waiting.path) is None


def test_a_recording_that_changed_after_it_was_heard_is_looked_at_again(studio: Studio) -> None:
    with studio.open() as store:
        store.begin_watch(studio.bounces, {})
    done = studio.finished("done.wav")
    os.utime(done.output(OutputKind.JSON), (LONG_AGO, LONG_AGO))
    overwrite_header(studio.database)
    with studio.open() as store:
        assert store.seen(done.path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 1}', '{"schema_version": 99}'])
def test_files_that_are_no_results_are_left_out(studio: Studio, text: str) -> None:
    with studio.open() as store:
        store.begin_watch(studio.bounces, {})
    done = studio.finished("done.wav")
    done.output(OutputKind.JSON).write_text(text, "utf-8")
    overwrite_header(studio.database)
    with studio.open() as store:
        assert store.jobs() == []
