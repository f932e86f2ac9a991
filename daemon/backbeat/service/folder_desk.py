"""From what the folder watchers find to jobs.

The watchers have threads of their own and ask the loop, which owns the store. Fingerprints of large files are taken
on the pool's threads, so that the loop always answers at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from backbeat.config.schema import WatchConfig
from backbeat.errors import AudioMissing, Cancelled, JobError
from backbeat.intake.file_stamp import FileStamp
from backbeat.intake.fingerprint import fingerprint
from backbeat.intake.watched_folder import BadBounce, Bounce
from backbeat.jobs.job import Origin, Priority
from backbeat.jobs.store import Store
from backbeat.monitor import Monitor
from backbeat.pipeline.request import Request, free_out_base
from backbeat.service.job_desk import JobDesk
from backbeat.service.loop import Loop

log = logging.getLogger(__name__)


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
    """Takes bounces in. `on_bounce` and `on_bad` may be called on any thread; folders: watched path to its config."""

    def __init__(
        self,
        *,
        loop: Loop,
        store: Store,
        desk: JobDesk,
        pool: Executor,
        monitor: Monitor,
        folders: Mapping[Path, WatchConfig],
    ) -> None:
        self._loop = loop
        self._store = store
        self._desk = desk
        self._pool = pool
        self._monitor = monitor
        self._folders = folders

    def on_bounce(self, bounce: Bounce) -> None:
        """A finished file."""
        self._loop.post(partial(self._pool.submit, self._read, bounce))

    def on_bad(self, bounce: BadBounce) -> None:
        """A file that will not become usable by waiting: a job that has failed."""
        self._loop.post(partial(self._fail, bounce, bounce.error))

    def _read(self, bounce: Bounce) -> None:
        """On the pool: takes the fingerprint, which reads the whole file."""
        try:
            content = fingerprint(bounce.path, self._monitor)
        except AudioMissing:
            log.info("%s was deleted before it was read", bounce.path.name)
        except Cancelled:
            log.info("%s is left for the next start", bounce.path.name)
        except JobError as error:
            self._loop.post(partial(self._fail, bounce, error))
        else:
            self._loop.post(partial(self._submit, bounce, content))

    def _submit(self, bounce: Bounce, content: str) -> None:
        submission = self._desk.submit(self._request(bounce, content), origin=Origin.FOLDER, priority=Priority.FOLDER)
        self._store.remember(bounce.path, bounce.stamp, submission.job.id)

    def _fail(self, bounce: Bounce | BadBounce, error: JobError) -> None:
        job = self._desk.submit_failed(self._request(bounce, ""), error, origin=Origin.FOLDER, priority=Priority.FOLDER)
        self._store.remember(bounce.path, bounce.stamp, job.id)

    def _request(self, bounce: Bounce | BadBounce, content: str) -> Request:
        """Made at the last moment: of two files called alike that land together, the second has to see the first's place."""
        settings = self._folders[bounce.folder.path].settings
        return Request(path=bounce.path, fingerprint=content, out_base=self._out_base(bounce), settings=settings)

    def _out_base(self, bounce: Bounce | BadBounce) -> Path:
        """Beside the bounce, or in the output folder, which then has the same folders inside as the watched one."""
        output = self._folders[bounce.folder.path].output
        inside = bounce.path.parent.relative_to(bounce.folder.path)
        out_dir = bounce.path.parent if output is None else output / inside
        return free_out_base(bounce.path, out_dir, lambda place: self._store.output_base_taken(place, bounce.path))
