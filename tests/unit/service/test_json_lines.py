"""With `log.json`, whatever is logged is one line that is one object."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from backbeat.service.logging import JsonLines, close_logging, job_context, note_stage, setup_logging
from backbeat.service.worker_channel import JobMonitor, LogToDaemon, Outgoing
from backbeat.service.worker_messages import LogLine, from_line
from backbeat.service.worker_process import _log_again
from backbeat.values import Stage

FIELDS = {"time", "level", "logger", "message", "job", "stage", "exception"}
log = logging.getLogger("backbeat.test")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    hook = threading.excepthook
    setup_logging("debug", json=True, file=tmp_path / "backbeat.log")
    yield tmp_path / "backbeat.log"
    close_logging()
    assert threading.excepthook is hook, "what was there before is there again"


def entries(file: Path) -> list[dict[str, str]]:
    """Every line, parsed; each has fields of ours only, and text in all of them."""
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for entry in found:
        assert {"time", "level", "logger", "message"} <= entry.keys() <= FIELDS
        assert all(isinstance(value, str) for value in entry.values())
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", entry["time"])
    return found


def test_text_of_any_kind_stays_on_one_line(log_file: Path) -> None:
    odd = "two\nlines\r, \u2028separators\x85, \x00zero, \udcff no Unicode, \N{MUSICAL SYMBOL G CLEF}"
    log.info("%s", odd)
    (entry,) = entries(log_file)
    assert entry["message"] == odd


def test_a_job_and_its_stage_are_named(log_file: Path) -> None:
    with job_context("k3f9wq2m"):
        log.info("begun")
        note_stage("hits")
        log.info("heard")
    log.info("idle")
    assert [(entry.get("job"), entry.get("stage")) for entry in entries(log_file)] == [
        ("k3f9wq2m", None),
        ("k3f9wq2m", "hits"),
        (None, None),
    ]


def test_warnings_of_foreign_packages_are_lines_too(log_file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("this will be gone\nin the next version", FutureWarning, stacklevel=1)
    (entry,) = entries(log_file)
    assert (entry["level"], entry["logger"]) == ("warning", "py.warnings")
    assert "this will be gone\nin the next version" in entry["message"]


def test_a_thread_that_ends_with_an_error_is_a_line_with_its_traceback(log_file: Path) -> None:
    def fail() -> None:
        raise RuntimeError("lost\nthe thread")

    thread = threading.Thread(target=fail, name="intake")
    thread.start()
    thread.join()
    (entry,) = entries(log_file)
    assert entry["message"] == "the thread intake has ended with an error"
    assert "RuntimeError: lost\nthe thread" in entry["exception"]


def test_a_log_call_that_is_wrong_itself_is_still_a_line() -> None:
    record = log.makeRecord("somebody.else", logging.WARNING, "", 0, "%d of %d", ("three",), None)
    assert json.loads(JsonLines().format(record))["message"] == "%d of %d ('three',)"


def test_what_the_worker_logs_has_job_stage_and_traceback_in_the_daemons_log(log_file: Path) -> None:
    sent = io.BytesIO()
    outgoing = Outgoing(sent)
    handler = LogToDaemon(outgoing)
    with job_context("k3f9wq2m"):
        JobMonitor("k3f9wq2m", outgoing, ()).progress(Stage.BEATS, 0.0)
        try:
            int("x")
        except ValueError:
            record = log.makeRecord(log.name, logging.ERROR, "", 0, "it broke %s", ("here",), sys.exc_info())
            handler.emit(record)
    lines = [from_line(line) for line in sent.getvalue().splitlines()]
    (line,) = [line for line in lines if isinstance(line, LogLine)]
    _log_again(line)
    (entry,) = entries(log_file)
    assert (entry["message"], entry["job"], entry["stage"], entry["level"]) == ("it broke here", "k3f9wq2m", "beats", "error")
    assert entry["exception"].startswith("Traceback")
    assert "ValueError" in entry["exception"]


def test_a_plain_log_shows_the_workers_traceback_too(tmp_path: Path) -> None:
    setup_logging("info", file=tmp_path / "plain.log")
    _log_again(LogLine(level=logging.ERROR, logger="backbeat.x", text="it broke", job_id="k3f9wq2m", exception="Traceback: here"))
    close_logging()
    assert (tmp_path / "plain.log").read_text("utf-8").splitlines()[-1] == "Traceback: here"
