"""Where a batch reads, where its results go, and where it keeps its jobs."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from backbeat.batch.recordings import recordings
from backbeat.errors import StoreError
from backbeat.intake.watched_folder import WatchedFolder

STORE_NAME = "jobs.sqlite"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder of a batch. out: where the results go, in the same folders; None: beside each recording. patterns: globs."""

    folder: Path
    out: Path | None
    patterns: tuple[str, ...]
    recursive: bool

    def recordings(self, on_trouble: Callable[[str], object]) -> Iterator[Path]:
        """What is to be taken by its name, in order; `on_trouble` hears of folders inside that cannot be listed."""
        folder = WatchedFolder(path=self.folder, patterns=self.patterns, recursive=self.recursive)
        return recordings(folder, leave_out=self.out, on_trouble=on_trouble)

    def own_folder(self, data_folder: Path) -> Path:
        """The folder with the store and the lock of this batch: the same for the same two places."""
        key = f"{self.folder}\0{self.out or ''}".encode("utf-8", "surrogatepass")
        return data_folder / "batches" / hashlib.sha256(key).hexdigest()[:16]


def copy_of_store(database: Path, to: Path) -> Path:
    """A copy of a store, which may be in use, in the folder `to`; where there is none, only the place for a new one."""
    copy = to / STORE_NAME
    if database.exists():
        try:
            with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"The job database {database} cannot be read: {error}.") from error
    return copy
