"""What the loop does between messages."""

from __future__ import annotations

import time

from backbeat.jobs.store import Store
from backbeat.service.folder_desk import FolderDesk
from backbeat.service.job_desk import JobDesk

PRUNE_EVERY_S = 3600.0


class Regularly:
    """Called at every tick of the loop; raises StoreDamaged. keep_s: how long ended jobs are remembered; 0: for ever."""

    def __init__(self, *, store: Store, desk: JobDesk, folder_desk: FolderDesk, keep_s: float) -> None:
        self._store = store
        self._desk = desk
        self._folder_desk = folder_desk
        self._keep_s = keep_s
        self._prune_at_s = 0.0

    def __call__(self) -> None:
        self._store.raise_damage()
        self._desk.tick()
        self._folder_desk.tick()
        now_s = time.monotonic()
        if self._keep_s and now_s >= self._prune_at_s:
            self._prune_at_s = now_s + PRUNE_EVERY_S
            self._store.prune(self._keep_s)
