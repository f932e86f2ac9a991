"""`backbeat doctor` on this very computer, with folders and ports as the test makes them."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from backbeat.cli.main import main

Capture = pytest.CaptureFixture[str]


def report(capsys: Capture, *flags: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["doctor", "--json", *flags])
    return code, json.loads(capsys.readouterr().out)


def only(findings: list[dict[str, Any]], area: str, name: str = "") -> dict[str, Any]:
    (found,) = [finding for finding in findings if finding["area"] == area and name in finding["name"]]
    return found


def test_a_whole_installation_can_transcribe_and_the_report_covers_everything(home: Path, capsys: Capture) -> None:
    code, findings = report(capsys)
    assert code == 0
    areas = {finding["area"] for finding in findings} - {"installed in"}  # only where there is one of these programs
    assert areas == {
        "config", "backbeat", "engines", "models", "folders", "jobs", "osc", "midi", "ableton live", "programs", "audio formats",
        "extras",
    }  # fmt: skip
    assert only(findings, "engines", "annoteator")["verdict"] == "ok"
    assert "htdemucs" in [finding["name"] for finding in findings if finding["area"] == "models"]
    assert {"WAV", "FLAC", "MP3"} <= set(only(findings, "audio formats", "libsndfile")["detail"].split(", "))


def test_whatever_is_not_ok_says_what_to_do(home: Path, capsys: Capture) -> None:
    _, findings = report(capsys, "--set", "midi.port=nonsense", "--set", "osc.enabled=false")
    for finding in findings:
        assert finding["verdict"] == "ok" or finding["advice"], finding


def test_people_get_it_by_area_with_a_verdict_at_the_end(home: Path, capsys: Capture) -> None:
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"config\n  ok    {home / 'config.toml'}: no mistakes\n")
    assert told.endswith("\nRecordings can be transcribed.\n")


def test_mistakes_in_the_config_are_a_problem_and_the_rest_is_looked_at_all_the_same(home: Path, capsys: Capture) -> None:
    (home / "config.toml").write_text("[osc]\nprot = 1\n", "utf-8")
    code, findings = report(capsys)
    assert code == 1
    assert only(findings, "config")["verdict"] == "problem"
    assert "Did you mean osc.port?" in only(findings, "config")["detail"]
    assert only(findings, "engines", "annoteator")["verdict"] == "ok"


def test_watched_folders_are_told_apart_by_what_is_wrong_with_them(home: Path, capsys: Capture) -> None:
    good = home / "good"
    good.mkdir()
    file = home / "file.wav"
    file.touch()
    (home / "config.toml").write_text(
        "[[watch]]\npath = 'good'\n[[watch]]\npath = 'gone'\n[[watch]]\npath = 'file.wav'\n", "utf-8"
    )
    code, findings = report(capsys)
    assert code == 0
    watched = [finding for finding in findings if finding["name"] == "watched"]
    assert [finding["verdict"] for finding in watched] == ["ok", "warning", "warning"]
    assert "GB free" in watched[0]["detail"]
    assert watched[1]["detail"] == f"{home / 'gone'} is not there"
    assert watched[2]["detail"] == f"{file} is not a folder"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind the superuser")
def test_a_watched_folder_that_cannot_be_written_is_a_problem(home: Path, capsys: Capture) -> None:
    locked = home / "locked"
    locked.mkdir(mode=0o500)
    (home / "config.toml").write_text("[[watch]]\npath = 'locked'\n", "utf-8")
    code, findings = report(capsys)
    assert code == 1
    assert only(findings, "folders", "watched")["detail"] == f"{locked} cannot be written"


def test_a_data_folder_behind_a_file_is_a_problem(home: Path, capsys: Capture) -> None:
    (home / "data").touch()
    code, findings = report(capsys)
    assert code == 1
    assert only(findings, "folders", "data")["detail"] == f"{home / 'data'} is a file"


def test_a_free_osc_port_is_ok_and_a_taken_one_is_told(home: Path, capsys: Capture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = f"osc.port={other.getsockname()[1]}"
        _, taken = report(capsys, "--set", port)
    _, free = report(capsys, "--set", port)
    assert only(taken, "osc")["verdict"] == "warning"
    assert "no Backbeat answers there" in only(taken, "osc")["detail"]
    assert only(free, "osc")["verdict"] == "ok"
    assert only(free, "osc")["detail"] == "free; no daemon is running"


def test_the_port_of_a_clock_to_follow_is_looked_for(home: Path, capsys: Capture) -> None:
    _, findings = report(capsys, "--set", "midi.clock=mtc", "--set", "midi.clock_port=no such port")
    assert only(findings, "midi", "clock")["verdict"] == "warning"
    assert only(findings, "midi", "clock")["detail"] == "'no such port' is not there"
    _, findings = report(capsys, "--set", "midi.clock=midi")
    assert only(findings, "midi", "clock")["verdict"] == ("warning" if sys.platform == "win32" else "ok")


def test_a_midi_port_that_is_not_there_is_told(home: Path, capsys: Capture) -> None:
    _, findings = report(capsys, "--set", "midi.port=no such port")
    assert only(findings, "midi")["verdict"] == "warning"
    assert only(findings, "midi")["detail"] == "'no such port' is not there"


def test_an_engraver_that_is_not_installed_matters_only_when_it_is_chosen(
    home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(home))
    _, chosen = report(capsys, "--set", "transcribe.pdf=lilypond")
    _, unchosen = report(capsys, "--set", "transcribe.pdf=none")
    assert only(chosen, "programs", "lilypond")["verdict"] == "warning"
    assert only(unchosen, "programs", "lilypond")["verdict"] == "off"
    assert only(chosen, "programs", "ffmpeg")["verdict"] == "warning"


def test_the_built_in_engraver_is_there_and_makes_the_pdf(home: Path, capsys: Capture) -> None:
    _, shipped = report(capsys)
    verovio = only(shipped, "programs", "verovio")
    assert verovio["verdict"] == "ok"
    assert verovio["detail"].endswith("built in: makes the PDF")
    _, other = report(capsys, "--set", "transcribe.pdf=musescore")
    assert only(other, "programs", "verovio")["detail"].endswith("not the chosen engraver")


def test_programs_are_told_with_their_versions(home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    program = home / "ffmpeg"
    program.write_text("#!/bin/sh\necho ffmpeg version 99.1\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    _, findings = report(capsys)
    assert only(findings, "programs", "ffmpeg")["detail"] == f"ffmpeg version 99.1 ({program})"
    program.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    _, findings = report(capsys)
    assert only(findings, "programs", "ffmpeg")["detail"] == f"{program} does not start"
