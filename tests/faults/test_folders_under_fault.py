"""Watched folders that go and come back, events that are lost, many files at once: nothing is lost and nothing is taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.daemon_under_fault import DaemonUnderFault, account
from tests.faults.folders import bounced_without_events, crowd, taken_away_and_brought_back, unmounted_and_mounted
from tests.faults.full_disk import CannotMount


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonUnderFault]:
    """Not started."""
    made = DaemonUnderFault(tmp_path)
    yield made
    made.close()


def test_folders_go_and_come_back_events_are_lost_and_many_files_come_at_once(daemon: DaemonUnderFault) -> None:
    daemon.start()
    bounces = taken_away_and_brought_back(daemon)
    bounces += bounced_without_events(daemon)
    assert account(daemon, bounces).is_clean, account(daemon, bounces)

    report = crowd(daemon, 60, see_through=60 + len(bounces), within_s=120, contents=10)
    assert account(daemon, sorted(daemon.bounces.glob("*.wav"))).is_clean
    # Far fewer than files; those of a folder that is being watched anew may have been missing before.
    assert report.handles_after <= report.handles_before + 5
    assert report.daemon_mb < report.daemon_mb_before + 20


def test_a_drive_that_goes_and_comes_back_loses_no_bounce_and_its_old_files_are_not_taken(daemon: DaemonUnderFault) -> None:
    try:
        bounces = unmounted_and_mounted(daemon, daemon.folder / "drive")
    except CannotMount as error:
        pytest.skip(str(error))
    assert account(daemon, bounces).is_clean, account(daemon, bounces)
