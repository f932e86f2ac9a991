from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.intake.audio_header import HeaderState
from backbeat.intake.file_stamp import FileStamp
from backbeat.intake.settle import LOOKS_PER_TICK, Outcome, Settler, Verdict

SONG = Path("/bounces/song.wav")
TICK_S = 0.25


class FakeDisk:
    """Files as their writers make them; `declared` is the length that the header tells, None: no header at all."""

    def __init__(self) -> None:
        self.stamps: dict[Path, FileStamp] = {}
        self.declared: dict[Path, int | None] = {}
        self.unknown: set[Path] = set()
        self.writers: set[Path] = set()
        self.tells_writers = True
        self.header_reads = 0
        self.stats = 0
        self._time = 0

    def write(self, path: Path, size: int, *, mtime_ns: int | None = None, inode: int = 1) -> None:
        self._time += 1
        self.stamps[path] = FileStamp(size=size, mtime_ns=self._time if mtime_ns is None else mtime_ns, inode=inode)

    def stamp(self, path: Path) -> FileStamp | None:
        self.stats += 1
        return self.stamps.get(path)

    def header(self, path: Path) -> HeaderState:
        self.header_reads += 1
        if path in self.unknown:
            return HeaderState.UNKNOWN
        declared = self.declared.get(path)
        if declared is None:
            return HeaderState.NOT_AUDIO
        return HeaderState.COMPLETE if self.stamps[path].size >= declared else HeaderState.INCOMPLETE

    def open_for_writing(self, path: Path) -> bool | None:
        return path in self.writers if self.tells_writers else None


