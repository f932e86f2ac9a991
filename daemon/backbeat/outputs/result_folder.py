"""The folder that results go to."""

from __future__ import annotations

from pathlib import Path

from backbeat.errors import OutputError


def make_result_folder(folder: Path) -> None:
    """Make it, with those around it, where it is not there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made: {error.strerror or error}.") from error
