"""The command line with a home of its own, in this process and as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from backbeat.config.environment import PREFIX, SEED_VARIABLES

Completed = subprocess.CompletedProcess[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds config, data and cache; the working folder is `here` in it."""
    for name in os.environ:
        if name.startswith(PREFIX) or name in SEED_VARIABLES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("BACKBEAT_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text(
        "[jobs]\ndata_folder = 'data'\n[models]\ncache_folder = 'models'\n[osc]\nport = 39753\n", "utf-8"
    )
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return tmp_path


@pytest.fixture
def backbeat(home: Path) -> Callable[..., Completed]:
    """Run `backbeat` as a process of its own: `backbeat("jobs", "list")`."""

    def run(*arguments: str, environ: Mapping[str, str] | None = None) -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "backbeat", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **(environ or {})},
            cwd=home / "here",
            timeout=300,
            check=False,
        )

    return run
