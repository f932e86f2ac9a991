"""The program `backbeat worker`: Celery's worker with our tasks. One program serves one queue; for two there are two."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from celery import Celery
from celery.signals import setup_logging as celery_sets_up_logging
from celery.signals import worker_process_init

from backbeat.config.schema import Config
from backbeat.farm.app import BrokerUnreachable, make_app, send
from backbeat.farm.host_name import farm_name
from backbeat.farm.path_map import PathMap
from backbeat.farm.stage import FarmQueue, FarmStage
from backbeat.farm.start import make_ledger, storage_of
from backbeat.farm.storage import FolderStorage
from backbeat.farm.tasks import PATIENCE_S, FarmWorker
from backbeat.farm.workplace import make_workplace
from backbeat.metrics.serve import shared_instruments
from backbeat.pipeline.stage_context import Tools
from backbeat.program_limits import limit_own_memory
from backbeat.service.runner import Runner
from backbeat.service.tools import tools_from_config

_log = logging.getLogger(__name__)

CHILD_SHARE = 0.75
"""Of the memory limit: a process that holds more after a task is replaced before the next one."""


LOOK_S = 0.5
"""How often the programs of two queues are looked at."""

LOADING_S = 300.0
"""How long a process may load models before it counts as broken."""

LETTING_GO_S = 3 * PATIENCE_S
"""When a task has had its time and its job has failed, its process has so long until it is replaced; as long as a good one may
wait for Redis (for its claim, its end and the next message)."""


def serve_queue(config: Config, name: FarmQueue, concurrency: int) -> int:
    """Take tasks from one queue until told to stop; returns the exit code. SIGTERM lets running tasks end."""
    app = make_app(config.queue)
    worker = cache(partial(_make_worker, app, config))  # made in the process that uses it, with the first task
    for stage in FarmStage:
        app.task(_task(worker, stage), name=stage.task)
    app.conf.task_time_limit = _limit_s(config) + LETTING_GO_S
    celery_sets_up_logging.connect(_leave_logging, weak=False)
    if name is FarmQueue.HEAVY:
        limit = partial(_limit_memory, config.queue.memory_mb)
        worker_process_init.connect(limit, weak=False)
        worker_process_init.connect(partial(_preload, config), weak=False)
        app.conf.worker_proc_alive_timeout = LOADING_S
        app.conf.worker_max_memory_per_child = int(config.queue.memory_mb * 1000 * CHILD_SHARE)  # kilobytes
    _log.info("taking tasks from %s, %d at a time", name, concurrency)
    worker_program = app.Worker(
        queues=[name.value],
        concurrency=concurrency,
        hostname=f"{name.value}-{os.getpid()}@{farm_name(config.queue)}",
        pool_cls="solo" if sys.platform == "win32" else "prefork",  # Windows cannot fork
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker_program.start()
    return int(worker_program.exitcode or 0)


def serve_queues(command: Sequence[str], names: Sequence[FarmQueue]) -> int:
    """A program for each queue, `command` with `--queues NAME`; ends when one of them ends, with its exit code."""
    programs = [subprocess.Popen([*command, "--queues", name.value], **_own_group()) for name in names]

    def pass_on(number: int, _frame: object) -> None:
        for program in programs:
            program.send_signal(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)  # Celery starts anew at SIGHUP

    if sys.platform == "win32":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # they hear of Ctrl-C too
    else:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, pass_on)
    while all(program.poll() is None for program in programs):
        time.sleep(LOOK_S)
    for program in programs:
        if program.poll() is None:
            program.terminate()
    return max(abs(program.wait()) for program in programs)


def _own_group() -> dict[str, Any]:
    """The terminal's Ctrl-C is for the first program, which passes it on: Celery takes a second one for "at once"."""
    return {} if sys.platform == "win32" else {"process_group": 0}


def _task(worker: Any, stage: FarmStage) -> Any:
    def task(run: str) -> None:
        worker().do(stage, run)

    return task


def _make_worker(app: Celery, config: Config) -> FarmWorker:
    queue = config.queue
    instruments = shared_instruments()
    workplace = make_workplace(storage_of(queue), PathMap(queue.paths))
    return FarmWorker(
        ledger=make_ledger(queue),
        workplace=workplace,
        tools=_shared_cache(tools_from_config(config), workplace.storage),
        send=partial(send, app),
        send_errors=(BrokerUnreachable, OSError),
        name=farm_name(queue),
        heartbeat_s=queue.heartbeat_s,
        limit_s=_limit_s(config),
        **({"observe": instruments.task} if instruments else {}),
    )


def _limit_s(config: Config) -> float:
    return 60 * config.limits.job_minutes


def _shared_cache(tools: Tools, storage: object) -> Tools:
    """What one worker has heard no other need hear again, where they share a folder."""
    if not isinstance(storage, FolderStorage):
        return tools
    return replace(tools, cache=replace(tools.cache, folder=storage.root / "analyses"))


def _limit_memory(memory_mb: int, **_: object) -> None:
    """A task that wants more fails by itself, instead of the system ending the worker."""
    limit_own_memory(memory_mb * 1_000_000)


def _preload(config: Config, **_: object) -> None:
    """Load the models before the first task instead of with it."""
    if config.jobs.preload:
        Runner(config).preload()


def _leave_logging(**_: object) -> None:
    """Ours is set up already."""
