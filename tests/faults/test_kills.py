"""SIGKILL at the moments that matter most, and at some that nobody chose: each bounce has one whole result, always the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.daemon_under_fault import DaemonUnderFault, account
from tests.faults.killing import Moment, different_from_undisturbed, killed_at, killed_at_other_ends, random_rounds

MOMENTS = (
    Moment(role="daemon", what="sql insert jobs", number=1),
    Moment(role="daemon", what="sql update jobs to done", number=1),
    Moment(role="worker", what="rename to .json", number=1),
)
"""All others, and hundreds of random ones: tests/benchmarks/faults.py."""


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonUnderFault]:
    """Not started."""
    made = DaemonUnderFault(tmp_path / "killed")
    yield made
    made.close()


def test_killed_before_it_takes_ends_and_writes_a_job_it_does_it_once_and_as_if_nothing_had_been(daemon, tmp_path) -> None:
    bounces: list[Path] = []
    for number, moment in enumerate(MOMENTS):
        assert killed_at(daemon, moment, bounces, f"loop{number}", number), f"{moment.fuse} never came"
        assert account(daemon, bounces).is_clean, (moment, account(daemon, bounces))
    assert different_from_undisturbed(daemon, bounces, tmp_path / "calm") == []


def test_killed_before_a_job_fails_it_fails_once(tmp_path: Path) -> None:
    ((_, daemon, _),) = killed_at_other_ends(tmp_path, ["failed"])
    assert daemon.rows("select count(*) from history where state = 'failed'") == [(1,)]


def test_killed_at_any_time_and_again_while_it_starts_nothing_is_lost(daemon: DaemonUnderFault) -> None:
    bounces: list[Path] = []
    for killed, outcome in random_rounds(daemon, 2, 5, bounces):
        assert outcome.is_clean, (killed, outcome)
