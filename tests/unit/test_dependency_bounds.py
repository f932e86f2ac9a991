"""Every dependency has bounds, and SECURITY.md says of which the upper end is open."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPEN_ENDED = {"yt-dlp", "s3fs", "pyarrow"}
REQUIREMENTS = sorted(
    requirement
    for requirements in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for requirement in requirements
    if not requirement.startswith("backbeat[")
)


@pytest.mark.parametrize("requirement", sorted(set(REQUIREMENTS)))
def test_it_has_a_lower_bound_and_an_upper_one(requirement: str) -> None:
    name, bounds = re.fullmatch(r"([a-z0-9_-]+)(?:\[[a-z,]+\])?([^;]*)(?:;.*)?", requirement).groups()  # type: ignore[union-attr]
    if name == "setuptools":
        assert bounds == "<81"  # what madmom imports was taken out of it
        return
    assert "==" in bounds or ">=" in bounds
    assert ("==" in bounds or "<" in bounds) is (name not in OPEN_ENDED)
