"""Files `NNNNN.npz` of rendered material, each decided by its number: an interrupted run goes on to the same files."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbeat.outputs.write_atomic import atomic_path

Arrays = Mapping[str, NDArray[np.generic]]
"""The content of a file, by name."""

Render = Callable[[int], Arrays]
"""Makes the content of the file with that number, from nothing but the number and what it was opened with."""

Progress = Callable[[int, int], None]
"""Called with the number of files that are there and the number wanted."""


def missing_numbers(folder: Path, files: int) -> list[int]:
    """Which of the first `files` files are not there yet, rising."""
    return [number for number in range(files) if not _path(folder, number).is_file()]


def render_missing(
    folder: Path, files: int, open_render: Callable[[], Render], *, processes: int = 1, progress: Progress | None = None
) -> int:
    """Render the files that are missing, opening what they are rendered from only for that; returns how many were.

    A file appears under its name only when it is whole. processes: so many work at once where the system can fork them; they
    share what was opened. Raises what `open_render` raises.
    """
    wanted = missing_numbers(folder, files)
    if not wanted:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    for done, _ in enumerate(_each_written(folder, open_render(), wanted, processes), start=files - len(wanted) + 1):
        if progress:
            progress(done, files)
    return len(wanted)


def _each_written(folder: Path, render: Render, wanted: Sequence[int], processes: int) -> Iterator[int]:
    """The number of each file, in any order, once it is written."""
    if processes < 2 or len(wanted) == 1 or "fork" not in multiprocessing.get_all_start_methods():
        for number in wanted:
            yield _write(folder, render, number)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(processes, initializer=_remember, initargs=(folder, render)) as pool:
        yield from pool.imap_unordered(_write_remembered, wanted)


_remembered: list[tuple[Path, Render]] = []  # set once per child process, which lives for one folder


def _remember(folder: Path, render: Render) -> None:
    _remembered[:] = [(folder, render)]


def _write_remembered(number: int) -> int:
    return _write(*_remembered[0], number)


def _write(folder: Path, render: Render, number: int) -> int:
    arrays = render(number)
    with atomic_path(_path(folder, number)) as part, part.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle
    return number


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.npz"