class Bench:
    """A settler on a fake disk and a fake clock; `at` is when each verdict came."""

    def __init__(self, *, settle_s: float = 2.0, give_up_s: float = 30.0) -> None:
        self.disk = FakeDisk()
        self.settler = Settler(self.disk, settle_s=settle_s, give_up_s=give_up_s)
        self.now_s = 1000.0
        self.verdicts: list[Verdict] = []
        self.at: list[float] = []
        self._started_s = self.now_s

    @property
    def outcomes(self) -> list[Outcome]:
        return [verdict.outcome for verdict in self.verdicts]

    def run(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += TICK_S
            for verdict in self.settler.tick(self.now_s):
                self.verdicts.append(verdict)
                self.at.append(self.now_s - self._started_s)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_file_written_in_one_go_is_ready_once_when_it_has_been_still_for_the_settle_time(bench: Bench) -> None:
    bench.disk.write(SONG, 100)
    bench.disk.declared[SONG] = 100
    bench.settler.notice(SONG)
    bench.run(60)
    assert bench.outcomes == [Outcome.READY]
    assert bench.verdicts[0].stamp == bench.disk.stamps[SONG]
    assert 2.0 <= bench.at[0] <= 2.0 + 2 * TICK_S


def test_a_file_that_grows_for_a_minute_is_ready_only_after_it_stopped(bench: Bench) -> None:
    bench.disk.declared[SONG] = 6000
    for second in range(1, 61):
        bench.disk.write(SONG, 100 * second)
        bench.settler.notice(SONG)
        bench.run(1)
    assert bench.outcomes == []
    bench.run(3)
    assert bench.outcomes == [Outcome.READY]


def test_growth_that_the_system_does_not_report_is_seen_all_the_same(bench: Bench) -> None:
    bench.disk.declared[SONG] = 6000
    bench.disk.write(SONG, 1)
    bench.settler.notice(SONG)
    for second in range(1, 61):
        bench.disk.write(SONG, 100 * second)
        bench.run(1)
    assert bench.outcomes == []
    bench.run(3.5)
    assert bench.outcomes == [Outcome.READY]


def test_a_preallocated_file_without_a_header_is_waited_for_while_it_is_filled(bench: Bench) -> None:
    bench.disk.write(SONG, 6000)
    bench.disk.writers.add(SONG)
    bench.settler.notice(SONG)
    for _ in range(5):
        bench.run(20)
        bench.disk.write(SONG, 6000)
        bench.settler.notice(SONG)
    assert bench.outcomes == []
    bench.disk.declared[SONG] = 6000
    bench.disk.writers.clear()
    bench.run(3)
    assert bench.outcomes == [Outcome.READY]


def test_a_preallocated_file_with_a_finished_header_is_waited_for_while_its_writer_has_it_open(bench: Bench) -> None:
    bench.disk.declared[SONG] = 6000
    bench.disk.write(SONG, 6000)
    bench.disk.writers.add(SONG)
    bench.settler.notice(SONG)
    bench.run(25)
    assert bench.outcomes == []
    bench.disk.writers.clear()
    bench.run(3)
    assert bench.outcomes == [Outcome.READY]


def test_a_complete_file_that_somebody_keeps_open_is_taken_in_the_end(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100)
    bench.disk.writers.add(SONG)
    bench.settler.notice(SONG)
    bench.run(40)
    assert bench.outcomes == [Outcome.READY]
    assert bench.at[0] == pytest.approx(30, abs=3)


def test_where_the_system_does_not_tell_about_writers_stillness_and_header_decide(bench: Bench) -> None:
    bench.disk.tells_writers = False
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(3)
    assert bench.outcomes == [Outcome.READY]


def test_renaming_from_a_temporary_name_gives_one_file_that_is_gone_and_one_that_is_ready(bench: Bench) -> None:
    written_as = Path("/bounces/song.rendering.wav")
    bench.disk.declared[written_as] = bench.disk.declared[SONG] = 100
    bench.disk.write(written_as, 60)
    bench.settler.notice(written_as)
    bench.run(1)
    bench.disk.stamps[SONG] = bench.disk.stamps.pop(written_as)
    bench.disk.write(SONG, 100)
    bench.settler.notice(written_as)
    bench.settler.notice(SONG)
    bench.run(5)
    assert {v.path: v.outcome for v in bench.verdicts} == {written_as: Outcome.GONE, SONG: Outcome.READY}


def test_the_next_bounce_over_the_same_name_is_ready_again_with_its_new_stamp(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(3)
    bench.disk.write(SONG, 40)
    bench.settler.notice(SONG)
    bench.run(3)
    bench.disk.write(SONG, 100)
    bench.run(4)
    assert bench.outcomes == [Outcome.READY, Outcome.READY]
    assert bench.verdicts[0].stamp != bench.verdicts[1].stamp


def test_a_file_replaced_by_renaming_with_equal_size_and_time_starts_the_wait_again(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100, mtime_ns=5, inode=1)
    bench.settler.notice(SONG)
    bench.run(1.75)
    bench.disk.write(SONG, 100, mtime_ns=5, inode=2)
    bench.run(1.5)
    assert bench.outcomes == []
    bench.run(1.5)
    assert [v.stamp.inode for v in bench.verdicts if v.stamp] == [2]


def test_a_file_deleted_in_the_middle_is_gone_and_comes_back_when_it_is_written_again(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 50)
    bench.settler.notice(SONG)
    bench.run(1)
    del bench.disk.stamps[SONG]
    bench.settler.notice(SONG)
    bench.run(2)
    assert bench.outcomes == [Outcome.GONE]
    assert len(bench.settler) == 0
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(3)
    assert bench.outcomes == [Outcome.GONE, Outcome.READY]


def test_a_time_that_is_set_back_counts_as_a_change(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100, mtime_ns=10**18)
    bench.settler.notice(SONG)
    bench.run(1.75)
    bench.disk.write(SONG, 100, mtime_ns=10**9)
    bench.run(1.5)
    assert bench.outcomes == []
    bench.run(2)
    assert bench.outcomes == [Outcome.READY]


def test_a_report_without_a_new_stamp_counts_as_a_change_because_some_file_times_are_coarse(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100)
    for _ in range(20):
        bench.settler.notice(SONG)
        bench.run(1)
    assert bench.outcomes == []
    bench.run(2)
    assert bench.outcomes == [Outcome.READY]


def test_a_still_file_whose_header_promises_more_is_truncated_after_thirty_seconds_and_ready_when_it_is_mended(
    bench: Bench,
) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 60)
    bench.settler.notice(SONG)
    bench.run(29)
    assert bench.outcomes == []
    bench.run(31)
    assert bench.outcomes == [Outcome.TRUNCATED]
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(3)
    assert bench.outcomes == [Outcome.TRUNCATED, Outcome.READY]


def test_a_still_file_that_is_no_audio_is_told_after_thirty_seconds(bench: Bench) -> None:
    bench.disk.write(SONG, 0)
    bench.settler.notice(SONG)
    bench.run(29)
    assert bench.outcomes == []
    bench.run(5)
    assert bench.outcomes == [Outcome.NOT_AUDIO]


def test_a_format_that_does_not_tell_its_length_has_to_be_still_for_twice_as_long(bench: Bench) -> None:
    bench.disk.unknown.add(SONG)
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(3.5)
    assert bench.outcomes == []
    bench.run(3)
    assert bench.outcomes == [Outcome.READY]


def test_sleep_of_the_computer_is_not_taken_for_stillness(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 60)
    bench.settler.notice(SONG)
    bench.run(1)
    bench.now_s += 3600
    bench.run(TICK_S)
    assert bench.outcomes == []
    bench.disk.write(SONG, 100)
    bench.run(4)
    assert bench.outcomes == [Outcome.READY]


def test_a_clock_that_jumps_back_delays_nothing_for_long(bench: Bench) -> None:
    bench.disk.declared[SONG] = 100
    bench.disk.write(SONG, 100)
    bench.settler.notice(SONG)
    bench.run(1)
    bench.now_s -= 1_000_000
    bench.run(2)
    assert bench.outcomes == [Outcome.READY]


def test_headers_are_only_read_of_files_that_are_still(bench: Bench) -> None:
    bench.disk.declared[SONG] = 10_000
    for size in range(1, 40):
        bench.disk.write(SONG, size)
        bench.settler.notice(SONG)
        bench.run(1)
    assert bench.disk.header_reads == 0


def test_a_burst_of_ten_thousand_is_taken_in_small_steps_and_every_file_once() -> None:
    bench = Bench()
    paths = [Path(f"/bounces/{n}.wav") for n in range(10_000)]
    for path in paths:
        bench.disk.write(path, 1)
        bench.disk.declared[path] = 1
        bench.settler.notice(path)
    looked = 0
    for _ in range(80):
        bench.run(TICK_S)
        assert bench.disk.stats - looked <= 2 * LOOKS_PER_TICK
        looked = bench.disk.stats
    assert sorted(v.path for v in bench.verdicts) == sorted(paths)
    assert set(bench.outcomes) == {Outcome.READY}
    assert bench.disk.stats <= 6 * len(paths)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 5)),
        st.tuples(st.just("delete"), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 16)),
        st.tuples(st.just("jump"), st.integers(-10_000, 10_000)),
        st.tuples(st.just("hold"), st.integers(0, 1)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_before_a_complete_file_that_is_left_alone_gets_its_verdict(steps: list[tuple[str, int]]) -> None:
    bench = Bench(settle_s=1.0, give_up_s=5.0)
    bench.disk.declared[SONG] = 5
    for what, amount in steps:
        if what == "write":
            bench.disk.write(SONG, amount)
            bench.settler.notice(SONG)
        elif what == "delete":
            bench.disk.stamps.pop(SONG, None)
        elif what == "wait":
            bench.run(amount * TICK_S)
        elif what == "jump":
            bench.now_s += amount
        else:
            (bench.disk.writers.add if amount else bench.disk.writers.discard)(SONG)
    bench.disk.write(SONG, 5)
    bench.settler.notice(SONG)
    before = len(bench.verdicts)
    bench.run(8)
    assert [(v.outcome, v.stamp) for v in bench.verdicts[before:]] == [(Outcome.READY, bench.disk.stamps[SONG])]
    assert len(bench.settler) == 0
