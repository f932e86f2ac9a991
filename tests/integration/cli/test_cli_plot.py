"""`backbeat plot`, on results that `transcribe` made and on jobs of the daemon's store."""

from __future__ import annotations

import json
import os
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backbeat.cli.main import main
from backbeat.jobs.job import Job, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import OutputKind

Capture = pytest.CaptureFixture[str]
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def transcribed(tmp_path_factory: pytest.TempPathFactory, audio_files) -> Path:
    """A folder with loop.wav and its results, among them the picture that the job drew."""
    folder = tmp_path_factory.mktemp("transcribed")
    loop = audio_files.write_sound(folder / "loop.wav", audio_files.drum_loop().samples, subtype="PCM_16")
    (folder / "config.toml").write_text("[jobs]\ndata_folder = 'data'\n", "utf-8")
    assert main(["transcribe", str(loop), "--picture", "svg", "--pdf", "none", "--config", str(folder / "config.toml")]) == 0
    return folder


@pytest.fixture
def here(home: Path, transcribed: Path) -> Path:
    """The working folder with the recording and its result; both were somewhere else when it was made."""
    shutil.copy(transcribed / "loop.wav", home / "here")
    shutil.copy(transcribed / "loop.drums.json", home / "here")
    return home / "here"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    (home / "data").mkdir()
    with Store(home / "data" / "jobs.sqlite") as opened:
        yield opened


def done_job(store: Store, path: Path) -> Job:
    request = Request(path=path, fingerprint="a", out_base=path.with_suffix(".drums"), settings=Settings())
    job = store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job
    store.claim()
    return store.finish(job.id, {OutputKind.JSON: request.output(OutputKind.JSON)}, {})


def document(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "loop.drums.json").read_bytes())
    return read


def groups(svg: Path) -> set[str]:
    return {group.get("id", "") for group in ET.parse(svg).iter(f"{SVG}g")}


def test_a_job_draws_its_picture_by_itself_and_names_it_in_its_result(transcribed: Path) -> None:
    assert document(transcribed)["outputs"]["svg"] == str(transcribed / "loop.drums.svg")
    assert {"waveform", "bars", "beats"} <= groups(transcribed / "loop.drums.svg")


def test_the_picture_of_a_result_is_the_one_that_its_job_drew(transcribed: Path, tmp_path: Path) -> None:
    assert main(["plot", str(transcribed / "loop.wav"), "--out", str(tmp_path / "again.svg")]) == 0
    assert (tmp_path / "again.svg").read_bytes() == (transcribed / "loop.drums.svg").read_bytes()


@pytest.mark.parametrize("what", ["loop.wav", "loop.drums.json", ".", "./loop.wav"])
def test_a_recording_its_result_or_their_folder_can_be_named(here: Path, capsys: Capture, what: str) -> None:
    assert main(["plot", what]) == 0
    assert capsys.readouterr().out == f"{here / 'loop.drums.png'}\n"
    assert (here / "loop.drums.png").read_bytes().startswith(PNG)


def test_a_recording_that_was_moved_with_its_result_still_has_its_waveform(here: Path) -> None:
    assert main(["plot", "loop.drums.json", "--format", "svg"]) == 0
    assert "waveform" in groups(here / "loop.drums.svg")


