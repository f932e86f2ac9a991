from __future__ import annotations

import pytest

from backbeat.batch.how_many import SEPARATOR_BYTES, WORKER_BYTES, processes_for
from backbeat.batch.tally import Tally
from backbeat.cli.batch_display import left_in_words, pace_in_words, span_in_words
from backbeat.settings import Settings
from backbeat.values import Separation


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_rate_and_time_left_are_those_of_this_run() -> None:
    clock = Clock()
    tally = Tally(100, clock)
    for _ in range(40):
        tally.already_done()
    tally.already_failed()
    tally.leave_out()
    assert (tally.now.files_per_s, tally.now.left_s, tally.now.times_real_time) == (None, None, None)
    clock.now_s += 10.0
    for _ in range(8):
        tally.done(5.0)
    tally.failed()
    tally.failed()
    progress = tally.now
    assert (progress.total, progress.ended) == (99, 51)
    assert (progress.files_per_s, progress.times_real_time, progress.left_s) == (1.0, 4.0, 48.0)
    assert pace_in_words(progress) == "1.0 files/s, 4.0 times real time"
    assert left_in_words(progress) == "48 s left"


def test_a_slow_pace_is_told_by_the_minute_and_nothing_is_told_before_the_first_end() -> None:
    clock = Clock()
    tally = Tally(10, clock)
    assert (pace_in_words(tally.now), left_in_words(tally.now)) == ("", "")
    clock.now_s += 60.0
    tally.done(30.0)
    assert pace_in_words(tally.now) == "1.0 files/min, 0.5 times real time"
    assert left_in_words(tally.now) == "9 min left"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59.0, "59 s"), (61.0, "1 min"), (3600.0, "1 h 0 min"), (12_000.0, "3 h 20 min")]
)
def test_spans_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert span_in_words(seconds) == words


def test_as_many_workers_as_cores_where_there_is_memory_for_them() -> None:
    assert processes_for(Settings(), cores=8, free_bytes=64 * 10**9) == 8
    assert processes_for(Settings(), cores=8, free_bytes=4 * WORKER_BYTES) == 3
    assert processes_for(Settings(), cores=8, free_bytes=1) == 1
    assert processes_for(Settings(), cores=8, free_bytes=None) == 4


def test_workers_that_separate_need_more() -> None:
    free_bytes = 4 * SEPARATOR_BYTES
    for settings in (Settings(separation=Separation.DEMUCS), Settings(engine="annoteator")):
        assert processes_for(settings, cores=8, free_bytes=free_bytes) == 3
    assert processes_for(Settings(engine="annoteator", separation=Separation.NONE), cores=8, free_bytes=free_bytes) == 8
