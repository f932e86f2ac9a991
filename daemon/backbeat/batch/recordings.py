"""The recordings of a folder, one after the other and in order, without holding them all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from backbeat.errors import AudioMissing, OutputError
from backbeat.intake.watched_folder import WatchedFolder
from backbeat.outputs.read_result import read_document
from backbeat.values import OutputKind

_STEM_ENDING = f".drums{OutputKind.STEM.suffix}"


def recordings(folder: WatchedFolder, *, leave_out: Path | None, on_trouble: Callable[[str], object]) -> Iterator[Path]:
    """The files to be taken by their name, sorted within each folder, its own files before those of the folders in it.

    Hidden folders and links to folders are left out, as in a watched folder; so is `leave_out`, where the results go. At most
    the names of one folder are held at a time. A folder inside that cannot be listed is told `on_trouble`; raises AudioMissing
    when `folder` itself cannot be.
    """
    waiting = [folder.path]
    while waiting:
        here = waiting.pop()
        try:
            with os.scandir(here) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            sentence = f"The folder {here} cannot be looked through: {error.strerror or error}."
            if here == folder.path:
                raise AudioMissing(sentence, advice="Check the name, and that its drive is connected.") from error
            on_trouble(sentence)
            continue
        inside = []
        for entry in entries:
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                if folder.recursive and not entry.name.startswith(".") and path != leave_out:
                    inside.append(path)
            elif folder.accepts(path):
                yield path
        waiting += reversed(inside)


def is_kept_stem(path: Path) -> bool:
    """Whether the file is a drum stem that a job kept (`keep_stem`), by the result beside it; one that the user made is not."""
    if not path.name.endswith(_STEM_ENDING):
        return False
    out_base = path.with_name(path.name.removesuffix(OutputKind.STEM.suffix))
    try:
        document = read_document(out_base.with_name(out_base.name + OutputKind.JSON.suffix))
    except OutputError:
        return False
    outputs = document.get("outputs")
    return isinstance(outputs, dict) and outputs.get(OutputKind.STEM) == str(path)
