"""What we installed into a folder: a list of files with their SHA-256, kept beside them.

It tells our own files from those that a user has changed since, which are never written over unasked.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath

from backbeat.outputs.write_atomic import write_atomic

NAME = "installed-by-backbeat.json"

Manifest = dict[PurePosixPath, str]
"""SHA-256 in hexadecimal, by the file's name within the folder."""


def sha256(data: bytes) -> str:
    """The checksum as the list has it."""
    return hashlib.sha256(data).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The list in `folder`; empty when there is none or it is damaged, and then every file there counts as the user's."""
    try:
        files = json.loads((folder / NAME).read_text("utf-8"))["files"]
        entries = {PurePosixPath(name): str(checksum) for name, checksum in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: checksum for name, checksum in entries.items() if _stays_inside(name)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the list; raises OutputError."""
    files = {str(name): manifest[name] for name in sorted(manifest)}
    about = "What Backbeat installed here; it keeps and names files that were changed since."
    write_atomic(folder / NAME, (json.dumps({"about": about, "files": files}, indent=2) + "\n").encode())


def _stays_inside(name: PurePosixPath) -> bool:
    """A list that somebody has edited must not make us remove files elsewhere."""
    return (
        bool(name.parts) and not name.is_absolute() and ".." not in name.parts and "\\" not in str(name) and ":" not in str(name)
    )
