"""The job database damaged, deleted or held by another program, with the daemon that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.daemon_under_fault import DaemonUnderFault, account
from tests.faults.store_faults import (
    bounced_while_held,
    damaged_between_runs,
    damaged_while_it_runs,
    header_overwritten,
    journal_truncated,
)

from backbeat.jobs.rescue import damaged_stores


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[DaemonUnderFault]:
    made = DaemonUnderFault(tmp_path)
    made.start()
    yield made
    made.close()


def test_a_damaged_store_costs_no_bounce_and_no_work_is_done_again(daemon: DaemonUnderFault) -> None:
    bounces: list[Path] = []
    for damage in (header_overwritten, journal_truncated):  # all kinds: tests/integration/jobs/test_rescue.py
        damaged_between_runs(daemon, damage, bounces)
    assert account(daemon, bounces).is_clean, account(daemon, bounces)
    assert "is kept as jobs.damaged-" in daemon.said()

    damaged_while_it_runs(daemon, bounces)
    assert account(daemon, bounces).is_clean, account(daemon, bounces)
    assert len(damaged_stores(daemon.data / "jobs.sqlite")) == 2

    bounces.append(bounced_while_held(daemon))
    assert account(daemon, bounces).is_clean, account(daemon, bounces)
    assert daemon.stop() == 0
