"""A job's monitor inside the worker."""

from __future__ import annotations

import io

import pytest

from backbeat.errors import Cancelled
from backbeat.service.worker_channel import PROGRESS_INTERVAL_S, JobMonitor, Outgoing
from backbeat.service.worker_messages import Progress, from_line
from backbeat.values import Stage


class Told:
    """A monitor, its clock, and the (stage, fraction) pairs that it sent."""

    def __init__(self) -> None:
        self.now = 0.0
        self.cancelled: set[str] = set()
        self._stream = io.BytesIO()
        self.monitor = JobMonitor("j", Outgoing(self._stream), self.cancelled, clock=lambda: self.now)

    def sent(self) -> list[tuple[Stage, float]]:
        messages = [from_line(line) for line in self._stream.getvalue().splitlines()]
        return [(message.stage, message.fraction) for message in messages if isinstance(message, Progress)]


def test_the_beginning_and_the_end_of_a_stage_are_always_told() -> None:
    told = Told()
    for fraction in (0.0, 0.3, 0.6, 1.0):
        told.monitor.progress(Stage.READ, fraction)
    assert told.sent() == [(Stage.READ, 0.0), (Stage.READ, 1.0)]


def test_in_between_no_more_than_one_message_in_an_interval() -> None:
    told = Told()
    for step in range(1, 1000):
        told.now = step * PROGRESS_INTERVAL_S / 100
        told.monitor.progress(Stage.HITS, step / 1000)
    assert 9 <= len(told.sent()) <= 11


def test_each_stage_is_counted_by_itself_and_repeats_are_not_told() -> None:
    told = Told()
    for stage in (Stage.BEATS, Stage.HITS, Stage.HITS):
        told.monitor.progress(stage, 0.0)
    assert told.sent() == [(Stage.BEATS, 0.0), (Stage.HITS, 0.0)]


def test_fractions_are_held_between_0_and_1() -> None:
    told = Told()
    told.monitor.progress(Stage.HITS, -3.0)
    told.monitor.progress(Stage.HITS, 1.0000001)
    assert told.sent() == [(Stage.HITS, 0.0), (Stage.HITS, 1.0)]


def test_only_the_cancelled_job_is_stopped() -> None:
    told = Told()
    told.cancelled.add("another")
    told.monitor.check()
    told.cancelled.add("j")
    with pytest.raises(Cancelled):
        told.monitor.check()
