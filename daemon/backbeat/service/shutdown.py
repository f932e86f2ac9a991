"""Work on the intake threads hears here that the daemon stops."""

from __future__ import annotations

import threading

from backbeat.errors import Cancelled
from backbeat.values import Stage


class Shutdown:
    """The `Monitor` of that work: cancelled when the daemon stops."""

    def __init__(self) -> None:
        self._begun = threading.Event()

    def begin(self) -> None:
        """From now on the work is cancelled."""
        self._begun.set()

    def progress(self, stage: Stage, fraction: float) -> None:
        """Nobody watches."""

    def check(self) -> None:
        if self._begun.is_set():
            raise Cancelled("Backbeat is being stopped.")
