"""Fixtures that every kind of test uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real recordings, references and model files, beside the checkout; not on a user's machine."""
    if not SHARED.is_dir():
        reason = "the shared folder with real recordings is not beside the checkout"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    return SHARED
