"""What the output tests share: the golden groove as a score, and programs that have to be there under CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from backbeat.records import Score


@pytest.fixture(scope="session")
def groove(repository: Path) -> Score:
    """The golden groove: a pickup, a meter change, a shuffle, a flam, all fourteen drums."""
    spec = spec_from_file_location("rewrite_goldens", repository / "tests" / "goldens" / "rewrite.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    score: Score = module.groove_score()
    return score


@pytest.fixture(scope="session")
def need_program() -> Callable[..., str]:
    """The path of the first of some programs that is installed; without any the test is skipped, and fails under CI."""

    def need(*names: str) -> str:
        found = next((path for name in names if (path := shutil.which(name))), None)
        if found:
            return found
        reason = f"{names[0]} is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)

    return need
