"""What the watched folders held when they were last looked at: how changes are found after the daemon was down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backbeat.intake.file_stamp import FileStamp
from backbeat.jobs.database import Database, path_bytes
from backbeat.jobs.watch_times import write_watch_times


@dataclass(frozen=True, kw_only=True)
class SeenFile:
    """A file as it was when it was dealt with; job_id: the job it became, or None if it became none."""

    stamp: FileStamp
    job_id: str | None


class SeenFiles(Database):
    """The part of the store that remembers files of watched folders."""

    def seen(self, path: Path) -> SeenFile | None:
        """What is remembered of `path`, or None if it was never dealt with."""
        rows = self._run("seen", path=path)
        if not rows:
            return None
        (row,) = rows
        stamp = FileStamp(size=row["size"], mtime_ns=row["mtime_ns"], inode=_unsigned(row["inode"]))
        return SeenFile(stamp=stamp, job_id=row["job_id"])

    def remember(self, path: Path, stamp: FileStamp, job_id: str | None = None) -> None:
        """`path` with this stamp has been dealt with; replaces what was remembered of it."""
        inode = _signed(stamp.inode)
        self._run("remember", path=path, size=stamp.size, mtime_ns=stamp.mtime_ns, inode=inode, id=job_id)

    def begin_watch(self, folder: Path, old: Mapping[Path, FileStamp], since: float | None = None) -> None:
        """`folder` is watched from now on, and `old`, what was in it before, counts as dealt with; all or nothing.

        since: when the watch began, in seconds since the epoch, where it is gone on with in a new store.
        """
        with self._transaction():
            self.first_watch(folder, since)
            for path, stamp in old.items():
                self.remember(path, stamp)
        write_watch_times(self.path, self.watch_times())

    def watch_times(self) -> dict[Path, float]:
        """Every folder that was ever watched, and since when, in seconds since the epoch."""
        return {Path(row["folder"]): float(row["since"]) for row in self._run("watch_times")}

    def forget_below(self, folder: Path) -> None:
        """Forget `folder` and everything in it, so that it is taken when it comes back."""
        first = path_bytes(folder).rstrip(os.sep.encode()) + os.sep.encode()
        self._run("forget_below", folder=folder, first=first, last=first[:-1] + bytes([first[-1] + 1]))

    def first_watch(self, folder: Path, since: float | None = None) -> bool:
        """Whether `folder` was never watched before this call; from now on it was."""
        return bool(self._run("watch", folder=folder, since=self._clock() if since is None else since))

    def watched_since(self, folder: Path) -> float | None:
        """When `folder` was first watched, in seconds since the epoch, or None."""
        rows = self._run("watched_since", folder=folder)
        return float(rows[0]["since"]) if rows else None


def _signed(number: int) -> int:
    """SQLite's integers are signed, inodes (and Windows file ids of up to 64 bits) are not."""
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number


def _unsigned(number: int) -> int:
    return number % 2**64
