"""`backbeat batch` with real workers and recordings, interrupted and killed."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

LOOPS = 8
QUICK = ("--recursive", "--pdf", "none", "--beats", "none")


@pytest.fixture
def library(home: Path, audio_files: ModuleType) -> Path:
    """Eight short loops in two folders, and a file that is none."""
    folder = home / "library"
    for number in range(LOOPS):
        path = folder / ("kicks" if number % 2 else "loops") / f"loop {number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = audio_files.drum_loop(tempo_bpm=100.0 + 5 * number, bars=1).samples
        audio_files.write_sound(path, samples, subtype="PCM_16")
    (folder / "cover.wav").write_text("not a recording")
    return folder


def results(out: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in out.rglob("*.drums.json")}


def begin(home: Path, library: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "backbeat", "batch", str(library), "--out", str(home / "out"), *QUICK, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=home / "here",
        start_new_session=True,
    )


def until_there_are(out: Path, count: int, run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while len(results(out)) < count:
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def histories(home: Path) -> list[tuple[str, int, int]]:
    """State, how often it was done, and how often it was begun, of every job of the batch."""
    (database,) = (home / "data" / "batches").glob("*/jobs.sqlite")
    with closing(sqlite3.connect(database)) as store:
        return store.execute(
            "select jobs.state, sum(history.state = 'done'), sum(history.state = 'running') "
            "from jobs join history on history.job = jobs.seq group by jobs.seq"
        ).fetchall()


def test_a_batch_that_is_stopped_and_then_killed_does_every_recording_exactly_once(
    home: Path, library: Path, backbeat: Callable
) -> None:
    out = home / "out"
    stopped = begin(home, library, "--jobs", "1")
    until_there_are(out, 1, stopped)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130
    assert "the same command goes on from here" in said
    assert "running" not in {state for state, *_ in histories(home)}

    killed = begin(home, library, "--jobs", "2")
    until_there_are(out, 4, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    before = results(out)
    assert len(before) < LOOPS, "it was killed in the middle"

    done = backbeat("batch", str(library), "--out", str(out), *QUICK, "--jobs", "2", "--summary", str(home / "all.csv"))
    assert done.returncode == 1, "one file is no recording"
    assert "cover.wav is not an audio file" in done.stderr
    after = results(out)
    assert {path: after[path] for path in before} == before, "what was done was not done again"
    assert sorted(path.relative_to(out).as_posix() for path in after) == sorted(
        f"{'kicks' if number % 2 else 'loops'}/loop {number}.drums.json" for number in range(LOOPS)
    )
    assert list(out.rglob(".*")) == [], "nothing is left of what was being written"
    states = histories(home)
    assert sorted(times for state, times, _ in states if state == "done") == [1] * LOOPS
    assert [state for state, *_ in states if state != "done"] == ["failed"]

    with (home / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    assert len(rows) == LOOPS + 1
    assert rows["cover.wav"]["error_code"] == "unreadable"
    assert all(int(row["hits"]) > 0 for name, row in rows.items() if name != "cover.wav")

    again = backbeat("batch", str(library), "--out", str(out), *QUICK, "--json")
    last = json.loads(again.stdout.splitlines()[-1])
    assert (last["done"], last["done_before"], last["failed_before"], again.returncode) == (0, LOOPS, 1, 1)


def test_a_dry_run_says_what_would_be_done_and_leaves_nothing_behind(home: Path, library: Path, backbeat: Callable) -> None:
    out = home / "out"
    told = backbeat("batch", str(library), "--out", str(out), "--recursive", "--dry-run")
    assert told.returncode == 0
    assert len(told.stdout.splitlines()) == LOOPS + 1
    assert f"to do   {library / 'loops' / 'loop 0.wav'}  ->  {out / 'loops' / 'loop 0.drums'}.*" in told.stdout.splitlines()
    assert f"{LOOPS + 1} to do, 0 done, 0 failed" in told.stderr
    assert not out.exists()
    assert not (home / "data").exists()


def test_two_batches_over_the_same_folder_do_not_get_into_each_others_way(home: Path, library: Path, backbeat: Callable) -> None:
    first = begin(home, library, "--jobs", "1")
    until_there_are(home / "out", 1, first)
    first.send_signal(signal.SIGSTOP)  # it is not to be done before the second begins
    second = backbeat("batch", str(library), "--out", str(home / "out"), *QUICK)
    first.send_signal(signal.SIGCONT)
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert second.returncode == 3
    assert "running already" in second.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 1, "is not a folder"),
        (["library", "--summary", "all.xlsx"], 2, "ends neither in .csv nor in .parquet"),
        (["library", "--jobs", "0"], 2, "is below 1"),
        (["library", "--jobs", "2", "--daemon"], 2, "not allowed with"),
        (["library", "--daemon"], 3, "No daemon is running"),
        (["library", "--preset", "gneral-midi"], 2, "general-midi"),
        (["library", "--chain", "mudy-room"], 2, "muddy-room"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_begun(
    home: Path, library: Path, backbeat: Callable, arguments: list[str], code: int, words: str
) -> None:
    arguments[0] = str(home / arguments[0])
    told = backbeat("batch", *arguments)
    assert (told.returncode, words in told.stderr) == (code, True), told.stderr
    assert list(library.rglob("*.drums.*")) == []


def test_who_has_a_farm_is_told_that_this_computer_does_a_batch_alone(home: Path, backbeat: Callable) -> None:
    (home / "empty").mkdir()
    farm = ("--set", "queue.backend=celery", "--set", f"queue.storage={home}", "--set", "jobs.preload=false")
    done = backbeat("batch", str(home / "empty"), "--jobs", "1", *farm)
    assert done.returncode == 0, done.stderr
    assert "With --daemon the farm does." in done.stderr
