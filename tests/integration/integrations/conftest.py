"""Programs that the tests of what goes into a DAW need."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """`program(name, package)`: its path; where it is missing, the test is skipped, and fails where CI is set."""

    def find(name: str, package: str) -> str:
        path = shutil.which(name)
        if path is None:
            reason = f"{name} (Debian: {package}) is not installed"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find


@pytest.fixture(scope="session")
def reaper_folder(repository: Path) -> Path:
    """What goes into REAPER."""
    return repository / "integrations" / "reaper"
