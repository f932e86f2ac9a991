"""The plugin and the drumset in MuseScore 3 itself, without its window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from backbeat.resources import integrations_folder

FOLDER = integrations_folder() / "musescore"

DRIVER = """
import QtQuick 2.0
import MuseScore 3.0

Backbeat {
    function named(items, name) {
        for (var i = 0; i < items.length; i++) {
            var found = items[i].objectName === name ? items[i] : named(items[i].children, name)
            if (found) return found
        }
        return null
    }

    onRun: {
        console.log("LISTED " + JSON.stringify({results: results, message: message}))
        if (results.length) {
            var list = named(children, "results")
            list.forceLayout()
            console.log("SHOWN " + list.contentItem.children.length)
            named(list.contentItem.children, "click").clicked(null)
            console.log("SCORE " + curScore.title + " " + curScore.nmeasures)
            writeScore(curScore, "%s", "mscx")
        }
    }
}
"""


@pytest.fixture
def musescore(program: Callable[[str, str], str], tmp_path: Path) -> Callable[..., str]:
    """Run MuseScore without a window, with settings of its own; gives back what it said."""
    path = program("musescore3", "musescore3")

    def run(*arguments: str) -> str:
        homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
        environment = {**os.environ, **homes, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(
            [path, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=True, errors="replace"
        )
        return done.stdout + done.stderr

    return run


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The plugin with one beside it that does what a user would do with the mouse; returns the latter."""
    folder = tmp_path / "plugins with spaces"
    folder.mkdir()
    shutil.copy(FOLDER / "Backbeat.qml", folder)
    driver = folder / "Driver.qml"
    driver.write_text(DRIVER % (tmp_path / "opened.mscx"), "utf-8")
    return driver


def command_that_lists(tmp_path: Path, jobs: list[dict[str, str]], plugin: Path) -> Path:
    """A stand-in for `backbeat`; what it was asked for is in the file that this returns."""
    asked, command = tmp_path / "asked.txt", tmp_path / "the backbeat"
    (tmp_path / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in jobs), "utf-8")
    command.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > "{asked}"\ncat "{tmp_path / "jobs.jsonl"}"\n')
    command.chmod(0o755)
    (plugin.parent / "command.txt").write_text(f"{command}\n", "utf-8")
    return asked


def job(base: Path, recording: str) -> dict[str, str]:
    return {"out_base": str(base), "path": recording, "updated_at": "2026-11-22T10:30:00+00:00"}


def test_it_lists_the_results_that_are_there_newest_first_and_opens_one(
    musescore: Callable[..., str], repository: Path, tmp_path: Path, plugin: Path
) -> None:
    notation = tmp_path / "Übung 1.drums.musicxml"
    shutil.copy(repository / "tests" / "goldens" / "groove.musicxml", notation)
    base = notation.with_suffix("")
    jobs = [job(tmp_path / "gone.drums", "/b/gone.wav"), job(base, "/b/Übung 1.wav"), job(base, "/b/Übung 1.wav")]
    asked = command_that_lists(tmp_path, jobs, plugin)
    said = musescore("-p", str(plugin))
    assert asked.read_text() == "jobs|list|--state|done|--limit|50|--json|"
    (listed,) = [json.loads(line.split("LISTED ", 1)[1]) for line in said.splitlines() if "LISTED " in line]
    assert listed == {"results": [{"name": "Übung 1.wav", "when": "2026-11-22 10:30", "path": str(notation)}], "message": ""}
    measures = len(ET.parse(notation).getroot().findall("part/measure"))
    assert f"SCORE Golden groove {measures}" in said
    opened = ET.parse(tmp_path / "opened.mscx").getroot()
    assert len(opened.findall("Score/Staff/Measure")) == measures


@pytest.mark.parametrize(("is_there", "message"), [(True, "There are no results yet"), (False, "did not answer")])
def test_without_results_or_command_it_says_what_to_do(
    musescore: Callable[..., str], tmp_path: Path, plugin: Path, is_there: bool, message: str
) -> None:
    command_that_lists(tmp_path, [], plugin)
    if not is_there:
        (plugin.parent / "command.txt").write_text(str(tmp_path / "none"), "utf-8")
    said = musescore("-p", str(plugin))
    (listed,) = [json.loads(line.split("LISTED ", 1)[1]) for line in said.splitlines() if "LISTED " in line]
    assert listed["results"] == []
    assert message in listed["message"]


def test_where_plugins_cannot_open_files_the_command_is_asked_to(
    musescore: Callable[..., str], tmp_path: Path, plugin: Path
) -> None:
    """As in MuseScore 4.0, whose readScore does nothing and gives back nothing."""
    notation = tmp_path / "my song.drums.musicxml"
    notation.write_text("<score-partwise/>")
    asked = command_that_lists(tmp_path, [job(notation.with_suffix(""), "/b/my song.wav")], plugin)
    as_in_4 = "Backbeat {\n    function readScore(path) { return null }\n"
    plugin.write_text(plugin.read_text("utf-8").replace("Backbeat {", as_in_4), "utf-8")
    said = musescore("-p", str(plugin))
    assert "SCORE my song" not in said
    assert asked.read_text() == f"open|{notation}|--in|musescore|"


def test_musescore_reads_each_drum_of_the_drumset_as_it_is_meant(
    musescore: Callable[..., str], repository: Path, tmp_path: Path
) -> None:
    score = tmp_path / "score.mscx"
    musescore("-o", str(score), str(repository / "tests" / "goldens" / "groove.musicxml"))
    tree = ET.parse(score)
    (instrument,) = tree.getroot().iter("Instrument")
    for drum in instrument.findall("Drum"):
        instrument.remove(drum)
    ours = ET.parse(FOLDER / "Backbeat.drm").getroot().findall("Drum")
    for place, drum in enumerate(ours):
        instrument.insert(list(instrument).index(instrument.find("useDrumset")) + 1 + place, drum)
    tree.write(score, "utf-8", xml_declaration=True)
    again = tmp_path / "again.mscx"
    musescore("-o", str(again), str(score))
    read = {drum.get("pitch"): fields(drum) for drum in ET.parse(again).getroot().iter("Drum")}
    assert read == {drum.get("pitch"): fields(drum) for drum in ours}


def fields(drum: ET.Element) -> dict[str, str | None]:
    return {name: drum.findtext(name) for name in ("head", "line", "voice", "name", "stem")}
