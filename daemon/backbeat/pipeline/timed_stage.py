"""The frame around every stage: a cancel check, progress 0 and 1, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from backbeat.monitor import Monitor
from backbeat.values import Stage


@contextmanager
def timed_stage(stage: Stage, timings_s: dict[str, float], monitor: Monitor) -> Iterator[None]:
    """Run the block as `stage`; its duration goes into `timings_s[stage]` in seconds, rounded to milliseconds."""
    monitor.check()
    monitor.progress(stage, 0.0)
    started = time.perf_counter()
    yield
    timings_s[stage.value] = round(time.perf_counter() - started, 3)
    monitor.progress(stage, 1.0)