def test_a_job_can_be_named_by_the_beginning_of_its_id(store: Store, here: Path, capsys: Capture) -> None:
    job = done_job(store, here / "loop.wav")
    assert main(["plot", job.id[:4], "--format", "svg", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"result": str(here / "loop.drums.json"), "ok": True, "picture": str(here / "loop.drums.svg")}


def test_the_name_of_the_picture_chooses_its_format(here: Path) -> None:
    assert main(["plot", "loop.wav", "--out", "a.SVG"]) == 0
    assert (here / "a.SVG").read_bytes().startswith(b"<?xml")
    assert main(["plot", "loop.wav", "--out", "a.png"]) == 0
    assert (here / "a.png").read_bytes().startswith(PNG)


def test_a_stretch_and_the_length_of_rows_can_be_chosen(here: Path) -> None:
    main(["plot", "loop.wav", "--out", "whole.svg"])
    assert main(["plot", "loop.wav", "--out", "part.svg", "--from", "2", "--to", "4"]) == 0
    assert main(["plot", "loop.wav", "--out", "rows.svg", "--seconds-per-row", "2"]) == 0
    heights = [float(ET.parse(here / name).getroot().get("height", "").removesuffix("pt")) for name in ("whole.svg", "rows.svg")]
    assert heights[1] > 2 * heights[0]
    bars = [len([gid for gid in groups(here / name) if gid.startswith("bar-")]) for name in ("whole.svg", "part.svg")]
    assert bars[1] < bars[0]


def test_what_cannot_be_drawn_does_not_stop_the_rest(here: Path, capsys: Capture) -> None:
    (here / "bad.drums.json").write_text("{", "utf-8")
    assert main(["plot", "."]) == 1
    told = capsys.readouterr()
    assert (here / "loop.drums.png").exists()
    assert "bad.drums.json is damaged." in told.err
    assert "1 of 2 failed." in told.err
    assert main(["plot", "--json", "."]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["ok"], line.get("code")) for line in lines] == [(False, "output"), (True, None)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["abc"], "There are no jobs yet."),
        (["gone.wav"], "There is no file "),
        (["gone.drums.json"], "cannot be read: No such file"),
        (["other.wav"], "There is no result of other.wav beside it."),
        (["empty"], "There are no results in "),
        (["newer.drums.json"], "was written by a newer version of Backbeat."),
        (["newer.wav"], "was written by a newer version of Backbeat."),
        (["other.json"], "is not a result of Backbeat."),
        (["loop.wav", "--from", "60"], "There is nothing to draw from 60 s on: loop is 8.0 s long."),
        (["loop.wav", "--from", "3", "--to", "2"], "There is nothing to draw from 3 to 2 s."),
        (["loop.wav", "--seconds-per-row", "0.1"], "With 0.1 s in a row the picture would be 80 rows high"),
        (["loop.wav", "--out", "a.jpg"], "Pictures are written as png or svg, not as .jpg."),
        (["loop.wav", "--out", "a.png", "--format", "svg"], "a.png is to be svg, but its name says png."),
        (["loop.wav", "loop.drums.json", "--out", "a.png"], "--out names one file, but there are 2 results to draw."),
        (["loop.wav", "--out", "nowhere/a.png"], "a.png could not be written: the folder "),
    ],
)
def test_what_is_wrong_is_said_in_words_and_nothing_is_left(here: Path, capsys: Capture, words: list[str], told: str) -> None:
    (here / "other.wav").write_bytes(b"RIFF")
    (here / "newer.wav").write_bytes(b"RIFF")
    (here / "empty").mkdir()
    (here / "newer.drums.json").write_text('{"schema_version": 99}', "utf-8")
    (here / "other.json").write_text("[1, 2]", "utf-8")
    before = sorted(path.name for path in here.iterdir())
    assert main(["plot", *words]) == 1
    assert told in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == before


@pytest.mark.parametrize("words", [["--from", "-1"], ["--to", "soon"], ["--seconds-per-row", "0"], ["--format", "jpg"]])
def test_values_that_cannot_be_meant_are_wrong_usage(here: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["plot", "loop.wav", *words])
    assert ended.value.code == 2


def test_a_job_without_a_result_is_told_so(store: Store, here: Path, capsys: Capture) -> None:
    request = Request(path=here / "new.wav", fingerprint="b", out_base=here / "new.drums", settings=Settings())
    job = store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job
    assert main(["plot", job.id]) == 1
    assert f"Job {job.id} (new.wav) has no result to draw: it is queued." in capsys.readouterr().err
    assert main(["plot", "zzzz"]) == 1
    assert "There is no job 'zzzz'." in capsys.readouterr().err


def test_a_result_that_a_later_job_replaced_is_not_drawn_as_if_it_were_the_earlier_ones(
    store: Store, here: Path, capsys: Capture
) -> None:
    earlier = done_job(store, here / "loop.wav")
    request = Request(path=here / "loop.wav", fingerprint="b", out_base=here / "loop.drums", settings=Settings())
    later = store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job
    store.claim()
    store.finish(later.id, {OutputKind.JSON: request.output(OutputKind.JSON)}, {})
    assert main(["plot", earlier.id]) == 1
    assert "was replaced by that of a later job." in capsys.readouterr().err
    assert main(["plot", later.id]) == 0


def test_two_recordings_that_differ_in_their_ending_have_each_their_own(here: Path, capsys: Capture) -> None:
    """`loop.wav` has loop.drums.json, so the result of `loop.flac` is at loop.flac.drums.json."""
    read = document(here)
    (here / "loop.flac").write_bytes(b"fLaC")
    (here / "loop.drums.json").write_text(json.dumps(read | {"source": str(here / "loop.wav")}), "utf-8")
    (here / "loop.flac.drums.json").write_text(json.dumps(read | {"source": str(here / "loop.flac")}), "utf-8")
    assert main(["plot", "loop.flac"]) == 0
    assert capsys.readouterr().out == f"{here / 'loop.flac.drums.png'}{os.linesep}"
