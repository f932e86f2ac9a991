"""Engravers that are programs of their own: where they are, and how they are run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from backbeat.errors import EngineMissing
from backbeat.monitor import Monitor
from backbeat.outputs.run_program import run_program

TIMEOUT_S = 300.0  # for one program; LilyPond takes about a minute for ten dense minutes of drums

_USUAL_PLACES = (
    "/opt/homebrew/bin",
    "/usr/local/bin",
    "/Applications/MuseScore 4.app/Contents/MacOS",
    "/Applications/MuseScore 3.app/Contents/MacOS",
    "C:/Program Files/MuseScore 4/bin",
    "C:/Program Files/MuseScore 3/bin",
    "C:/Program Files/LilyPond/bin",
)


def program_path(names: Sequence[str]) -> str | None:
    """Where a program is that goes by any of `names`, the first that is found; None when it is not installed."""
    search = os.pathsep.join([os.environ.get("PATH", os.defpath), *_USUAL_PLACES])
    return next((path for name in names if (path := shutil.which(name, path=search))), None)


def run_engraver(names: Sequence[str], arguments: Sequence[str], *, folder: Path, monitor: Monitor) -> None:
    """Run a program without a screen, and with settings of its own in `folder`: the user's stay as they are.

    Raises EngineMissing when it is not installed, and what `run_program` raises.
    """
    path = program_path(names)
    if path is None:
        raise EngineMissing(f"{names[0]} could not be found.")
    command = [sys.executable, path] if path.endswith(".py") else [path]  # LilyPond for Windows brings Python scripts
    environment = {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    run_program([*command, *arguments], folder=folder, environment=environment, timeout_s=TIMEOUT_S, monitor=monitor)
