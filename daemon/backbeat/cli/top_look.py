"""One look at the daemon, its store and its workers."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

from backbeat.cli.osc_client import DaemonSilent, OscClient
from backbeat.cli.top_picture import RATE_OVER_S, Picture
from backbeat.config.schema import Config, QueueConfig
from backbeat.errors import BackbeatError
from backbeat.jobs.job import JobState
from backbeat.jobs.job_reader import JobReader
from backbeat.service.single_instance import holder
from backbeat.service.workers_view import FarmView, LocalView

FAILURES = 5
RUNNING = 20
"""At most so many are shown."""


def take_picture(config: Config) -> Picture:
    """What is there now. The store is only read; raises StoreError when it cannot be."""
    now = time.time()
    pid = holder(config.jobs.data_folder)
    version = _version(config) if pid is not None else None
    return Picture(at=now, daemon_pid=pid, version=version, **_jobs(config, now), **_workers(_view(config, pid)))


def _view(config: Config, daemon_pid: int | None) -> FarmView:
    return LocalView(daemon_pid) if config.queue.backend == "local" else _farm_view(config.queue)


@cache
def _farm_view(queue: QueueConfig) -> FarmView:
    """One connection for all looks."""
    from backbeat.farm.needs import need_farm  # noqa: PLC0415 - nothing of a farm for those who have none

    need_farm()
    from backbeat.farm.farm_view import LedgerView  # noqa: PLC0415 - brings redis
    from backbeat.farm.start import make_ledger  # noqa: PLC0415 - brings Celery

    return LedgerView(make_ledger(queue))


def _version(config: Config) -> str | None:
    if not config.osc.enabled:
        return None
    try:
        with OscClient(config.osc) as client:
            return client.ping()
    except DaemonSilent:
        return None


def _jobs(config: Config, now: float) -> dict[str, Any]:
    if not config.jobs.database.exists():
        return {"counts": dict.fromkeys(JobState, 0), "waited_s": None, "ended": {}, "running": [], "failures": []}
    with JobReader(config.jobs.database) as store:
        since = store.waiting_since()
        return {
            "counts": store.counts(),
            "waited_s": None if since is None else max(now - since, 0.0),
            "ended": store.ended_since(now - RATE_OVER_S),
            "running": store.running()[:RUNNING],
            "failures": store.jobs([JobState.FAILED], limit=FAILURES),
        }


def _workers(view: FarmView) -> dict[str, Any]:
    try:
        return {"workers": view.workers(), "queues": view.queues()}
    except BackbeatError as error:
        return {"workers": (), "queues": (), "trouble": error.message}
