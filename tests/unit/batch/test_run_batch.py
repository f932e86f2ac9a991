"""A batch with somebody who does its jobs while it looks for their ends."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from backbeat.batch.run_batch import TOO_MANY_IN_A_ROW, Batch, BatchStopped
from backbeat.errors import DaemonGone


class Doers:
    """Does something whenever the batch looks whether anybody is there."""

    ahead = 4
    poll_s = 0.0

    def __init__(self, library, work: Callable[[], object]) -> None:
        self.library = library
        self.work = work
        self.most_waiting = 0

    def check(self) -> None:
        counts = self.library.store.counts()
        self.most_waiting = max(self.most_waiting, counts["queued"] + counts["running"])
        self.work()


class Watcher:
    def __init__(self) -> None:
        self.ended_rows: list[dict] = []
        self.progress = []

    def moved(self, progress) -> None:
        self.progress.append(progress)

    def ended(self, row) -> None:
        self.ended_rows.append(row)


class Bench:
    def __init__(self, library) -> None:
        self.library = library
        self.watcher = Watcher()
        self.doers = Doers(library, library.do_next)

    def run(self, **options):
        paths = sorted(self.library.folder.rglob("*.wav"))
        ticks = count()
        batch = Batch(
            store=self.library.store,
            intake=self.library.intake(**options),
            doers=self.doers,
            total=len(paths),
            watcher=self.watcher,
            stop=self.library.stop,
            clock=lambda: next(ticks) / 1000,
        )
        return batch.run(iter(paths))


@pytest.fixture
def bench(library) -> Bench:
    for number in range(10):
        library.add(f"loop {number}.wav")
    return Bench(library)


def test_all_are_done_and_no_more_are_handed_over_than_can_be_begun_soon(bench: Bench) -> None:
    progress = bench.run()
    assert (progress.total, progress.done, progress.failed, progress.there) == (10, 10, 0, 0)
    assert progress.times_real_time > 0
    assert bench.doers.most_waiting == bench.doers.ahead
    assert sorted(row["path"][-10:] for row in bench.watcher.ended_rows) == [f"loop {n}.wav" for n in range(10)]


def test_the_same_batch_again_does_nothing(bench: Bench) -> None:
    bench.run()
    bench.doers.work = lambda: pytest.fail("there was something to do") if bench.library.do_next() else None
    progress = bench.run()
    assert (progress.done, progress.there) == (0, 10)


def test_a_batch_that_is_stopped_goes_on_where_it_was_and_does_nothing_twice(bench: Bench) -> None:
    def three() -> None:
        bench.library.do_next()
        if bench.library.store.counts()["done"] == 3:
            bench.library.stop.ask()

    bench.doers.work = three
    assert bench.run().ended < 10
    bench.library.stop.__init__()
    bench.doers.work = bench.library.do_next
    progress = bench.run()
    assert progress.ended == 10
    assert bench.library.store.counts()["done"] == 10
    for job in bench.library.store.jobs():
        assert [entry.state for entry in bench.library.store.history(job.id)] == ["queued", "running", "done"]


def test_failures_are_counted_and_those_of_before_apart(bench: Bench) -> None:
    bench.doers.work = lambda: bench.library.store.counts()["queued"] and bench.library.fail_next()
    progress = bench.run()
    assert (progress.failed, progress.failed_before) == (10, 0)
    progress = bench.run()
    assert (progress.failed, progress.failed_before, progress.done) == (0, 10, 0)
    bench.doers.work = bench.library.do_next
    progress = bench.run(retry_failed=True)
    assert (progress.failed_before, progress.done) == (0, 10)


def test_a_disk_that_is_full_stops_the_batch_before_all_have_failed(bench: Bench) -> None:
    for number in range(3 * TOO_MANY_IN_A_ROW):
        bench.library.add(f"more {number}.wav")
    bench.doers.work = lambda: bench.library.store.counts()["queued"] and bench.library.fail_next("output")
    with pytest.raises(BatchStopped, match="20 recordings in a row failed"):
        bench.run()
    assert bench.library.store.counts()["failed"] < 2 * TOO_MANY_IN_A_ROW


def test_a_daemon_that_has_gone_ends_the_wait(bench: Bench) -> None:
    def gone() -> None:
        raise DaemonGone("No daemon is running.")

    bench.doers.work = gone
    with pytest.raises(DaemonGone):
        bench.run()
