"""SECURITY.md promises what is there: tests that exist, limits that are the defaults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backbeat.config.schema import KEYS, Config

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`((?:unit|integration|acceptance)/[\w/]+\.py)`", TEXT)))


@pytest.mark.parametrize("path", TESTS)
def test_the_test_that_it_names_is_there(path: str) -> None:
    assert "def test_" in (REPOSITORY / "tests" / path).read_text(encoding="utf-8")


def test_it_names_tests_and_settings_that_there_are() -> None:
    assert len(TESTS) > 15
    settings = set(re.findall(r"`((?:limits|osc|models|metrics|jobs)\.\w+)`", TEXT))
    assert settings
    assert settings <= set(KEYS)


def test_the_limits_are_the_defaults() -> None:
    limits, osc = Config().limits, Config().osc
    for row in (
        f"| {limits.max_minutes:g} min | `limits.max_minutes` |",
        f"| {limits.job_minutes:g} min, then",
        f"| {limits.download_max_mb} MB, {limits.download_timeout_s:g} s |",
        f"| {osc.max_queue} | `osc.max_queue` |",
    ):
        assert row in TEXT
