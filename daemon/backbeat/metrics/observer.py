"""Who is told what happens, and only counts: `instruments` where metrics are on, `Unobserved` where they are off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from backbeat.service.worker_messages import Message

Counts = Callable[[], Mapping[str, int]]
"""Gives totals since the start by their names."""


class Observer(Protocol):
    """All methods are quick, may be called from any thread, and never raise."""

    def message(self, message: Message) -> None:
        """Something that whoever does the jobs says: `service.worker_messages`."""

    def bounce(self, *, is_complete: bool) -> None:
        """A watched folder has handed on a file, or has given one up."""

    def watch_store(self, database: Path) -> None:
        """The job store to read when figures are asked for."""

    def watch_osc(self, counts: Counts) -> None:
        """Counts of OSC messages, to be asked for when figures are."""

    def watch_worker(self, pid: Callable[[], int | None]) -> None:
        """Gives the worker's process id, for its memory."""

    def stop(self) -> None:
        """Answer no more."""


class Unobserved:
    """Metrics are off."""

    def message(self, message: Message) -> None:
        pass

    def bounce(self, *, is_complete: bool) -> None:
        pass

    def watch_store(self, database: Path) -> None:
        pass

    def watch_osc(self, counts: Counts) -> None:
        pass

    def watch_worker(self, pid: Callable[[], int | None]) -> None:
        pass

    def stop(self) -> None:
        pass
