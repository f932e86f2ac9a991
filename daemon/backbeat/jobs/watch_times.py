"""Since when each folder is watched, in a small text file beside the store: what tells old files from waiting ones without it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from backbeat.errors import OutputError
from backbeat.outputs.write_atomic import sweep_temps_of, write_atomic

_log = logging.getLogger(__name__)


def watch_times_file(database: Path) -> Path:
    """Where the times of that store are kept."""
    return database.with_name(f"{database.stem}.watched.json")


def read_watch_times(database: Path) -> dict[Path, float]:
    """Watched folder to seconds since the epoch; empty when there is no such file, or it is damaged too."""
    try:
        found = json.loads(watch_times_file(database).read_text("utf-8", "surrogatepass"))
        return {Path(folder): float(since) for folder, since in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_watch_times(database: Path, times: Mapping[Path, float]) -> None:
    """Keep them; one that cannot be written is done without until the next time."""
    text = json.dumps({str(folder): since for folder, since in sorted(times.items())}, indent=1, ensure_ascii=False)
    sweep_temps_of(watch_times_file(database))  # of a daemon that was killed here
    try:
        write_atomic(watch_times_file(database), text.encode("utf-8", "surrogatepass"))
    except OutputError as error:
        _log.warning("%s", error.in_words)
