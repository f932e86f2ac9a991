"""Names of results fit into what a file system takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backbeat.pipeline.request import free_out_base
from backbeat.values import OutputKind

OUT = Path("out")


def longest_name(out_base: Path) -> int:
    return max(len(os.fsencode(out_base.name + kind.suffix)) for kind in OutputKind)


@pytest.mark.parametrize("letter", ["x", "ö", "\N{DRUM WITH DRUMSTICKS}", "\udce9"])
def test_a_long_name_is_cut_at_a_character(letter: str) -> None:
    name = letter * (251 // len(os.fsencode(letter))) + ".wav"
    out_base = free_out_base(Path(name), OUT, lambda _: False)
    assert 250 <= longest_name(out_base) <= 255
    assert set(out_base.name.removesuffix(".drums")) == {letter}


def test_recordings_whose_cut_names_agree_are_kept_apart() -> None:
    taken: list[Path] = []
    for n in range(12):
        out_base = free_out_base(Path("x" * 249 + f"{n:02}.wav"), OUT, taken.__contains__)
        assert longest_name(out_base) <= 255
        taken.append(out_base)
    assert len(set(taken)) == 12


def test_a_name_that_fits_stays_as_it_is() -> None:
    assert free_out_base(Path("song.wav"), OUT, lambda _: False) == OUT / "song.drums"
    assert free_out_base(Path("song.wav"), OUT, {OUT / "song.drums"}.__contains__) == OUT / "song.wav.drums"
