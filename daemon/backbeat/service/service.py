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

from backbeat import __version__
from backbeat.config.folders import user_presets_folder
from backbeat.config.schema import Config, WatchConfig
from backbeat.config.serialise import config_to_json
from backbeat.errors import Cancelled, MidiPortError, OscPortError, OutputError
from backbeat.intake.folder_to_job import FolderWatcher
from backbeat.intake.osc_requests import OscRequest
from backbeat.intake.osc_server import OscServer, open_udp_socket
from backbeat.intake.osc_to_job import OscIntake
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import WatchedFolder
from backbeat.jobs.store import Store
from backbeat.monitor import Monitor
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.osc_sender import OscSender
from backbeat.outputs.outgoing_socket import OutgoingSocket
from backbeat.service.announcer import Announcer
from backbeat.service.folder_desk import FolderDesk, StoreMemory
from backbeat.service.job_desk import JobDesk
from backbeat.service.live_desk import LiveDesk
from backbeat.service.logging import setup_logging
from backbeat.service.loop import Loop
from backbeat.service.osc_desk import OscDesk
from backbeat.service.signals import stop_signals
from backbeat.service.single_instance import SingleInstance
from backbeat.service.worker_messages import Hello
from backbeat.service.worker_process import WorkerProcess
from backbeat.values import Stage

log = logging.getLogger(__name__)

PRUNE_EVERY_S = 3600.0
WATCHER_JOIN_S = 1.0
INTAKE_THREADS = 4
"""Fingerprints at once: a slow drive does not hold up the others."""

DOWNLOADS = 4
"""At once; they have threads of their own, so that slow ones hold up no bounce."""


def serve(config: Config) -> int:
    """Run the daemon until it is asked to stop; returns the exit code. Raises BackbeatError when it cannot start."""
    setup_logging(config.log.level, json=config.log.json, file=config.log.file)
    loop = Loop()
    with stop_signals(lambda _name: loop.stop()), ExitStack() as stack:
        _make_folders(config)
        stack.enter_context(SingleInstance(config.jobs.data_folder))
        tick = _compose(config, loop, stack)
        log.info("Backbeat %s is running (process %d)", __version__, os.getpid())
        loop.run(tick)
        log.info("stopping")
    log.info("stopped")
    return 0


def _compose(config: Config, loop: Loop, stack: ExitStack) -> Callable[[], None]:
    """Make and start all parts; `stack` stops them in reverse. Returns what the loop does regularly."""
    store = stack.enter_context(Store(config.jobs.database))
    shutdown = _Shutdown()
    sender, osc_socket = _osc_out(config, stack)
    announcer = Announcer(sender)
    worker = WorkerProcess(
        lambda message: loop.post(partial(desk.receive, message)),
        hello=Hello(config=config_to_json(config), nice=config.jobs.nice, log_level=config.log.level),
        preload=config.jobs.preload,
        cancel_grace_s=config.jobs.cancel_grace_s,
    )
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

    player = MidiPlayer(config.midi.port, virtual=config.midi.virtual)
    stack.callback(player.close)
    if osc_socket is not None:
        _open_own_port(player, config)
        others = OscSender(stack.enter_context(closing(OutgoingSocket())))
        stack.callback(others.stop)
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
        )
        _start_osc(config=config, osc_socket=osc_socket, osc_desk=osc_desk, sender=sender, loop=loop, stack=stack)
    folder_desk = _start_watching(config=config, store=store, desk=desk, pool=pool, monitor=shutdown, loop=loop, stack=stack)
    return _Regularly(config, store, desk, folder_desk)


def _open_own_port(player: MidiPlayer, config: Config) -> None:
    """A port of our own is there from the start, for the DAW to choose; a device is only taken to play on it."""
    if config.midi.port or not config.midi.virtual or sys.platform == "win32":
        return
    try:
        player.open()
    except MidiPortError as error:
        log.info("no MIDI port yet; /backbeat/play looks for one again (%s)", error.message)


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
        self._desk.tick()
        self._folder_desk.tick()
        now_s = time.monotonic()
        if self._keep_s and now_s >= self._prune_at_s:
            self._prune_at_s = now_s + PRUNE_EVERY_S
            self._store.prune(self._keep_s)


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
    *, config: Config, osc_socket: socket.socket, osc_desk: OscDesk, sender: OscSender, loop: Loop, stack: ExitStack
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

    intake = OscIntake(post=post, answer_error=lambda address, sentence, to: sender.send(say.error(address, sentence), to))
    server = OscServer(osc_socket, intake.receive, allow=config.osc.allow)
    server.start()
    stack.callback(server.stop)
    log.info("listening for OSC on %s, port %d", *server.address)


def _start_watching(
    *,
    config: Config,
    store: Store,
    desk: JobDesk,
    pool: ThreadPoolExecutor,
    monitor: Monitor,
    loop: Loop,
    stack: ExitStack,
) -> FolderDesk:
    configs = {watch.path.resolve(): watch for watch in config.watch}
    folders = [_watched_folder(path, watch) for path, watch in configs.items()]
    roots = Roots(config.roots)
    folder_desk = FolderDesk(loop=loop, store=store, desk=desk, pool=pool, monitor=monitor, folders=configs, roots=roots)
    watchers = [
        FolderWatcher(
            folder,
            memory=StoreMemory(loop, store),
            roots=roots,
            on_bounce=folder_desk.on_bounce,
            on_bad=folder_desk.on_bad,
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
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be made: {error.strerror}.", advice="Set another one in the config."
            ) from error
