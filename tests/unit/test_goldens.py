"""The outputs are what they were, to the letter. `tests/goldens/rewrite.py` writes the goldens anew, on request only."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

GOLDENS = Path(__file__).resolve().parents[1] / "goldens"
FILES = sorted(path.name for path in GOLDENS.glob("groove.*"))


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    spec = spec_from_file_location("rewrite_goldens", GOLDENS / "rewrite.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    texts: dict[str, str] = module.goldens()
    return texts


def test_there_is_a_golden_for_every_text_and_a_text_for_every_golden(written: dict[str, str]) -> None:
    assert sorted(written) == FILES


@pytest.mark.parametrize("name", FILES)
def test_the_output_is_the_golden(name: str, written: dict[str, str]) -> None:
    assert written[name] == (GOLDENS / name).read_text(encoding="utf-8")
