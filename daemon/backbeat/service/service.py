"""The composition root: everything is made here, started in one order and stopped in the other.

signals, log, lock -> store -> worker -> OSC -> folders -> loop
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from backbeat import __version__
from backbeat.config.folders import user_presets_folder
from backbeat.config.schema import Config, WatchConfig
from backbeat.errors import Cancelled, MidiPortError, OscPortError, OutputError, StoreDamaged
from backbeat.farm.needs import need_farm
from backbeat.intake.folder_to_job import FolderWatcher
from backbeat.intake.osc_requests import OscRequest
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import OscIntake
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder
from backbeat.jobs.rescue import Places, open_store
from backbeat.jobs.store import Store
from backbeat.metrics.observer import Observer
from backbeat.metrics.serve import start_metrics
from backbeat.monitor import Monitor
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.osc_sender import OscSender
from backbeat.outputs.outgoing_socket import OutgoingSocket
from backbeat.outputs.playing.host_clock import HostClock, host_clock_for
from backbeat.service.announcer import Announcer
from backbeat.service.folder_desk import FolderDesk, StoreMemory
from backbeat.service.hits_announcer import HitsAnnouncer
from backbeat.service.job_desk import JobDesk
from backbeat.service.live_desk import LiveDesk
from backbeat.service.logging import setup_logging
from backbeat.service.loop import Loop
from backbeat.service.osc_desk import OscDesk
from backbeat.service.signals import stop_signals
from backbeat.service.single_instance import SingleInstance
from backbeat.service.tools import hello_from_config
from backbeat.service.worker_messages import Message
from backbeat.service.worker_process import WorkerProcess
from backbeat.values import Stage

if TYPE_CHECKING:
    from backbeat.farm.farm_runner import FarmRunner

log = logging.getLogger(__name__)

PRUNE_EVERY_S = 3600.0
WATCHER_JOIN_S = 1.0
RESCUES = 3
"""A store that is damaged again and again, as on a dying drive, ends the daemon."""

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
    loops = [Loop()]
    subscribers: set[Peer] = set()
    with stop_signals(lambda _name: loops[-1].stop()), ExitStack() as held:
        _make_folders(config)
        held.enter_context(SingleInstance(config.jobs.data_folder))
        while True:
            try:
                _serve_once(config, loops[-1], subscribers)
            except StoreDamaged as damage:
                if len(loops) > RESCUES:
                    raise
                log.error("%s Starting again.", damage.message)  # noqa: TRY400 - a sentence of ours needs no traceback
                loops.append(Loop())
            else:
                break
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
    watched = [_watched_folder(path, watch) for path, watch in _watches(config).items()]
    results = [*(watch.output or path for path, watch in _watches(config).items()), config.inbox]
    store = stack.enter_context(open_store(config.jobs.database, Places(watched=watched, results=results)))
    shutdown = _Shutdown()
    sender, osc_socket = _osc_out(config, stack)
    _keep_subscribers(sender, subscribers, stack)
    others = OscSender(stack.enter_context(closing(OutgoingSocket())))
    stack.callback(others.stop)
    announcer = Announcer(sender, _hits_announcer(config, sender, others))
    observer = start_metrics(config.metrics)
    stack.callback(observer.stop)
    observer.watch_store(config.jobs.database)

    def receive(message: Message) -> None:
        observer.message(message)
        loop.post(partial(desk.receive, message))

    worker = _make_runner(config, receive)
    live_pool = ThreadPoolExecutor(1, thread_name_prefix="live")  # its answers come at one port: one clip at a time
    live = LiveDesk(config=config.live, sender=sender, pool=live_pool, monitor=shutdown, user_presets=user_presets_folder())
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

    player = MidiPlayer(config.midi.port, virtual=config.midi.virtual)
    stack.callback(player.close)
    host_clock = host_clock_for(config.midi.clock, config.midi.clock_port)
    if host_clock is not None:
        stack.callback(host_clock.close)
    if osc_socket is not None:
        _open_own_port(player, config)
        _hear(host_clock)
        osc_desk = OscDesk(
            config=config,
            loop=loop,
            store=store,
            desk=desk,
            announcer=announcer,
            sender=sender,
            player=player,
            pool=pool,
            downloads=downloads,
            monitor=shutdown,
            user_presets=user_presets_folder(),
            live=live,
            others=others,
            host_clock=host_clock,
        )
        _start_osc(
            config=config, osc_socket=osc_socket, osc_desk=osc_desk, sender=sender, loop=loop, observer=observer, stack=stack
        )
    folder_desk = _start_watching(
        config=config, store=store, desk=desk, pool=pool, monitor=shutdown, loop=loop, observer=observer, stack=stack
    )
    return _Regularly(config, store, desk, folder_desk)


def _hits_announcer(config: Config, sender: OscSender, others: OscSender) -> HitsAnnouncer:
    return HitsAnnouncer(
        sender, others=others, rows=config.osc.send, as_you_go=config.osc.as_you_go, user_presets=user_presets_folder()
    )


def _make_runner(config: Config, receive: Callable[[Message], None]) -> WorkerProcess | FarmRunner:
    """Who does the jobs: a process of this computer, or a farm. Raises EngineMissing, ConfigError, StorageError."""
    if config.queue.is_farm:
        need_farm()
        from backbeat.farm.start import make_runner  # noqa: PLC0415 - brings Celery

        return make_runner(receive, config.queue)
    return WorkerProcess(
        receive,
        hello=hello_from_config(config),
        preload=config.jobs.preload,
        cancel_grace_s=config.jobs.cancel_grace_s,
        job_limit_s=60 * config.limits.job_minutes,
    )


def _open_own_port(player: MidiPlayer, config: Config) -> None:
    """A port of our own is there from the start, for the DAW to choose; a device is only taken to play on it."""
    if config.midi.port or not config.midi.virtual or sys.platform == "win32":
        return
    try:
        player.open()
    except MidiPortError as error:
        log.info("no MIDI port yet; /backbeat/play looks for one again (%s)", error.message)


def _hear(host_clock: HostClock | None) -> None:
    """From the start, so that the DAW sees the port, and what it says before the first play is known."""
    if host_clock is None:
        return
    try:
        host_clock.open()
    except MidiPortError as error:
        log.warning("the clock of the DAW cannot be heard yet; /backbeat/play tries again: %s", error.in_words)


class _Shutdown:
    """The monitor of work on the intake threads: cancelled when the daemon stops."""

    def __init__(self) -> None:
        self._begun = threading.Event()

    def begin(self) -> None:
        self._begun.set()

    def progress(self, stage: Stage, fraction: float) -> None:
        """Nobody watches."""

    def check(self) -> None:
        if self._begun.is_set():
            raise Cancelled("Backbeat is being stopped.")


class _Regularly:
    """What the loop does between messages."""

    def __init__(self, config: Config, store: Store, desk: JobDesk, folder_desk: FolderDesk) -> None:
        self._keep_s = config.jobs.keep_days * 86_400.0
        self._store = store
        self._desk = desk
        self._folder_desk = folder_desk
        self._prune_at_s = 0.0

    def __call__(self) -> None:
        self._store.raise_damage()
        self._desk.tick()
        self._folder_desk.tick()
        now_s = time.monotonic()
        if self._keep_s and now_s >= self._prune_at_s:
            self._prune_at_s = now_s + PRUNE_EVERY_S
            self._store.prune(self._keep_s)


def _keep_subscribers(sender: OscSender, subscribers: set[Peer], stack: ExitStack) -> None:
    """Who subscribed stays subscribed when the daemon starts again because of its store, and is told why."""
    for peer in subscribers:
        sender.subscribe(peer)

    def remember(_kind: object, error: BaseException | None, _trace: object) -> None:
        subscribers.clear()
        subscribers.update(sender.subscribers)
        if isinstance(error, StoreDamaged):
            sender.broadcast(say.error("jobs", f"{error.message} Backbeat starts again and makes a new one."))

    stack.push(remember)


class _Nobody:
    """The socket of a daemon that does not speak OSC."""

    def sendto(self, data: bytes, _address: object, /) -> int:
        return len(data)


def _osc_out(config: Config, stack: ExitStack) -> tuple[OscSender, socket.socket | None]:
    """The sender, and the socket for the server; a port that cannot be had switches OSC off and is reported."""
    opened: socket.socket | None = None
    if config.osc.enabled:
        try:
            opened = stack.enter_context(open_udp_socket(config.osc.host, config.osc.port))
        except OscPortError as error:
            log.warning("%s OSC is switched off; watched folders go on.", error.in_words)
    sender = OscSender(opened or _Nobody())
    stack.callback(sender.stop)
    return sender, opened


def _start_osc(
    *,
    config: Config,
    osc_socket: socket.socket,
    osc_desk: OscDesk,
    sender: OscSender,
    loop: Loop,
    observer: Observer,
    stack: ExitStack,
) -> None:
    room = threading.BoundedSemaphore(config.osc.max_queue)

    def answer(request: OscRequest) -> None:
        room.release()
        osc_desk.answer(request)

    def post(request: OscRequest) -> bool:
        if not room.acquire(blocking=False):
            return False
        loop.post(partial(answer, request))
        return True

    intake = OscIntake(
        post=post,
        answer_error=lambda address, sentence, to: sender.send(say.error(address, sentence), to),
        token=config.osc.token,
    )
    server = OscServer(osc_socket, intake.receive, allow=config.osc.allow)
    server.start()
    stack.callback(server.stop)
    observer.watch_osc(lambda: {**intake.counters.by_outcome, "refused": server.refused, "unsent": sender.unsent})
    log.info("listening for OSC on %s, port %d", *server.address)


def _start_watching(
    *,
    config: Config,
    store: Store,
    desk: JobDesk,
    pool: ThreadPoolExecutor,
    monitor: Monitor,
    loop: Loop,
    observer: Observer,
    stack: ExitStack,
) -> FolderDesk:
    configs = _watches(config)
    folders = [_watched_folder(path, watch) for path, watch in configs.items()]
    roots = Roots(config.roots)
    folder_desk = FolderDesk(loop=loop, store=store, desk=desk, pool=pool, monitor=monitor, folders=configs, roots=roots)

    def on_bounce(bounce: Bounce) -> None:
        observer.bounce(is_complete=True)
        folder_desk.on_bounce(bounce)

    def on_bad(bounce: BadBounce) -> None:
        observer.bounce(is_complete=False)
        folder_desk.on_bad(bounce)

    watchers = [
        FolderWatcher(
            folder,
            memory=StoreMemory(loop, store),
            roots=roots,
            on_bounce=on_bounce,
            on_bad=on_bad,
            others=[other for other in folders if other is not folder],
        )
        for folder in folders
    ]
    for watcher in watchers:
        watcher.start()
        stack.callback(watcher.join, WATCHER_JOIN_S)
        log.info("watching %s", watcher.folder.path)
    for watcher in watchers:
        stack.callback(watcher.ask_to_stop)  # all are asked before the first is waited for
    return folder_desk


def _watches(config: Config) -> dict[Path, WatchConfig]:
    """The watched folders by their real paths."""
    return {watch.path.resolve(): watch for watch in config.watch}


def _watched_folder(path: Path, watch: WatchConfig) -> WatchedFolder:
    return WatchedFolder(
        path=path,
        patterns=watch.pattern,
        recursive=watch.recursive,
        poll=watch.poll,
        take_existing=watch.take_existing,
        settle_s=watch.settle_s,
        give_up_s=watch.give_up_s,
    )


def _make_folders(config: Config) -> None:
    for folder in (config.jobs.data_folder, config.inbox):
        try:
            # Job list and analyses tell what somebody works on; who wants others to see them makes the folder beforehand.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be made: {error.strerror}.", advice="Set another one in the config."
            ) from error
