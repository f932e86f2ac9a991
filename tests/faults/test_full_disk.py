"""No room on the disk, or an output folder that may not be written: it is said, nothing is half written, and it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.faults.daemon_under_fault import DaemonUnderFault, account, wait_until
from tests.faults.full_disk import (
    FULL,
    CannotMount,
    SmallDisk,
    no_room_at_each_write,
    no_room_for_the_store,
    output_folder_refused,
    small_disk,
)


@pytest.fixture
def daemon_on_disks(tmp_path: Path) -> Iterator[tuple[DaemonUnderFault, SmallDisk, SmallDisk]]:
    """A daemon that runs, the disk with its results, and the disk with its data."""
    daemon = DaemonUnderFault(tmp_path)
    with ExitStack() as stack:
        try:
            out, data = (stack.enter_context(small_disk(place, size_kib=4096)) for place in (daemon.out, daemon.data))
        except CannotMount as error:
            pytest.skip(str(error))
        stack.callback(daemon.close)
        daemon.start()
        yield daemon, out, data


def test_a_full_disk_and_one_that_may_not_be_written_are_said_and_cost_no_bounce(daemon_on_disks) -> None:
    daemon, out, data = daemon_on_disks
    bounces = no_room_at_each_write(daemon, out)
    assert len(bounces) > len(["midi", "tempomap", "musicxml", "json"]), "at each of the files once"

    bounces += no_room_for_the_store(daemon, data)

    out.read_only(True)
    bounces.append(output_folder_refused(daemon, "locked", "does not allow it", mend=lambda: out.read_only(False)))
    assert account(daemon, bounces).is_clean, account(daemon, bounces)
    assert daemon.stop() == 0


def test_where_a_file_lies_in_the_place_of_the_output_folder_it_is_said(tmp_path: Path) -> None:
    daemon = DaemonUnderFault(tmp_path)
    daemon.out.write_text("not a folder", "utf-8")
    try:
        daemon.start()
        bounce = output_folder_refused(daemon, "blocked", "cannot be made", mend=daemon.out.unlink)
        assert account(daemon, [bounce]).is_clean
    finally:
        daemon.close()


def test_a_daemon_that_starts_on_a_full_disk_says_so(tmp_path: Path) -> None:
    daemon = DaemonUnderFault(tmp_path)
    try:
        with small_disk(daemon.data, size_kib=64) as disk:
            disk.fill()
            daemon.start(wait=False)
            wait_until("it has ended", lambda: not daemon.is_alive())
            assert FULL in daemon.said()
            assert "Traceback" not in daemon.said()
    except CannotMount as error:
        pytest.skip(str(error))
    finally:
        daemon.close()
