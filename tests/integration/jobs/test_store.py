"""What the store promises beyond the state machine: files of ours, folders seen, other processes, damaged files."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from backbeat.errors import AudioTruncated, StoreDamaged, StoreError
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.jobs.database import BUSY_TIMEOUT_S
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import Meter, OutputKind, Separation, Stage


class Clock:
    """Seconds since the epoch, as the test says."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store(tmp_path / "jobs.db", clock=clock) as opened:
        yield opened


def request_for(path: Path, fingerprint: str = "f1", **settings: object) -> Request:
    return Request(path=path, fingerprint=fingerprint, out_base=path.with_suffix(".drums"), settings=Settings().changed(settings))


def begin(store: Store, path: Path, fingerprint: str = "f1") -> Job:
    store.submit(request_for(path, fingerprint), origin=Origin.FOLDER, priority=Priority.FOLDER)
    job = store.claim()
    assert job is not None
    return job


def test_a_job_comes_back_as_it_was_submitted(store: Store, tmp_path: Path) -> None:
    request = request_for(tmp_path / "song.wav", bpm=93.5, meter="7/8", separation="demucs", quantize="40%")
    submitted = store.submit(request, origin=Origin.OSC, priority=Priority.OSC, reply_to="127.0.0.1:9000").job
    job = store.job(submitted.id)
    assert job == submitted
    assert job.request == request
    assert (job.settings.meter, job.settings.separation) == (Meter(7, 8), Separation.DEMUCS)
    assert (job.origin, job.priority, job.reply_to, job.attempts) == (Origin.OSC, 10, "127.0.0.1:9000", 0)


def test_a_job_is_found_by_the_beginning_of_its_id(store: Store, tmp_path: Path) -> None:
    jobs = [store.submit(request_for(tmp_path / f"{n}.wav"), origin=Origin.CLI, priority=Priority.CLI).job for n in range(40)]
    first = jobs[0]
    assert store.job(first.id[:7].upper()) == first
    assert store.job("") is None
    assert store.job("nosuch") is None
    letters = [job.id[0] for job in jobs]
    twice = next(letter for letter in letters if letters.count(letter) > 1)
    with pytest.raises(StoreError, match="write more of the id"):
        store.job(twice)


