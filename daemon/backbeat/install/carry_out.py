"""Does what was planned. An interrupted installation is put right by running it again."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from backbeat.errors import InstallError
from backbeat.install.contents import Contents
from backbeat.install.manifest import NAME, read_manifest, sha256, write_manifest
from backbeat.install.plan import Action, Step
from backbeat.outputs.write_atomic import write_atomic

_WRITTEN = (Action.NEW, Action.UPDATE, Action.REPLACE)


def install(folder: Path, steps: Sequence[Step], wanted: Contents) -> tuple[Path, ...]:
    """Do the steps of `plan_install`; returns the copies made of files that were replaced.

    Raises InstallError or OutputError when the folder cannot be written to.
    """
    manifest, copies = read_manifest(folder), []
    try:
        for step in steps:
            if step.action is Action.REPLACE:
                copies.append(_copy_beside(step.path))
            if step.action in _WRITTEN:
                step.path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(step.path, wanted[step.name])
            if step.action in (*_WRITTEN, Action.SAME):
                manifest[step.name] = sha256(wanted[step.name])
            elif step.action is Action.REMOVE:
                _remove(folder, step.path)
    except OSError as error:
        raise _refused(folder, error) from error
    write_manifest(folder, {name: checksum for name, checksum in manifest.items() if (folder / name).exists()})
    return tuple(copies)


def remove(folder: Path, steps: Sequence[Step]) -> None:
    """Do the steps of `plan_removal`; the folder goes too when nothing is left in it. Raises InstallError or OutputError."""
    kept = {step.name for step in steps if step.action is Action.KEEP}
    manifest = {name: checksum for name, checksum in read_manifest(folder).items() if name in kept}
    try:
        for step in steps:
            if step.action is Action.REMOVE:
                _remove(folder, step.path)
        if manifest:
            write_manifest(folder, manifest)
            return
        (folder / NAME).unlink(missing_ok=True)
        _remove_empty(folder, folder)
    except OSError as error:
        raise _refused(folder, error) from error


def _copy_beside(path: Path) -> Path:
    number = 1
    while (copy := path.with_name(f"{path.name}.yours-{number}")).exists():
        number += 1
    shutil.copy2(path, copy)
    return copy


def _remove(folder: Path, path: Path) -> None:
    path.unlink()
    if path.parent != folder:
        _remove_empty(path.parent, folder)


def _remove_empty(empty: Path, top: Path) -> None:
    """Remove the folder, and those around it up to `top`, as far as nothing is in them."""
    while empty.is_dir() and not any(empty.iterdir()):
        empty.rmdir()
        if empty == top:
            return
        empty = empty.parent


def _refused(folder: Path, error: OSError) -> InstallError:
    return InstallError(
        f"{folder} cannot be changed: {error.strerror or error}.", advice="Close the program and check the folder's permissions."
    )
