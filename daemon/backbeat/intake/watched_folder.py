"""A watched folder, which names in it are taken, and what it hands on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from backbeat.errors import JobError
from backbeat.intake.bounce_settings import is_bounce_settings
from backbeat.intake.file_stamp import FileStamp
from backbeat.values import AUDITION_SUFFIX

TEMP_SUFFIXES = frozenset({
    ".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart",  # being written
    ".asd", ".reapeaks", ".pkf", ".gpk", ".ovw",  # what Live, REAPER, Audition, WaveLab and Cubase keep beside a file
})  # fmt: skip
"""Suffixes that are never taken, whatever the pattern says."""


@dataclass(frozen=True, kw_only=True)
class WatchedFolder:
    """A folder and what is to be taken from it.

    patterns: globs such as `*.wav`; upper and lower case are the same; one with a `/` is held against the path below the
    folder. poll: look at it regularly instead of having the system report changes. take_existing: also take what was
    there before the folder was first watched. settle_s, give_up_s: see `settle`.
    """

    path: Path
    patterns: tuple[str, ...]
    recursive: bool = False
    poll: bool = False
    take_existing: bool = False
    settle_s: float = 2.0
    give_up_s: float = 30.0

    def covers(self, path: Path) -> bool:
        """Whether the path lies in the part of the tree that this folder watches."""
        return path.parent == self.path or (self.recursive and self.path in path.parents)

    def accepts(self, path: Path) -> bool:
        """Whether a file of that name is to be taken: covered, not hidden, not temporary, no settings, and in the patterns."""
        if not self.covers(path):
            return False
        inside = path.relative_to(self.path)
        if any(part.startswith(".") for part in inside.parts) or is_temp_name(path.name) or is_bounce_settings(path.name):
            return False
        name, below = path.name.lower(), inside.as_posix().lower()
        return any(fnmatch(below if "/" in pattern else name, pattern.lower()) for pattern in self.patterns)


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """A finished file."""

    path: Path
    stamp: FileStamp
    folder: WatchedFolder


@dataclass(frozen=True, kw_only=True)
class BadBounce:
    """A file that will not become usable by waiting; `error` says why and what to do."""

    path: Path
    stamp: FileStamp
    folder: WatchedFolder
    error: JobError


def is_temp_name(name: str) -> bool:
    """Whether a program, Backbeat too, uses names like this for files that it is still writing, or keeps for itself."""
    if name.startswith(("~", ".")) or name.endswith(("~", AUDITION_SUFFIX)):
        return True
    return Path(name).suffix.lower() in TEMP_SUFFIXES


def owner(path: Path, folders: Iterable[WatchedFolder]) -> WatchedFolder | None:
    """Where watched folders lie inside one another, the innermost that covers a file decides about it."""
    covering = [folder for folder in folders if folder.covers(path)]
    return max(covering, key=lambda folder: len(folder.path.parts), default=None)
