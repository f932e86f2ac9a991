"""A short run of every fuzz target; `tests/benchmarks/fuzz.py` makes the long ones, whose figures are in SECURITY.md."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fuzzing.mutate import mutate
from tests.fuzzing.target import Target
from tests.fuzzing.targets import TARGETS

FEW = {"musicxml": 8, "audio-decode": 25, "store": 40, "midi": 40}
"""Inputs of the targets that take their time; the others get 60."""


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """What is wrong with thousands of inputs is told in debug lines."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_whatever_comes_in_is_answered_or_refused_in_words(target: Target) -> None:
    seeds = target.seeds()

    @settings(
        max_examples=FEW.get(target.name, 60),
        deadline=None,
        database=None,
        derandomize=True,
    )
    @given(seed=st.sampled_from(seeds), number=st.integers(0, 2**32))
    def give(seed: bytes, number: int) -> None:
        with suppress(*target.allowed):
            run(mutate(seed, Random(number), target, seeds))

    with tempfile.TemporaryDirectory() as folder:
        run = target.open(Path(folder))
        give()


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_inputs_that_are_changed_are_good_ones(target: Target, tmp_path: Path) -> None:
    """Else only the first line of defence would ever be tried."""
    run = target.open(tmp_path)
    good = 0
    for seed in target.seeds():
        with suppress(*target.allowed):
            run(seed)
            good += 1
    assert good


def test_a_target_that_lets_an_error_out_is_found() -> None:
    target = Target(name="bad", open=lambda _folder: lambda data: data.decode("ascii"), seeds=lambda: [b"good"])
    with pytest.raises(UnicodeDecodeError):
        test_whatever_comes_in_is_answered_or_refused_in_words(target)
