"""What is to be done with each file of an installation: nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from backbeat.errors import InstallError
from backbeat.install.contents import Contents
from backbeat.install.manifest import Manifest, read_manifest, sha256


class Action(StrEnum):
    """What happens to one file."""

    NEW = "new"
    UPDATE = "update"
    SAME = "same"
    """It is there and as it should be."""
    KEEP = "keep"
    """It is not what we installed: somebody changed it."""
    REPLACE = "replace"
    """Changed by somebody, and replaced all the same, after a copy was put beside it."""
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One file. name: within `folder`."""

    action: Action
    folder: Path
    name: PurePosixPath

    @property
    def path(self) -> Path:
        return self.folder / self.name


def plan_install(folder: Path, wanted: Contents, *, force: bool = False) -> tuple[Step, ...]:
    """What makes `folder` hold `wanted`; files of an earlier version that are no longer part of it go.

    force: also replace files that were changed since. Raises InstallError when something there cannot be read.
    """
    manifest = read_manifest(folder)
    steps = [
        Step(action=_for_wanted(folder, name, data, manifest, force=force), folder=folder, name=name)
        for name, data in wanted.items()
    ]
    obsolete = {name: checksum for name, checksum in manifest.items() if name not in wanted}
    return (*steps, *_removals(folder, obsolete))


def plan_removal(folder: Path) -> tuple[Step, ...]:
    """What takes away all that we installed and nobody changed."""
    return tuple(_removals(folder, read_manifest(folder)))


def _for_wanted(folder: Path, name: PurePosixPath, data: bytes, manifest: Manifest, *, force: bool) -> Action:
    there = _checksum(folder / name)
    if there is None:
        return Action.NEW
    if there == sha256(data):
        return Action.SAME
    if there == manifest.get(name):
        return Action.UPDATE
    return Action.REPLACE if force else Action.KEEP


def _removals(folder: Path, files: Manifest) -> Iterator[Step]:
    for name, checksum in sorted(files.items()):
        there = _checksum(folder / name)
        if there is not None:
            yield Step(action=Action.REMOVE if there == checksum else Action.KEEP, folder=folder, name=name)


def _checksum(path: Path) -> str | None:
    """None: there is no such file."""
    try:
        return sha256(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InstallError(
            f"{path} cannot be read: {error.strerror or error}.", advice="Move it elsewhere, or change its permissions."
        ) from error
