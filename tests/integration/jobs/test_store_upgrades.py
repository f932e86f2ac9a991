"""Stores of earlier versions are brought up to date without losing a row; newer ones are left alone.

`tests/goldens/stores/version-N.sql` is what Backbeat wrote when that was its version. It is never rewritten.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from backbeat.errors import StoreError
from backbeat.intake.file_stamp import FileStamp
from backbeat.jobs.job import JobState, Origin
from backbeat.jobs.migrations import VERSION, copy_of, migrate
from backbeat.jobs.queries import schema_statements
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

GOLDENS = Path(__file__).parents[2] / "goldens" / "stores"
VERSIONS = range(1, VERSION + 1)
NEXT = [schema_statements("schema.sql")] * VERSION + [
    ["alter table jobs add column mood text not null default 'calm'", "update jobs set mood = 'done' where state = 'done'"]
]
"""The steps of a version that does not exist yet; those before the last are not run."""

NAMES = {"done.wav", "failed.wav", "cancelled.wav", "song.wav", "short.wav", "running ö.wav"}


def make_store(path: Path, version: int) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((GOLDENS / f"version-{version}.sql").read_text(encoding="utf-8"))
    return path


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [*connection.iterdump(), *map(str, connection.execute("pragma user_version").fetchone())]


@pytest.fixture(params=VERSIONS)
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of an earlier version."""
    return make_store(tmp_path / "jobs.sqlite", request.param)


def test_every_version_that_was_ever_out_has_a_golden() -> None:
    assert sorted(path.name for path in GOLDENS.glob("*.sql")) == sorted(f"version-{version}.sql" for version in VERSIONS)


def test_every_job_and_its_history_is_there(earlier: Path) -> None:
    with Store(earlier) as store:
        jobs = {job.state: job for job in reversed(store.jobs())}
        assert {job.path.name for job in store.jobs()} == NAMES
        assert store.counts() == dict.fromkeys(JobState, 1) | {JobState.FAILED: 2}
        done, running = jobs[JobState.DONE], jobs[JobState.RUNNING]
        assert [entry.state for entry in store.history(done.id)] == [JobState.QUEUED, JobState.RUNNING, JobState.DONE]
        assert (done.summary, done.settings.quantize, str(done.settings.meter)) == ({"bpm": 120.0, "hits": 7}, 50, "7/8")
        assert done.settings.grid == Settings().grid  # a setting that there was not then
        assert (running.cancel_requested, running.stage, running.fraction) == (True, Stage.READ, 0.25)
        assert jobs[JobState.FAILED].error_code in {"unreadable", "truncated"}
        stamp = FileStamp(size=1000, mtime_ns=1_700_000_000_000_000_000, inode=2**63 + 5)
        seen = store.seen(Path("/bounces/done.wav"))
        assert seen is not None
        assert (seen.stamp, seen.job_id) == (stamp, done.id)
        assert store.watched_since(Path("/bounces")) is not None
        assert store.outputs(done.id)[OutputKind.MIDI].size == 321
        assert store.is_own_output(Path("/bounces/done.drums.mid"), FileStamp(size=321, mtime_ns=stamp.mtime_ns, inode=0))


def test_work_goes_on(earlier: Path) -> None:
    with Store(earlier) as store:
        (queued,) = store.jobs(states=[JobState.QUEUED])
        claimed = store.claim()
        assert claimed is not None
        assert (claimed.id, claimed.path.name) == (queued.id, "song.wav")
        assert store.finish(claimed.id, {}, {}).state is JobState.DONE
        request = Request(path=Path("/b/new.wav"), fingerprint="2" * 64, out_base=Path("/b/new.drums"), settings=Settings())
        assert store.submit(request, origin=Origin.FOLDER, priority=0).is_new


def test_settings_that_this_version_does_not_have_are_as_by_default(earlier: Path) -> None:
    with closing(sqlite3.connect(earlier)) as connection:
        connection.execute("""update jobs set settings = '{"engine": "net", "pdf": "quill", "wobble": 3, "quantize": 50}'""")
        connection.commit()
    with Store(earlier) as store:
        for job in store.jobs():
            assert job.settings == Settings(engine="net", quantize=50)


@pytest.fixture
def upgraded(earlier: Path) -> tuple[Path, list[str]]:
    """The store at a version that is still to come, and what was in it before."""
    with Store(earlier):
        pass
    before = content(earlier)
    with closing(sqlite3.connect(earlier, isolation_level=None)) as connection:
        migrate(connection, earlier, NEXT)
    return earlier, before


