"""`backbeat jobs` on a real store, with no daemon running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.errors import AudioTruncated
from backbeat.jobs.job import Job, JobState, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind, Stage

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    (home / "data").mkdir()
    with Store(home / "data" / "jobs.sqlite") as opened:
        yield opened


def submit(store: Store, path: Path, settings: Settings | None = None) -> Job:
    request = Request(
        path=path,
        fingerprint=os.fsencode(path.name).hex(),
        out_base=path.with_name(f"{path.stem}.drums"),
        settings=settings or Settings(),
    )
    return store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job


def finished(store: Store, path: Path) -> Job:
    job = submit(store, path, Settings(bpm=120.0, keep_stem=True))
    store.claim()
    midi = path.with_name(f"{path.stem}.drums.mid")
    midi.write_bytes(b"MThd")
    return store.finish(job.id, {OutputKind.MIDI: midi}, {"bpm": 120.04, "confidence": 0.8, "hits": 312})


def failed(store: Store, path: Path) -> Job:
    job = submit(store, path)
    store.claim()
    return store.fail(job.id, AudioTruncated.code, "cut.wav ends too early.", AudioTruncated.advice)


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_before_the_first_job_the_list_is_empty_and_nothing_is_made(home: Path, capsys: Capture, flags: list[str]) -> None:
    assert main(["jobs", "list", *flags]) == 0
    assert capsys.readouterr().out == ""
    assert not (home / "data").exists()


@pytest.mark.parametrize("action", ["show", "retry", "cancel"])
def test_before_the_first_job_there_is_none_to_work_on(home: Path, capsys: Capture, action: str) -> None:
    assert main(["jobs", action, "abc"]) == 1
    assert "There are no jobs yet." in capsys.readouterr().err


def test_the_list_tells_state_and_result_newest_first(store: Store, home: Path, capsys: Capture) -> None:
    done, bad = finished(store, home / "song.wav"), failed(store, home / "cut.wav")
    running = submit(store, home / "now.wav")
    store.claim()
    store.progress(running.id, Stage.HITS, 0.5)
    waiting = submit(store, home / "next.wav")
    assert main(["jobs", "list"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["job", "state", "when", "recording", "result"]
    assert [row.split()[0] for row in rows] == [waiting.id, running.id, bad.id, done.id]
    assert [row.split()[1] for row in rows] == ["queued", "running", "failed", "done"]
    for row, words in zip(rows, ("asked for", "hits, 50 %", "cut.wav ends too early.", "312 hits, 120.0 BPM"), strict=True):
        assert words in row


def test_the_list_can_be_limited_by_state_and_number(store: Store, home: Path, capsys: Capture) -> None:
    finished(store, home / "song.wav")
    bad = failed(store, home / "cut.wav")
    waiting = submit(store, home / "next.wav")
    main(["jobs", "list", "--state", "failed", "--state", "queued", "--json"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [job["job"] for job in told] == [waiting.id, bad.id]
    main(["jobs", "list", "--limit", "1", "--json"])
    assert [json.loads(line)["job"] for line in capsys.readouterr().out.splitlines()] == [waiting.id]


def test_scripts_get_everything_about_a_job(store: Store, home: Path, capsys: Capture) -> None:
    job = failed(store, home / "cut.wav")
    assert main(["jobs", "show", job.id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["error"] == {"code": "truncated", "message": "cut.wav ends too early.", "advice": AudioTruncated.advice}
    assert (told["state"], told["path"], told["attempts"]) == ("failed", str(home / "cut.wav"), 1)
    assert [entry["state"] for entry in told["history"]] == ["queued", "running", "failed"]
    assert told["settings"]["engine"] == "net"


def test_show_tells_people_files_settings_and_history(store: Store, home: Path, capsys: Capture) -> None:
    job = finished(store, home / "song.wav")
    assert main(["jobs", "show", job.id[:4]]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Job {job.id}: 312 hits, 120.0 BPM\n")
    assert "settings   bpm=120.0, keep_stem=True\n" in told
    assert f"midi       {home / 'song.drums.mid'}\n" in told
    assert [line.split()[2] for line in told.splitlines()[-3:]] == ["queued", "running", "done"]

    (home / "song.drums.mid").unlink()
    main(["jobs", "show", job.id])
    assert "song.drums.mid  (gone)" in capsys.readouterr().out


def test_a_failed_job_can_be_queued_again(store: Store, home: Path, capsys: Capture) -> None:
    job = failed(store, home / "cut.wav")
    assert main(["jobs", "retry", job.id]) == 0
    assert f"Job {job.id} (cut.wav) is queued again" in capsys.readouterr().out
    assert store.changed_elsewhere()
    assert store.jobs()[0].state is JobState.QUEUED


def test_a_job_that_is_done_cannot_be_retried_and_the_reason_is_told(store: Store, home: Path, capsys: Capture) -> None:
    job = finished(store, home / "song.wav")
    assert main(["jobs", "retry", job.id]) == 1
    assert "only failed and cancelled jobs can be tried again" in capsys.readouterr().err


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(store: Store, home: Path, capsys: Capture) -> None:
    running = submit(store, home / "now.wav")
    store.claim()
    waiting = submit(store, home / "next.wav")
    assert main(["jobs", "cancel", waiting.id]) == 0
    assert main(["jobs", "cancel", running.id]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Job {waiting.id} (next.wav) is cancelled.",
        f"Job {running.id} (now.wav) will stop within a moment.",
    ]
    assert store.cancel_requests() == [running.id]


def test_cancelling_a_job_that_has_ended_fails_and_says_so(store: Store, home: Path, capsys: Capture) -> None:
    job = finished(store, home / "song.wav")
    assert main(["jobs", "cancel", job.id]) == 1
    assert "has ended already: it is done." in capsys.readouterr().out


def test_a_job_that_does_not_exist_is_told(store: Store, home: Path, capsys: Capture) -> None:
    finished(store, home / "song.wav")
    assert main(["jobs", "show", "nonsense"]) == 1
    assert "There is no job 'nonsense'." in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="only here may names of files be any bytes")
def test_a_name_that_is_not_unicode_is_shown_all_the_same(
    store: Store, home: Path, backbeat: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    submit(store, home / os.fsdecode(b"caf\xe9.wav"))
    done = backbeat("jobs", "list", environ={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "caf\\udce9.wav" in done.stdout
