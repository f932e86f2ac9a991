"""Log lines: where they go and what they say."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from backbeat.service.logging import close_logging, job_context, setup_logging

log = logging.getLogger("backbeat.test")


@pytest.fixture(autouse=True)
def clean_logging() -> Iterator[None]:
    yield
    close_logging()


def test_plain_lines_name_their_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setup_logging("info", file=tmp_path / "logs" / "backbeat.log")
    with job_context("k3f9wq2m"):
        log.info("reading %s", "song.wav")
    log.info("idle")
    lines = (tmp_path / "logs" / "backbeat.log").read_text().splitlines()
    assert lines[0].endswith("INFO    backbeat.test [k3f9wq2m]: reading song.wav")
    assert lines[1].endswith("INFO    backbeat.test: idle")
    assert capsys.readouterr().err.splitlines() == lines


def test_json_lines_hold_the_same_and_the_traceback(tmp_path: Path) -> None:
    file = tmp_path / "backbeat.log"
    setup_logging("info", json=True, file=file)
    with job_context("k3f9wq2m"):
        try:
            int("two\nlines")
        except ValueError:
            log.exception("it broke")
    (line,) = file.read_text().splitlines()
    entry = json.loads(line)
    assert {key: entry[key] for key in ("level", "logger", "message", "job")} == {
        "level": "error",
        "logger": "backbeat.test",
        "message": "it broke",
        "job": "k3f9wq2m",
    }
    assert "ValueError: invalid literal" in entry["exception"]
    assert entry["time"].endswith("+00:00")


def test_the_level_is_for_our_lines_and_others_are_heard_from_warning_up(tmp_path: Path) -> None:
    file = tmp_path / "backbeat.log"
    setup_logging("debug", file=file)
    log.debug("ours")
    logging.getLogger("somebody.else").info("theirs")
    logging.getLogger("somebody.else").warning("their warning")
    assert [line.split(": ")[-1] for line in file.read_text().splitlines()] == ["ours", "their warning"]


def test_setting_up_again_replaces_what_was_there(tmp_path: Path) -> None:
    setup_logging("info", file=tmp_path / "first.log")
    setup_logging("error", file=tmp_path / "second.log")
    log.warning("not heard")
    log.error("heard once")
    assert (tmp_path / "first.log").read_text() == ""
    assert len((tmp_path / "second.log").read_text().splitlines()) == 1


def test_a_log_file_that_cannot_be_written_is_reported_and_done_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    setup_logging("info", file=tmp_path / "file" / "backbeat.log")
    log.info("still heard")
    said = capsys.readouterr().err
    assert "cannot be written" in said
    assert "still heard" in said


def test_file_names_that_are_not_unicode_do_not_lose_the_line(tmp_path: Path) -> None:
    file = tmp_path / "backbeat.log"
    setup_logging("info", file=file)
    log.info("reading %s", "f\udcfcr.wav")
    assert "reading f\\udcfcr.wav" in file.read_text()


def test_the_file_is_turned_over_before_it_grows_large(tmp_path: Path) -> None:
    setup_logging("info", file=tmp_path / "backbeat.log")
    for _ in range(30):
        log.info("%s", "x" * 400_000)
    files = sorted(file for file in tmp_path.iterdir() if file.suffix != ".lock")
    assert [file.name for file in files] == ["backbeat.log", *(f"backbeat.log.{n}" for n in range(1, 5))]
    assert all(file.stat().st_size <= 2_000_000 for file in files)


def test_size_and_number_of_the_files_are_the_configs_and_no_line_is_torn(tmp_path: Path) -> None:
    setup_logging("info", file=tmp_path / "backbeat.log", max_mb=0.01, keep=2)
    for number in range(1000):
        log.info("line %d", number)
    files = [tmp_path / name for name in ("backbeat.log.2", "backbeat.log.1", "backbeat.log")]
    assert {path for path in tmp_path.iterdir() if path.suffix != ".lock"} == set(files)
    assert all(0 < file.stat().st_size <= 10_000 for file in files)
    lines = [line.rsplit(" ", 1)[1] for file in files for line in file.read_text().splitlines()]
    assert lines == [str(number) for number in range(1000 - len(lines), 1000)]
