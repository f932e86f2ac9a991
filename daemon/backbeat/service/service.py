"""The composition root: everything is made here, started in one order and stopped in the other.

signals, log, lock -> store -> worker -> OSC -> folders -> loop
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from backbeat import __version__
from backbeat.config.folders import user_presets_folder
from backbeat.config.schema import Config
from backbeat.errors import OutputError
from backbeat.farm.needs import need_farm
from backbeat.jobs.rescue import open_store
from backbeat.metrics.serve import start_metrics
from backbeat.osc import Peer
from backbeat.service.announcer import Announcer
from backbeat.service.hits_announcer import HitsAnnouncer
from backbeat.service.job_desk import JobDesk
from backbeat.service.live_desk import LiveDesk
from backbeat.service.logging import setup_logging
from backbeat.service.loop import Loop
from backbeat.service.midi_ports import make_host_clock, make_player
from backbeat.service.osc_desk import OscDesk
from backbeat.service.regularly import Regularly
from backbeat.service.restarts import Restarts
from backbeat.service.shutdown import Shutdown
from backbeat.service.signals import stop_signals
from backbeat.service.single_instance import SingleInstance
from backbeat.service.speaking import make_sender, make_sender_to_others, open_osc_socket, start_osc
from backbeat.service.tools import make_worker
from backbeat.service.watching import places_of, start_watching
from backbeat.service.worker_messages import Message
from backbeat.service.worker_process import WorkerProcess

if TYPE_CHECKING:
    from backbeat.farm.farm_runner import FarmRunner

log = logging.getLogger(__name__)

INTAKE_THREADS = 4
"""Fingerprints at once: a slow drive does not hold up the others."""

DOWNLOADS = 4
"""At once; they have threads of their own, so that slow ones hold up no bounce."""


def serve(config: Config) -> int:
    """Run the daemon until it is asked to stop; returns the exit code. Raises BackbeatError when it cannot start.

    Where the job store turns out to be damaged, everything is stopped and started again, upon which it is made anew.
    """
    log_to = config.log
    setup_logging(log_to.level, json=log_to.json, file=log_to.file, max_mb=log_to.max_mb, keep=log_to.keep)
    restarts = Restarts()
    subscribers: set[Peer] = set()
    with stop_signals(lambda _name: restarts.stop()), ExitStack() as held:
        _make_folders(config)
        held.enter_context(SingleInstance(config.jobs.data_folder))
        restarts.run(lambda loop: _serve_once(config, loop, subscribers))
    log.info("stopped")
    return 0


def _serve_once(config: Config, loop: Loop, subscribers: set[Peer]) -> None:
    with ExitStack() as stack:
        tick = _compose(config, loop, subscribers, stack)
        log.info("Backbeat %s is running (process %d)", __version__, os.getpid())
        loop.run(tick)
        log.info("stopping")


def _compose(config: Config, loop: Loop, subscribers: set[Peer], stack: ExitStack) -> Callable[[], None]:
    """Make and start all parts; `stack` stops them in reverse. Returns what the loop does regularly."""
    user_presets = user_presets_folder()
    store = stack.enter_context(open_store(config.jobs.database, places_of(config)))
    shutdown = Shutdown()
    osc_socket = open_osc_socket(config.osc, stack)
    sender = make_sender(osc_socket, subscribers, stack)
    others = make_sender_to_others(stack)
    hits = HitsAnnouncer(sender, others=others, rows=config.osc.send, as_you_go=config.osc.as_you_go, user_presets=user_presets)
    announcer = Announcer(sender, hits)
    observer = start_metrics(config.metrics)
    stack.callback(observer.stop)
    observer.watch_store(config.jobs.database)

    def receive(message: Message) -> None:
        observer.message(message)
        loop.post(partial(desk.receive, message))

    worker = _make_runner(config, receive)
    live_pool = ThreadPoolExecutor(1, thread_name_prefix="live")  # its answers come at one port: one clip at a time
    live = LiveDesk(config=config.live, sender=sender, pool=live_pool, monitor=shutdown, user_presets=user_presets)
    desk = JobDesk(store, worker, announcer, on_done=live.job_done)
    stack.callback(desk.interrupt)
    stack.callback(worker.stop, config.jobs.stop_timeout_s / 2)
    pool = ThreadPoolExecutor(INTAKE_THREADS, thread_name_prefix="intake")
    downloads = ThreadPoolExecutor(DOWNLOADS, thread_name_prefix="download")
    for executor in (pool, downloads, live_pool):
        stack.callback(executor.shutdown, wait=False, cancel_futures=True)
    stack.callback(shutdown.begin)
    desk.recover()
    worker.start()
    observer.watch_worker(lambda: worker.pid)

    if osc_socket is not None:
        osc_desk = OscDesk(
            config=config,
            loop=loop,
            store=store,
            desk=desk,
            announcer=announcer,
            sender=sender,
            player=make_player(config.midi, stack),
            pool=pool,
            downloads=downloads,
            monitor=shutdown,
            user_presets=user_presets,
            live=live,
            others=others,
            host_clock=make_host_clock(config.midi, stack),
        )
        start_osc(
            osc=config.osc, osc_socket=osc_socket, osc_desk=osc_desk, sender=sender, loop=loop, observer=observer, stack=stack
        )
    folder_desk = start_watching(
        config=config, store=store, desk=desk, pool=pool, monitor=shutdown, loop=loop, observer=observer, stack=stack
    )
    return Regularly(store=store, desk=desk, folder_desk=folder_desk, keep_s=config.jobs.keep_days * 86_400.0)


def _make_runner(config: Config, receive: Callable[[Message], None]) -> WorkerProcess | FarmRunner:
    """Who does the jobs: a process of this computer, or a farm. Raises EngineMissing, ConfigError, StorageError."""
    if config.queue.is_farm:
        need_farm()
        from backbeat.farm.start import make_runner  # noqa: PLC0415 - brings Celery

        return make_runner(receive, config.queue)
    return make_worker(config, receive)


def _make_folders(config: Config) -> None:
    for folder in (config.jobs.data_folder, config.inbox):
        try:
            # Job list and analyses tell what somebody works on; who wants others to see them makes the folder beforehand.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be made: {error.strerror}.", advice="Set another one in the config."
            ) from error
