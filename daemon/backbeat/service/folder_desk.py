"""From what the folder watchers find to jobs.

The watchers have threads of their own and ask the loop, which owns the store. Fingerprints of large files are taken
on the pool's threads, so that the loop always answers at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from backbeat.config.schema import WatchConfig
from backbeat.errors import AudioMissing, Cancelled, JobError, StoreError
from backbeat.intake.bounce_settings import bounce_options
from backbeat.intake.file_stamp import FileStamp, file_stamp
from backbeat.intake.fingerprint import fingerprint_of
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce
from backbeat.jobs.job import Origin, Priority
from backbeat.jobs.store import Store
from backbeat.monitor import Monitor
from backbeat.pipeline.request import Request, free_out_base
from backbeat.service.background import in_background
from backbeat.service.job_desk import JobDesk
from backbeat.service.loop import Loop

log = logging.getLogger(__name__)

TRY_AGAIN_S = 5.0
"""After so long a bounce that the store could not take is offered to it again."""


class StoreMemory:
    """What folder watchers remember, kept in the store; each call is answered by the loop's thread."""

    def __init__(self, loop: Loop, store: Store) -> None:
        self._loop = loop
        self._store = store

    def is_new(self, folder: Path) -> bool:
        return self._loop.ask(lambda: self._store.watched_since(folder) is None)

    def begin(self, folder: Path, old: Mapping[Path, FileStamp]) -> None:
        self._loop.ask(lambda: self._store.begin_watch(folder, old))

    def seen(self, path: Path) -> FileStamp | None:
        found = self._loop.ask(lambda: self._store.seen(path))
        return found.stamp if found else None

    def is_own_output(self, path: Path, stamp: FileStamp) -> bool:
        return self._loop.ask(lambda: self._store.is_own_output(path, stamp))


class FolderDesk:
    """Takes bounces in. `on_bounce` and `on_bad` may be called on any thread; folders: watched path to its config.

    roots: where bounces, and the settings that lie beside them, may come from. Those settings go before those of the folder.
    The watchers hand a file on once. What the store cannot take then, because its disk is full, waits here: `tick`.
    """

    def __init__(
        self,
        *,
        loop: Loop,
        store: Store,
        desk: JobDesk,
        pool: Executor,
        monitor: Monitor,
        folders: Mapping[Path, WatchConfig],
        roots: Roots,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._loop = loop
        self._store = store
        self._desk = desk
        self._pool = pool
        self._monitor = monitor
        self._folders = folders
        self._roots = roots
        self._clock = clock
        self._waiting: dict[Path, Callable[[], None]] = {}
        self._try_again_at_s = 0.0

    def on_bounce(self, bounce: Bounce) -> None:
        """A finished file."""
        self._loop.post(partial(in_background, self._pool, self._read, bounce))

    def on_bad(self, bounce: BadBounce) -> None:
        """A file that will not become usable by waiting: a job that has failed."""
        self._loop.post(partial(self._fail, bounce, bounce.error))

    def tick(self) -> None:
        """Now and then, on the loop's thread: offer the store again what it could not take."""
        if not self._waiting or self._clock() < self._try_again_at_s:
            return
        for path, offer in list(self._waiting.items()):
            if not self._offer(path, offer):
                break

    def _read(self, bounce: Bounce) -> None:
        """On the pool: takes the fingerprint, which reads the whole file, and reads the settings beside it."""
        try:
            with self._roots.open(bounce.path) as opened:
                content = fingerprint_of(opened.file, self._monitor)
            options = bounce_options(bounce.path, self._roots)
            is_outdated = _version(file_stamp(bounce.path)) != _version(bounce.stamp)
        except AudioMissing:
            log.info("%s was deleted before it was read", bounce.path.name)
        except Cancelled:
            log.info("%s is left for the next start", bounce.path.name)
        except JobError as error:
            self._loop.post(partial(self._fail, bounce, error))
        else:
            if is_outdated:  # the watcher hands on the newer version, which this one must not come after
                log.info("%s changed while it was read", bounce.path.name)
            else:
                self._loop.post(partial(self._take, bounce, content, options))

    def _take(self, bounce: Bounce, content: str, options: Mapping[str, Any]) -> None:
        def offer() -> None:
            request = self._request(bounce, content, options)
            submission = self._desk.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER)
            self._store.remember(bounce.path, bounce.stamp, submission.job.id)

        self._offer(bounce.path, offer)

    def _fail(self, bounce: Bounce | BadBounce, error: JobError) -> None:
        def offer() -> None:
            job = self._desk.submit_failed(self._request(bounce, "", {}), error, origin=Origin.FOLDER, priority=Priority.FOLDER)
            self._store.remember(bounce.path, bounce.stamp, job.id)

        self._offer(bounce.path, offer)

    def _offer(self, path: Path, offer: Callable[[], None]) -> bool:
        """Have the store take it; what it refuses waits, unless a newer version of the file comes first."""
        try:
            offer()
        except StoreError as error:
            if path not in self._waiting:
                log.warning("%s has to wait: %s", path.name, error.in_words)
            self._waiting[path] = offer
            self._try_again_at_s = self._clock() + TRY_AGAIN_S
            return False
        self._waiting.pop(path, None)
        return True

    def _request(self, bounce: Bounce | BadBounce, content: str, options: Mapping[str, Any]) -> Request:
        """Made at the last moment: of two files called alike that land together, the second has to see the first's place."""
        settings = replace(self._folders[bounce.folder.path].settings, **options)
        return Request(path=bounce.path, fingerprint=content, out_base=self._out_base(bounce), settings=settings)

    def _out_base(self, bounce: Bounce | BadBounce) -> Path:
        """Beside the bounce, or in the output folder, which then has the same folders inside as the watched one."""
        output = self._folders[bounce.folder.path].output
        inside = bounce.path.parent.relative_to(bounce.folder.path)
        out_dir = bounce.path.parent if output is None else output / inside
        return free_out_base(bounce.path, out_dir, lambda place: self._store.output_base_taken(place, bounce.path))


def _version(stamp: FileStamp) -> tuple[int, int]:
    """Size and time; the inode changes by itself on some network drives."""
    return stamp.size, stamp.mtime_ns
