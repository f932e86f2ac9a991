"""What is looked up when figures are asked for: the job store, OSC's counters, the memory of processes."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from backbeat import __version__
from backbeat.errors import StoreError
from backbeat.jobs.job_reader import JobReader
from backbeat.metrics.observer import Counts
from backbeat.service.process_memory import resident_bytes

log = logging.getLogger(__name__)


class BuildInfo(Collector):
    """Which version this is."""

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily("backbeat_build_info", "The version that runs", labels=["version", "python_version"])
        family.add_metric([__version__, platform.python_version()], 1)
        yield family


class StoreFigures(Collector):
    """Jobs by state, and how long the oldest waiting one has waited. It is asked on any thread, so it opens the store anew."""

    def __init__(self, database: Path, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        if not self._database.exists():
            return
        try:
            with JobReader(self._database) as store:
                counts, since = store.counts(), store.waiting_since()
        except StoreError as error:
            log.debug("no figures of the job store: %s", error.message)
            return
        jobs = GaugeMetricFamily("backbeat_jobs", "Jobs that are remembered, by state; queued ones are waiting", labels=["state"])
        for state, count in counts.items():
            jobs.add_metric([state], count)
        yield jobs
        age_s = 0.0 if since is None else max(self._clock() - since, 0.0)
        yield GaugeMetricFamily(
            "backbeat_oldest_waiting_job_age_seconds", "How long the job that waits longest has waited; 0: none waits", age_s
        )


class OscFigures(Collector):
    """OSC messages since the start, by what became of them."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily("backbeat_osc_messages", "OSC messages, by what became of them", labels=["outcome"])
        for outcome, count in self._counts().items():
            family.add_metric([outcome], count)
        yield family


class WorkerMemory(Collector):
    """Memory of the worker process, on Linux; the daemon's own is prometheus_client's `process_resident_memory_bytes`."""

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self._pid = pid

    def collect(self) -> Iterable[Metric]:
        pid = self._pid()
        held = resident_bytes(pid) if pid else None
        if held is not None:
            yield GaugeMetricFamily("backbeat_worker_resident_memory_bytes", "Resident memory of the worker process", held)
