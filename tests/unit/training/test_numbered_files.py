"""Rendered files: each decided by its number, whole or not there, and made once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backbeat.training.numbered_files import Arrays, Render, missing_numbers, render_missing


def square(number: int) -> Arrays:
    return {"number": np.array(number), "square": np.array(number**2)}


def test_only_what_is_missing_is_rendered_and_nothing_is_opened_for_nothing(tmp_path: Path) -> None:
    opened, seen = [], []

    def open_render() -> Render:
        opened.append(1)
        return square

    folder = tmp_path / "data"
    assert render_missing(folder, 3, open_render) == 3
    (folder / "00001.npz").unlink()
    assert missing_numbers(folder, 3) == [1]
    assert render_missing(folder, 4, open_render, progress=lambda done, wanted: seen.append((done, wanted))) == 2
    assert seen == [(3, 4), (4, 4)]
    assert render_missing(folder, 4, open_render) == 0
    assert len(opened) == 2
    assert [int(np.load(path)["square"]) for path in sorted(folder.iterdir())] == [0, 1, 4, 9]


def test_several_processes_write_the_same_files(tmp_path: Path) -> None:
    for processes in (1, 2):
        render_missing(tmp_path / str(processes), 5, lambda: square, processes=processes)
    assert [path.read_bytes() for path in sorted((tmp_path / "1").iterdir())] == [
        path.read_bytes() for path in sorted((tmp_path / "2").iterdir())
    ]


def test_what_breaks_in_the_middle_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    def breaks_at_two(number: int) -> Arrays:
        if number == 2:
            raise KeyboardInterrupt
        return square(number)

    with pytest.raises(KeyboardInterrupt):
        render_missing(tmp_path, 4, lambda: breaks_at_two)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000.npz", "00001.npz"]
    assert render_missing(tmp_path, 4, lambda: square) == 2
