"""What the operating system says about changes in a folder, as a set of paths. Wraps watchdog.

The system may lose changes, say them twice, or late; a folder may be missing, vanish with its drive, and come back. So
this only hints where to look: `folder_to_job` also looks for itself now and then.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_WANTED: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
"""All but opening and closing for reading, which our own reading would set off."""


class FolderEvents(FileSystemEventHandler):
    """The changes in one folder. All methods but `dispatch` are for one thread; `dispatch` is called by watchdog's."""

    def __init__(self, folder: Path, *, recursive: bool, accepts: Callable[[Path], bool]) -> None:
        self._folder = folder
        self._recursive = recursive
        self._accepts = accepts
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._changed: set[Path] = set()
        self._lost = False

    @property
    def attached(self) -> bool:
        """Whether the system is reporting changes."""
        return self._observer is not None

    def keep_up(self, identity: tuple[int, int] | None) -> bool:
        """Attach to the folder where needed; call it about every second.

        `identity` is the folder's device and inode now, None while it is not there: a folder that was deleted and made
        again, or unmounted and mounted again, is another one. True when it has just attached, so that what happened
        before has to be looked for. Raises OSError when the system refuses, as it does when its watches are used up.
        """
        if self.attached and (identity != self._identity or self._lost or not self._is_alive()):
            self.detach()
        if self.attached or identity is None:
            return False
        self._lost = False
        observer = Observer()
        observer.schedule(self, str(self._folder), recursive=self._recursive, event_filter=_WANTED)
        observer.start()
        self._observer, self._identity = observer, identity
        return True

    def detach(self) -> None:
        """Stop listening; `keep_up` starts again."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def drain(self) -> set[Path]:
        """The paths that changed since the last call: made, written, renamed, closed or deleted."""
        with self._lock:
            changed, self._changed = self._changed, set()
        return changed

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog for each change."""
        if event.is_directory:
            self._lost = self._lost or (isinstance(event, DirDeletedEvent) and _path(event.src_path) == self._folder)
            return
        paths = {_path(name) for name in (event.src_path, event.dest_path) if name}
        accepted = {path for path in paths if self._accepts(path)}
        if accepted:
            with self._lock:
                self._changed |= accepted

    def _is_alive(self) -> bool:
        return self._observer is not None and all(emitter.is_alive() for emitter in self._observer.emitters)


def _path(name: str | bytes) -> Path:
    return Path(os.fsdecode(name))
