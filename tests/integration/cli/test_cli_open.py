"""`backbeat open`: which file it opens, in a program that stands in for MuseScore."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backbeat.cli.main import main
from backbeat.jobs.job import Job, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

Capture = pytest.CaptureFixture[str]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for MuseScore is a shell script")


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the stand-in writes the score's path to."""
    told, programs = home / "opened.txt", home / "programs"
    programs.mkdir()
    script = programs / "mscore4portable"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{told}.part"\nmv "{told}.part" "{told}"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", os.pathsep.join([str(programs), os.environ["PATH"]]))
    return told


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    (home / "data").mkdir()
    with Store(home / "data" / "jobs.sqlite") as made:
        yield made


def finished(store: Store, path: Path) -> Job:
    base = path.with_name(f"{path.stem}.drums")
    request = Request(path=path, fingerprint=os.fsencode(path.name).hex(), out_base=base, settings=Settings())
    job = store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job
    store.claim()
    notation = base.with_name(f"{base.name}.musicxml")
    notation.write_text("<score-partwise/>")
    return store.finish(job.id, {OutputKind.MUSICXML: notation}, {})


def text_of(path: Path) -> str:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, "MuseScore's stand-in was not started"
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.parametrize("ending", ["musicxml", "json"])
def test_a_file_is_opened_by_its_own_name_or_its_result_s(home: Path, opened: Path, capsys: Capture, ending: str) -> None:
    notation = home / "my song.drums.musicxml"
    notation.write_text("<score-partwise/>")
    assert main(["open", str(notation.with_suffix(f".{ending}")), "--in", "musescore"]) == 0
    assert text_of(opened) == str(notation)
    assert "is being opened in MuseScore" in capsys.readouterr().out


def test_a_job_is_opened_by_the_beginning_of_its_id_and_the_newest_without(home: Path, opened: Path, store: Store) -> None:
    older = finished(store, home / "older.wav")
    finished(store, home / "newer.wav")
    assert main(["open", older.id[:10]]) == 0
    assert text_of(opened) == str(home / "older.drums.musicxml")
    opened.unlink()
    assert main(["open"]) == 0
    assert text_of(opened) == str(home / "newer.drums.musicxml")


def test_what_is_gone_is_explained_and_the_newest_is_one_that_is_there(
    home: Path, opened: Path, store: Store, capsys: Capture
) -> None:
    finished(store, home / "older.wav")
    gone = finished(store, home / "newer.wav")
    (home / "newer.drums.musicxml").unlink()
    assert main(["open", gone.id]) == 1
    assert "is gone" in capsys.readouterr().err
    assert main(["open"]) == 0
    assert text_of(opened) == str(home / "older.drums.musicxml")


def test_without_jobs_or_file_nothing_is_started(home: Path, opened: Path, capsys: Capture) -> None:
    assert main(["open"]) == 1
    assert "There are no jobs yet" in capsys.readouterr().err
    assert main(["open", "none.drums.musicxml"]) == 1
    assert "There is no file" in capsys.readouterr().err
    assert not opened.exists()


def test_without_musescore_it_says_how_to_get_on(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    notation = home / "song.drums.musicxml"
    notation.write_text("<score-partwise/>")
    monkeypatch.setenv("PATH", str(home))
    assert main(["open", str(notation)]) == 1
    said = capsys.readouterr().err
    assert "MuseScore could not be found" in said
    assert f"open {notation} by hand" in said
