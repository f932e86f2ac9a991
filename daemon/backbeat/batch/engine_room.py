"""The workers of a batch on this computer: what the daemon has, several times, without OSC and folders.

A thread of its own owns the queue's side of the store: its desk begins the jobs that wait, hands them to the worker processes
and records their ends, as in the daemon. Whoever queues jobs and waits for their ends does so through the store.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

from backbeat.config.schema import Config
from backbeat.errors import StoreError
from backbeat.jobs.store import Store
from backbeat.outputs.osc_sender import Nobody, OscSender
from backbeat.service.announcer import Announcer
from backbeat.service.job_desk import JobDesk
from backbeat.service.loop import Loop
from backbeat.service.tools import make_worker
from backbeat.service.worker_messages import Message
from backbeat.service.worker_pool import WorkerPool

log = logging.getLogger(__name__)

TICK_S = 0.1
"""How often an idle desk looks for work."""

AHEAD = 8
"""So many jobs wait besides two for each worker, so that none has to."""

THREADS_VARIABLE = "OMP_NUM_THREADS"


class EngineRoom:
    """`processes` workers on the store at `database`; they work between `with` and its end.

    Where the block ends while jobs run, these are stopped within `config.jobs.stop_timeout_s` and go back into the line.
    """

    def __init__(self, config: Config, database: Path, *, processes: int) -> None:
        self._config = config
        self._database = database
        self._processes = processes
        self._loop = Loop(tick_s=TICK_S)
        self._thread = Thread(target=self._run, name="engine room")
        self._problem: Exception | None = None

    @property
    def ahead(self) -> int:
        return 2 * self._processes + AHEAD

    @property
    def poll_s(self) -> float:
        return 0.2

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.stop()
        self._thread.join()

    def check(self) -> None:
        """Raise StoreError when the workers have stopped by themselves."""
        if not self._thread.is_alive():
            raise StoreError(
                f"The workers have stopped: {str(self._problem).removesuffix('.')}.", advice="Run the same command again."
            )

    def _run(self) -> None:
        try:
            with Store(self._database) as store:
                self._work(store)
        except Exception as error:
            log.exception("the workers cannot go on")
            self._problem = error

    def _work(self, store: Store) -> None:
        def receive(message: Message) -> None:
            self._loop.post(partial(desk.receive, message))

        environment = _environment(os.environ, self._processes)
        workers = [make_worker(self._config, receive, environment=environment) for _ in range(self._processes)]
        pool = WorkerPool(workers)
        # Nobody hears of the jobs: who queues them looks into the store.
        desk = JobDesk(store, pool, Announcer(OscSender(Nobody())))
        desk.recover()
        try:
            pool.start()
            self._loop.run(desk.tick)
        finally:
            pool.stop(self._config.jobs.stop_timeout_s)
            desk.interrupt()


def _environment(environ: Mapping[str, str], processes: int) -> dict[str, str]:
    """Each worker gets its share of the cores, unless the user has said how many threads there may be."""
    share = max((os.cpu_count() or 1) // processes, 1)
    return {THREADS_VARIABLE: str(share), **environ}
