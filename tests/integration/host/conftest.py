"""A collection of small VST3 plugins, built once from `tests/vst3/kit.cpp`; what each does is in its name."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def built_plugin(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program file that all of them are copies of."""
    compiler = shutil.which("g++")
    if sys.platform != "linux" or compiler is None:
        reason = "the test plugins are built with g++ on Linux"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    built = tmp_path_factory.mktemp("built") / "kit.so"
    options = ["-std=c++17", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *options, "-o", built, repository / "tests/vst3/kit.cpp"], check=True)
    return built


@pytest.fixture
def plugin(built_plugin: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes the bundle of that name."""

    def make(name: str) -> Path:
        folder = tmp_path / "plugins" / f"{name}.vst3/Contents" / f"{platform.machine()}-linux"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(built_plugin, folder / f"{name}.so")
        return tmp_path / "plugins" / f"{name}.vst3"

    return make
