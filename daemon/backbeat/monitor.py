"""How a stage says how far it is, and learns that somebody cancelled the job."""

from __future__ import annotations

from typing import Protocol

from backbeat.values import Stage


class Monitor(Protocol):
    """Handed into every stage. Both calls are cheap: make them at least every second of work."""

    def progress(self, stage: Stage, fraction: float) -> None:
        """Report that `stage` is `fraction` (0..1) done."""

    def check(self) -> None:
        """Raise `Cancelled` when the job was cancelled; otherwise return at once."""


class Unwatched:
    """A monitor for callers that neither show progress nor cancel."""

    def progress(self, stage: Stage, fraction: float) -> None:
        """Ignore it."""

    def check(self) -> None:
        """Never cancel."""
