"""The daemon's watched folders: a watcher for each, and the desk that makes jobs of what they find."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

from backbeat.config.schema import Config, WatchConfig
from backbeat.intake.folder_to_job import FolderWatcher
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder
from backbeat.jobs.rescue import Places
from backbeat.jobs.store import Store
from backbeat.metrics.observer import Observer
from backbeat.monitor import Monitor
from backbeat.service.folder_desk import FolderDesk, StoreMemory
from backbeat.service.job_desk import JobDesk
from backbeat.service.loop import Loop

log = logging.getLogger(__name__)

WATCHER_JOIN_S = 1.0


def places_of(config: Config) -> Places:
    """Where bounces come from and where results lie."""
    watches = _watches(config)
    results = [*(watch.output or path for path, watch in watches.items()), config.inbox]
    return Places(watched=_watched_folders(watches), results=results)


def start_watching(
    *,
    config: Config,
    store: Store,
    desk: JobDesk,
    pool: Executor,
    monitor: Monitor,
    loop: Loop,
    observer: Observer,
    stack: ExitStack,
) -> FolderDesk:
    """Start a thread for each watched folder. pool, monitor: see `FolderDesk`."""
    configs = _watches(config)
    folders = _watched_folders(configs)
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


def _watched_folders(watches: Mapping[Path, WatchConfig]) -> list[WatchedFolder]:
    return [
        WatchedFolder(
            path=path,
            patterns=watch.pattern,
            recursive=watch.recursive,
            poll=watch.poll,
            take_existing=watch.take_existing,
            settle_s=watch.settle_s,
            give_up_s=watch.give_up_s,
        )
        for path, watch in watches.items()
    ]