def test_an_urgent_request_lifts_the_job_that_waits_already(store: Store, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        store.submit(request_for(tmp_path / f"{name}.wav"), origin=Origin.FOLDER, priority=Priority.FOLDER)
    again = store.submit(request_for(tmp_path / "c.wav"), origin=Origin.OSC, priority=Priority.OSC, reply_to="127.0.0.1:9000")
    assert not again.is_new
    claimed = store.claim()
    assert claimed is not None
    assert (claimed.id, claimed.reply_to) == (again.job.id, "127.0.0.1:9000")


def test_a_new_bounce_supersedes_what_waits_and_stops_what_runs(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    first = begin(store, path, "v1")
    second = store.submit(request_for(path, "v2"), origin=Origin.FOLDER, priority=0)
    third = store.submit(request_for(path, "v3"), origin=Origin.FOLDER, priority=0)
    assert second.superseded == (first.id,)
    assert third.superseded == (first.id, second.job.id)
    assert store.cancel_requests() == [first.id]
    assert store.claim() is None, "the place is still being written to"
    assert store.finish(first.id, {}, {}).state is JobState.SUPERSEDED
    claimed = store.claim()
    assert claimed is not None
    assert claimed.id == third.job.id
    assert [entry.reason for entry in store.history(second.job.id)][-1] == "a newer bounce took its place"


def test_a_job_asked_for_while_it_is_being_cancelled_is_done_after_all(store: Store, tmp_path: Path) -> None:
    job = begin(store, tmp_path / "song.wav")
    store.request_cancel(job.id)
    again = store.submit(job.request, origin=Origin.CLI, priority=Priority.CLI)
    assert again.job.id == job.id
    assert store.end_cancelled(job.id).state is JobState.QUEUED
    claimed = store.claim()
    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (job.id, 1)


def test_a_truncated_bounce_is_one_failed_job_however_often_it_is_seen(store: Store, tmp_path: Path) -> None:
    request = request_for(tmp_path / "song.wav", fingerprint="")
    error = AudioTruncated("The header promises 10 s, the file holds 3 s.")
    first = store.submit_failed(request, error, origin=Origin.FOLDER).job
    second = store.submit_failed(request, error, origin=Origin.FOLDER).job
    assert first.id == second.id
    assert (second.error_code, second.error_message, second.error_advice) == (error.code, error.message, error.advice)
    with pytest.raises(StoreError, match="nothing to try again"):
        store.retry(first.id)
    assert store.claim() is None


def test_a_delayed_retry_waits_for_its_time_and_keeps_its_place(store: Store, clock: Clock, tmp_path: Path) -> None:
    first = begin(store, tmp_path / "first.wav")
    store.submit(request_for(tmp_path / "second.wav"), origin=Origin.FOLDER, priority=0)
    store.retry_later(first.id, "the drive was asleep", clock.now + 20)
    second = store.claim()
    assert second is not None
    assert second.path.name == "second.wav"
    assert store.claim() is None
    assert store.next_due() == clock.now + 20
    clock.now += 20
    store.submit(request_for(tmp_path / "third.wav"), origin=Origin.FOLDER, priority=0)
    claimed = store.claim()
    assert claimed is not None
    assert (claimed.id, claimed.attempts) == (first.id, 2)


def test_a_clock_that_was_set_back_delays_nothing_for_long(store: Store, clock: Clock, tmp_path: Path) -> None:
    job = begin(store, tmp_path / "song.wav")
    store.retry_later(job.id, "once more", clock.now + 5)
    clock.now -= 10 * 365 * 86400
    assert store.claim() is not None


def test_progress_is_kept_without_a_line_of_history(store: Store, tmp_path: Path) -> None:
    job = begin(store, tmp_path / "song.wav")
    for percent in range(100):
        store.progress(job.id, Stage.SEPARATE, percent / 100)
    now = store.job(job.id)
    assert now is not None
    assert (now.stage, now.fraction) == (Stage.SEPARATE, 0.99)
    assert len(store.history(job.id)) == 2


class TestOutputs:
    def test_files_of_ours_are_known_by_what_was_written_and_not_by_name(self, store: Store, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        stem = job.request.output(OutputKind.STEM)
        stem.write_bytes(b"our stem")
        store.finish(job.id, {OutputKind.STEM: stem}, {})
        assert store.is_own_output(stem, file_stamp(stem))
        stem.write_bytes(b"a bounce of the user's, under the same name")
        assert not store.is_own_output(stem, file_stamp(stem))

    def test_a_file_that_appears_at_a_planned_path_is_ours_and_one_that_lay_there_is_not(
        self, store: Store, tmp_path: Path
    ) -> None:
        job = begin(store, tmp_path / "song.wav")
        stem = job.request.output(OutputKind.STEM)
        stem.write_bytes(b"a bounce of the user's")
        store.plan_output(job.id, OutputKind.STEM, stem)
        assert not store.is_own_output(stem, file_stamp(stem))
        stem.write_bytes(b"written by the job over it")
        assert store.is_own_output(stem, file_stamp(stem))

    def test_what_a_killed_job_wrote_is_ours_though_nobody_announced_it(self, store: Store, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        stem = job.request.output(OutputKind.STEM)
        store.plan_output(job.id, OutputKind.STEM, stem)
        stem.write_bytes(b"renamed into place, then killed")
        store.retry_later(job.id, "the worker died", 0)
        assert store.is_own_output(stem, file_stamp(stem))
        store.claim()
        store.plan_output(job.id, OutputKind.STEM, stem)
        store.fail(job.id, "worker_died", "it died", "")
        assert store.is_own_output(stem, file_stamp(stem))
        assert list(store.outputs(job.id)) == [OutputKind.STEM]

    def test_a_planned_file_that_never_came_leaves_its_path_free(self, store: Store, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        stem = job.request.output(OutputKind.STEM)
        store.plan_output(job.id, OutputKind.STEM, stem)
        store.request_cancel(job.id)
        store.end_cancelled(job.id)
        stem.write_bytes(b"a bounce of the user's")
        assert not store.is_own_output(stem, file_stamp(stem))
        store.retry(job.id)
        assert not store.is_own_output(stem, file_stamp(stem))

    def test_outputs_tell_which_files_are_gone_or_belong_to_a_later_job(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "song.wav"
        outputs = {kind: request_for(path).output(kind) for kind in (OutputKind.MIDI, OutputKind.JSON, OutputKind.PDF)}
        first = begin(store, path, "v1")
        for file in outputs.values():
            file.write_bytes(b"first")
        store.finish(first.id, outputs, {"hits": 12})
        assert all(file.is_there for file in store.outputs(first.id).values())
        second = begin(store, path, "v2")
        del outputs[OutputKind.PDF]
        for file in outputs.values():
            file.write_bytes(b"second")
        store.finish(second.id, outputs, {"hits": 13})
        outputs[OutputKind.MIDI].unlink()
        assert {kind: file.is_there for kind, file in store.outputs(second.id).items()} == {
            OutputKind.MIDI: False,
            OutputKind.JSON: True,
        }
        assert [kind for kind, file in store.outputs(first.id).items() if file.is_there] == [OutputKind.PDF]

    def test_a_repeated_bounce_of_an_earlier_version_is_the_earlier_job(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "song.wav"
        first = begin(store, path, "v1")
        store.finish(first.id, {}, {"bpm": 120.0})
        again = store.submit(request_for(path, "v1"), origin=Origin.FOLDER, priority=0)
        assert (again.job.id, again.is_new, again.job.summary) == (first.id, False, {"bpm": 120.0})
        assert store.requeue(first.id, "its files are gone").state is JobState.QUEUED

    def test_two_recordings_with_one_name_are_told_apart(self, store: Store, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        assert store.output_base_taken(job.out_base, tmp_path / "song.flac")
        assert not store.output_base_taken(job.out_base, tmp_path / "song.wav")
        store.request_cancel(job.id)
        store.end_cancelled(job.id)
        assert not store.output_base_taken(job.out_base, tmp_path / "song.flac")

    def test_files_stay_ours_when_their_job_is_pruned(self, store: Store, clock: Clock, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        stem = job.request.output(OutputKind.STEM)
        stem.write_bytes(b"our stem")
        store.finish(job.id, {OutputKind.STEM: stem}, {})
        waiting = store.submit(request_for(tmp_path / "other.wav"), origin=Origin.FOLDER, priority=0).job
        clock.now += 100 * 86400
        assert store.prune(90 * 86400) == [job.id]
        assert store.job(job.id) is None
        assert store.history(job.id) == []
        assert store.is_own_output(stem, file_stamp(stem))
        assert [entry.state for entry in store.history(waiting.id)] == [JobState.QUEUED]


class TestSeenFiles:
    STAMP = FileStamp(size=44, mtime_ns=1_700_000_000_123_456_789, inode=2**64 - 5)

    def test_a_file_is_remembered_with_its_stamp_and_job(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "song.wav"
        assert store.seen(path) is None
        store.remember(path, self.STAMP)
        before = store.seen(path)
        assert before is not None
        assert (before.stamp, before.job_id) == (self.STAMP, None)
        job = begin(store, path)
        later = FileStamp(size=45, mtime_ns=1, inode=7)
        store.remember(path, later, job.id)
        after = store.seen(path)
        assert after is not None
        assert (after.stamp, after.job_id) == (later, job.id)

    def test_forgetting_a_folder_forgets_exactly_what_is_in_it(self, store: Store, tmp_path: Path) -> None:
        folder = tmp_path / "100%_[mixes]"
        inside = [folder / "a.wav", folder / "deep" / "b.wav", folder]
        outside = [tmp_path / "100%_[mixes]2" / "a.wav", tmp_path / "100%_[mixes].wav", tmp_path / "100x_m" / "a.wav"]
        for path in inside + outside:
            store.remember(path, self.STAMP)
        store.forget_below(folder)
        assert [store.seen(path) is None for path in inside] == [True] * 3
        assert [store.seen(path) is None for path in outside] == [False] * 3

    def test_a_folder_is_new_once(self, store: Store, clock: Clock, tmp_path: Path) -> None:
        assert store.watched_since(tmp_path) is None
        assert store.first_watch(tmp_path)
        began = clock.now
        clock.now += 60
        assert not store.first_watch(tmp_path)
        assert store.watched_since(tmp_path) == began

    @pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these file systems hold Unicode names only")
    def test_names_that_are_not_unicode_are_kept_exactly(self, store: Store, tmp_path: Path) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Schlagzeug-f\xfcr-\xff.wav"))
        job = begin(store, path)
        store.remember(path, self.STAMP, job.id)
        failed = store.fail(job.id, "unreadable", f"{path} cannot be read", "")
        assert failed.path == path
        assert store.seen(path) is not None
        assert "cannot be read" in str(failed.error_message)


class TestTheFile:
    def test_everything_survives_closing_and_opening(self, tmp_path: Path) -> None:
        with Store(tmp_path / "jobs.db") as store:
            job = begin(store, tmp_path / "song.wav")
        with Store(tmp_path / "jobs.db") as store:
            assert store.running() == [job]

    def test_changes_by_another_process_are_noticed_and_own_ones_are_not(self, store: Store, tmp_path: Path) -> None:
        job = begin(store, tmp_path / "song.wav")
        assert not store.changed_elsewhere()
        with Store(store.path) as other:
            other.request_cancel(job.id)
        assert store.changed_elsewhere()
        assert store.cancel_requests() == [job.id]
        assert not store.changed_elsewhere()

    def test_a_newer_store_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.db"
        Store(path).close()
        with sqlite3.connect(path) as connection:
            connection.execute("pragma user_version = 99")
        connection.close()
        with pytest.raises(StoreError, match="newer Backbeat"):
            Store(path)

    def test_another_programs_database_is_refused_and_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "library.db"
        with sqlite3.connect(path) as connection:
            connection.execute("create table clips (name)")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(StoreError, match="another program's"):
            Store(path)
        assert path.read_bytes() == before

    def test_a_file_that_is_no_database_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.db"
        path.write_bytes(b"RIFF, as it were" * 300)
        with pytest.raises(StoreDamaged, match="damaged") as caught:
            Store(path)
        assert "moves the file aside" in caught.value.advice

    def test_damage_inside_is_reported_when_it_is_met(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.db"
        with Store(path) as store:
            for n in range(50):
                store.submit(request_for(tmp_path / f"{n}.wav"), origin=Origin.FOLDER, priority=0)
        with closing(sqlite3.connect(path)) as connection:
            (page,) = connection.execute("select rootpage from sqlite_master where name = 'jobs'").fetchone()
            (page_bytes,) = connection.execute("pragma page_size").fetchone()
        with path.open("r+b") as file:  # the table of the jobs alone: the store can still be opened
            file.seek((page - 1) * page_bytes)
            file.write(b"\xee" * page_bytes)
        with pytest.raises(StoreDamaged, match="damaged"), Store(path) as store:
            store.check()
        with Store(path) as store:
            store.raise_damage()
            with pytest.raises(StoreError, match="damaged"):
                store.jobs()
            with pytest.raises(StoreDamaged, match="damaged"):
                store.raise_damage()

    def test_a_lock_that_is_held_is_waited_for_once_and_then_only_looked_at(self, tmp_path: Path) -> None:
        path = tmp_path / "jobs.db"
        with Store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("begin exclusive")
            waits = []
            for _ in range(3):
                began = time.monotonic()
                with pytest.raises(StoreError, match="held by another program"):
                    store.submit(request_for(tmp_path / "song.wav"), origin=Origin.FOLDER, priority=0)
                waits.append(time.monotonic() - began)
            assert waits[0] >= BUSY_TIMEOUT_S > max(waits[1:])
            other.execute("rollback")
            assert store.submit(request_for(tmp_path / "song.wav"), origin=Origin.FOLDER, priority=0).is_new

    def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"nowhere.*cannot be opened"):
            Store(tmp_path / "nowhere" / "jobs.db")


_CLAIMER = """
import sys
from pathlib import Path
from backbeat.jobs.store import Store
with Store(Path(sys.argv[1])) as store:
    print("open", flush=True)
    sys.stdin.readline()
    while job := store.claim():
        print(job.id, flush=True)
        store.finish(job.id, {}, {})
"""

_STUCK_INSIDE_FINISH = """
import sys
from pathlib import Path
from backbeat.jobs.store import Store
class Outputs(dict):
    def items(self):
        print("inside", flush=True)
        sys.stdin.readline()
        return []
with Store(Path(sys.argv[1])) as store:
    store.finish(sys.argv[2], Outputs(), {})
"""

_BUSY = """
import sys
from pathlib import Path
from backbeat.jobs.job import Origin
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
with Store(Path(sys.argv[1])) as store:
    for n in range(1_000_000):
        path = Path(f"/bounces/{sys.argv[2]}-{n}.wav")
        request = Request(path=path, fingerprint="f", out_base=path.with_suffix(".drums"), settings=Settings())
        store.submit(request, origin=Origin.FOLDER, priority=0)
        job = store.claim()
        print(job.id, flush=True)
        store.finish(job.id, {}, {"n": n})
"""


def python(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_processes_that_claim_at_once_never_get_the_same_job(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    claimers = [python(_CLAIMER, path) for _ in range(3)]  # they also make the file at once
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "open\n"
    with Store(path) as store:
        jobs = {store.submit(request_for(tmp_path / f"{n}.wav"), origin=Origin.FOLDER, priority=0).job.id for n in range(120)}
        answers = []
        for claimer in claimers:
            assert claimer.stdin is not None
            claimer.stdin.write("go\n")
            claimer.stdin.flush()
        for claimer in claimers:
            answers += claimer.communicate(timeout=60)[0].split()
            assert claimer.returncode == 0
        assert sorted(answers) == sorted(jobs)
        assert store.counts()[JobState.DONE] == len(jobs)


def test_a_process_killed_in_the_middle_of_a_change_leaves_it_undone(store: Store, tmp_path: Path) -> None:
    job = begin(store, tmp_path / "song.wav")
    with python(_STUCK_INSIDE_FINISH, store.path, job.id) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "inside\n"
        child.kill()
        assert child.wait(timeout=30) != 0
    assert store.running() == [job]
    assert store.finish(job.id, {}, {}).state is JobState.DONE


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a Unix signal")
def test_a_process_killed_at_any_moment_leaves_a_sound_store(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    finished = 0
    for round_number in range(4):
        with python(_BUSY, path, round_number) as child:
            assert child.stdout is not None
            for _ in range(20 + 7 * round_number):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
            finished += 20 + 7 * round_number - 1  # the one announced last may have been running still
        connection = sqlite3.connect(path)
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        connection.close()
        with Store(path) as store:
            counts = store.counts()
            assert counts[JobState.DONE] >= finished
            assert len(store.running()) <= 1
            for job in [*store.running(), *store.jobs(limit=10)]:
                assert store.history(job.id)[-1].state is job.state
            for job in store.running():
                store.end_cancelled(job.id)
