from __future__ import annotations

import pytest

from backbeat.errors import Cancelled, EngineFailed
from backbeat.pipeline.timed_stage import timed_stage
from backbeat.values import Stage


class Watch:
    """A monitor that notes progress and may have been cancelled."""

    def __init__(self, *, is_cancelled: bool = False) -> None:
        self.seen: list[tuple[Stage, float]] = []
        self.is_cancelled = is_cancelled

    def progress(self, stage: Stage, fraction: float) -> None:
        self.seen.append((stage, fraction))

    def check(self) -> None:
        if self.is_cancelled:
            raise Cancelled("stopped")


def test_a_stage_begins_with_0_and_ends_with_1_and_its_time_is_noted_in_milliseconds() -> None:
    watch, timings_s = Watch(), {"read": 1.0}
    with timed_stage(Stage.BEATS, timings_s, watch):
        assert watch.seen == [(Stage.BEATS, 0.0)]
    assert watch.seen == [(Stage.BEATS, 0.0), (Stage.BEATS, 1.0)]
    assert list(timings_s) == ["read", "beats"]
    assert timings_s["beats"] == round(timings_s["beats"], 3) >= 0.0


def test_a_cancelled_job_does_not_begin_the_stage() -> None:
    watch, timings_s = Watch(is_cancelled=True), {}
    with pytest.raises(Cancelled), timed_stage(Stage.BEATS, timings_s, watch):
        pytest.fail("it began")
    assert (watch.seen, timings_s) == ([], {})


def test_a_stage_that_fails_is_not_reported_as_done() -> None:
    watch, timings_s = Watch(), {}
    with pytest.raises(EngineFailed), timed_stage(Stage.BEATS, timings_s, watch):
        raise EngineFailed("broken")
    assert (watch.seen, timings_s) == ([(Stage.BEATS, 0.0)], {})