def test_a_step_changes_every_row_and_keeps_what_was_there_beside_it(upgraded: tuple[Path, list[str]]) -> None:
    path, before = upgraded
    with closing(sqlite3.connect(path)) as connection:
        moods = dict(connection.execute("select mood, count(*) from jobs group by mood").fetchall())
        assert moods == {"calm": 6, "done": 1}
        assert connection.execute("pragma user_version").fetchone() == (VERSION + 1,)
        assert connection.execute("pragma foreign_key_check").fetchall() == []
    assert content(copy_of(path, VERSION)) == before
    assert {file.name for file in path.parent.iterdir() if not file.name.endswith(("-wal", "-shm"))} == {
        path.name,
        copy_of(path, VERSION).name,
    }


def test_the_copy_is_a_store_to_go_back_to(upgraded: tuple[Path, list[str]]) -> None:
    path, _ = upgraded
    path.unlink()
    copy_of(path, VERSION).rename(path)
    with Store(path) as store:
        assert {job.path.name for job in store.jobs()} == NAMES


def test_what_is_up_to_date_is_neither_changed_nor_copied(upgraded: tuple[Path, list[str]]) -> None:
    path, _ = upgraded
    copy_of(path, VERSION).unlink()
    before = content(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, NEXT)
    assert content(path) == before
    assert not copy_of(path, VERSION).exists()


def test_a_newer_store_is_refused_and_left_as_it_is(upgraded: tuple[Path, list[str]]) -> None:
    path, _ = upgraded
    before = path.read_bytes(), content(path)
    with pytest.raises(
        StoreError, match=rf"made by a newer Backbeat \(version {VERSION + 1}; this one knows {VERSION}\)"
    ) as caught:
        Store(path)
    assert caught.value.advice == "Update Backbeat, or set another jobs.data_folder in the config."
    assert (path.read_bytes(), content(path)) == before


def test_a_step_that_fails_leaves_the_earlier_version(earlier: Path) -> None:
    before = content(earlier)
    with closing(sqlite3.connect(earlier, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, earlier, [*NEXT[:-1], [*NEXT[-1], "update no_such_table set x = 1"]])
        assert not connection.in_transaction
    assert content(earlier) == before


KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from backbeat.jobs.migrations import migrate

path, steps = Path(sys.argv[1]), [[]] * int(sys.argv[2]) + [sys.argv[4:]]
connection = sqlite3.connect(path, isolation_level=None)
connection.execute("pragma journal_mode = wal")
left = int(sys.argv[3])

def trace(statement):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

connection.set_trace_callback(trace)
migrate(connection, path, steps)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("at", range(1, 9))
def test_killed_at_any_statement_it_is_old_or_new_and_the_next_start_finishes(tmp_path: Path, at: int) -> None:
    path = make_store(tmp_path / "jobs.sqlite", VERSION)
    before = content(path)
    killed = subprocess.run([sys.executable, "-c", KILLED, path, str(VERSION), str(at), *NEXT[-1]], timeout=60, check=False)
    assert killed.returncode in {0, -signal.SIGKILL}
    (version,) = content(path)[-1:]
    if version == str(VERSION):
        assert content(path) == before
    else:
        assert version == str(VERSION + 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, NEXT)
        assert connection.execute("select count(*) from jobs where mood = 'done'").fetchone() == (1,)
    assert content(copy_of(path, VERSION)) == before


def test_a_killed_process_was_really_killed_in_the_middle(tmp_path: Path) -> None:
    """Guards the test above: the second statement of the step is reached, and what the first did is gone."""
    if sys.platform == "win32":
        pytest.skip("SIGKILL")
    path = make_store(tmp_path / "jobs.sqlite", VERSION)
    command = [sys.executable, "-c", KILLED, path, str(VERSION), "4", *NEXT[-1]]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    assert not any("mood" in line for line in content(path))


def test_without_room_for_the_copy_the_store_stays_as_it_is(earlier: Path) -> None:
    before = content(earlier)
    copy_of(earlier, VERSION).mkdir()  # whatever keeps the copy from being written
    (copy_of(earlier, VERSION) / "file").touch()
    with closing(sqlite3.connect(earlier, isolation_level=None)) as connection:
        with pytest.raises(StoreError, match="of an earlier version, and cannot be copied before it is changed"):
            migrate(connection, earlier, NEXT)
        assert not connection.in_transaction
    assert content(earlier) == before


def test_two_processes_that_start_at_once_migrate_once(earlier: Path) -> None:
    script = KILLED.replace("left = int(sys.argv[3])", "left = 0")
    command = [sys.executable, "-c", script, earlier, str(VERSION), "0", *NEXT[-1]]
    processes = [subprocess.Popen(command, env={**os.environ}) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert content(earlier)[-1] == str(VERSION + 1)
