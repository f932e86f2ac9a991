"""What `doctor` says of the job list."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backbeat.cli.doctor_store import store_findings
from backbeat.cli.finding import Verdict
from backbeat.config.schema import Config
from backbeat.jobs.rescue import Places, open_store
from backbeat.jobs.store import Store


@pytest.fixture
def config(tmp_path: Path) -> Config:
    made = Config()
    return replace(made, jobs=replace(made.jobs, data_folder=tmp_path))


def test_a_job_list_that_is_whole_is_all_right(config: Config) -> None:
    assert [finding.detail for finding in store_findings(config)] == ["none yet"]
    Store(config.jobs.database).close()
    assert [(finding.verdict, finding.detail) for finding in store_findings(config)] == [(Verdict.OK, "empty")]


def test_a_damaged_one_is_told_and_what_was_moved_aside_too(config: Config) -> None:
    config.jobs.database.write_bytes(b"not a database " * 100)
    (finding,) = store_findings(config)
    assert finding.verdict is Verdict.WARNING
    assert "backbeat run" in finding.advice

    open_store(config.jobs.database, Places(watched=(), results=())).close()
    whole, aside = store_findings(config)
    assert whole.verdict is Verdict.OK
    assert "jobs.damaged-" in aside.detail
    assert str(config.jobs.data_folder) in aside.advice


def test_another_programs_file_is_a_problem(config: Config) -> None:
    config.jobs.database.mkdir()
    (finding,) = store_findings(config)
    assert finding.verdict is Verdict.PROBLEM
    assert "cannot be opened" in finding.detail
