"""Watch folders and hand on the bounces that land in them.

Each folder has a thread of its own, so that a network drive that hangs does not hold up the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from backbeat.errors import BackbeatError, Cancelled
from backbeat.intake.disk_probe import DiskProbe
from backbeat.intake.folder_events import FolderEvents
from backbeat.intake.folder_intake import FolderIntake, FolderMemory
from backbeat.intake.folder_scan import folder_identity
from backbeat.intake.roots import Roots
from backbeat.intake.watched_folder import BadBounce, Bounce, WatchedFolder

LOG = logging.getLogger(__name__)

TICK_S = 0.25
CHECK_S = 1.0
"""How often the folder itself is looked for."""

RESCAN_S = 30.0
"""How often a folder is looked through although the system reports its changes: it may lose some."""

POLL_S = 2.0
"""How often it is looked through when the system does not report them."""

RESCAN_SHARE = 0.1
"""At most this share of the time is spent looking through a huge folder."""


class FolderWatcher:
    """One watched folder. The callbacks are called on its thread and have to return quickly."""

    def __init__(
        self,
        folder: WatchedFolder,
        *,
        memory: FolderMemory,
        roots: Roots,
        on_bounce: Callable[[Bounce], None],
        on_bad: Callable[[BadBounce], None],
        others: Sequence[WatchedFolder] = (),
        rescan_s: float = RESCAN_S,
        poll_s: float = POLL_S,
    ) -> None:
        """Watch `folder`, parts of whose tree may belong to `others`. roots: where a link in it may lead."""
        self._folder = folder
        self._here = real_folder(folder)
        self._on_bounce, self._on_bad = on_bounce, on_bad
        self._rescan_s, self._poll_s = rescan_s, poll_s
        self._intake = FolderIntake(
            self._here,
            memory=memory,
            roots=roots,
            probe=DiskProbe(),
            others=[real_folder(other) for other in others],
            watched_since_ns=None if self._here.path.is_dir() else time.time_ns(),
        )
        self._events = FolderEvents(self._here.path, recursive=folder.recursive, accepts=self._intake.accepts)
        self._is_there = False
        self._must_poll = folder.poll
        self._is_first_look = True
        self._check_at_s = self._rescan_at_s = 0.0
        self._problem: str | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {folder.path.name}", daemon=True)

    @property
    def folder(self) -> WatchedFolder:
        return self._folder

    @property
    def problem(self) -> str | None:
        """Why the folder is not watched as it should be, in a sentence; None when all is well."""
        return self._problem

    def start(self) -> None:
        """Begin; files that are already there are found at once."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Return at once; the thread ends within a moment."""
        self._stopped.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when the thread still hangs, as it does on a network drive that does not answer."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        tick_s = min(TICK_S, self._here.settle_s / 2)
        try:
            while not self._stopped.is_set():
                try:
                    self._step(time.monotonic())
                except Cancelled:
                    return
                except (OSError, BackbeatError) as error:
                    self._report(f"{self._folder.path} could not be looked through: {error}")
                self._stopped.wait(tick_s)
        finally:
            self._events.detach()

    def _step(self, now_s: float) -> None:
        if now_s >= self._check_at_s:
            self._check_at_s = now_s + CHECK_S
            self._check()
        for path in self._events.drain():
            self._intake.notice(path)
        if self._is_there and now_s >= self._rescan_at_s:
            self._rescan()
        for found in self._intake.tick(now_s):
            if isinstance(found, Bounce):
                self._on_bounce(replace(found, folder=self._folder))
            else:
                self._on_bad(replace(found, folder=self._folder))

    def _check(self) -> None:
        """See whether the folder is there, and listen to it where the system reports its changes."""
        try:
            identity = folder_identity(self._here.path)
        except OSError as error:
            self._is_there, self._must_poll = False, self._folder.poll
            self._events.keep_up(None)
            self._report(f"{self._folder.path} cannot be watched: {error.strerror}")
            return
        if not self._is_there:
            self._is_there = True
            self._look_afresh()
        if self._must_poll:
            if self._folder.poll:
                self._report(None)
            return
        try:
            if self._events.keep_up(identity):
                self._look_afresh()
            self._report(None)
        except OSError as error:
            # Not tried again while the folder stays: watchdog leaks three file descriptors with every refusal.
            self._must_poll = True
            self._report(f"the system does not report changes in {self._folder.path} ({error.strerror}): looking every moment")

    def _look_afresh(self) -> None:
        self._is_first_look, self._rescan_at_s = True, 0.0

    def _rescan(self) -> None:
        """Look through the folder, and listen anew when the system had kept a file from us since the last time."""
        started_s = time.monotonic()
        self._rescan_at_s = started_s + self._poll_s  # should it raise
        surprises = self._intake.rescan()
        ended_s = time.monotonic()
        if surprises and self._events.attached and not self._is_first_look:
            LOG.info("%s: %d changes were not reported; for a network drive set poll = true", self._folder.path, surprises)
            self._events.detach()
        self._is_first_look = False
        period_s = self._rescan_s if self._events.attached else self._poll_s
        self._rescan_at_s = ended_s + max(period_s, (ended_s - started_s) / RESCAN_SHARE)

    def _report(self, problem: str | None) -> None:
        """Log a problem when it comes and when it goes, not every second."""
        if problem == self._problem:
            return
        self._problem = problem
        if problem is not None:
            LOG.warning("%s", problem)
        else:
            LOG.info("%s is being watched now", self._folder.path)


def real_folder(folder: WatchedFolder) -> WatchedFolder:
    """The folder under its real path, as the system reports it: `~` and links resolved."""
    return replace(folder, path=folder.path.expanduser().resolve())
