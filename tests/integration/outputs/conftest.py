"""What the output tests share: the golden groove as a score."""

from __future__ import annotations

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
