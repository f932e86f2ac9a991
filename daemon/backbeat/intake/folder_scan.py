"""Look through a watched folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from backbeat.intake.watched_folder import WatchedFolder


def folder_identity(folder: Path) -> tuple[int, int]:
    """Device and inode of the folder; raises OSError when it is not there, is no folder, or may not be listed."""
    with os.scandir(folder):
        found = folder.stat()
    return found.st_dev, found.st_ino


def scan(folder: WatchedFolder) -> Iterator[Path]:
    """The paths in the folder that are to be taken by their name, in no order.

    Folders inside it that cannot be listed, that are hidden, or that are links are left out; the first keeps one locked
    folder from hiding the others, the last keeps a link to above from being walked for ever. Raises OSError when the
    folder itself cannot be listed.
    """
    waiting = [folder.path]
    while waiting:
        here = waiting.pop()
        try:
            entries = os.scandir(here)
        except OSError:
            if here == folder.path:
                raise
            continue
        with entries:
            for entry in entries:
                if folder.recursive and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif folder.accepts(path := Path(entry.path)):
                    yield path
