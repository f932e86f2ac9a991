"""The daemon that is running already, as the one that does a batch's jobs: it finds them in its store."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from backbeat.errors import DaemonGone
from backbeat.service.single_instance import holder


class RunningDaemon:
    """The daemon that holds `data_folder`, with whatever does its jobs: its own worker or a farm. Raises DaemonGone."""

    ahead = 200
    poll_s = 1.0

    def __init__(self, data_folder: Path) -> None:
        self._data_folder = data_folder
        self.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It goes on with what it has."""

    def check(self) -> None:
        """Raise DaemonGone when it is not running."""
        if holder(self._data_folder) is None:
            raise DaemonGone("No daemon is running.", advice="Start it with `backbeat run`, then run the same command again.")
