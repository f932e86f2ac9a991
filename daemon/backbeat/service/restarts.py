"""Serving until somebody asks for the end, and again from the start when the job store turns out to be damaged."""

from __future__ import annotations

import logging
from collections.abc import Callable

from backbeat.errors import StoreDamaged
from backbeat.service.loop import Loop

log = logging.getLogger(__name__)

RESCUES = 3
"""A store that is damaged again and again, as on a dying drive, ends the daemon."""


class Restarts:
    """Gives each life of the daemon a loop of its own. `stop` counts whenever it comes, also between two of them."""

    def __init__(self) -> None:
        self._loop = Loop()
        self._is_stopped = False

    def stop(self) -> None:
        """Ask for the end. Callable from any thread and from a signal handler."""
        self._is_stopped = True
        self._loop.stop()

    def run(self, serve_once: Callable[[Loop], object]) -> None:
        """Serve until `stop`. serve_once: starts everything, runs the loop, stops everything. Raises what it raises."""
        rescues = 0
        while not self._is_stopped:
            try:
                serve_once(self._loop)
            except StoreDamaged as damage:
                if rescues == RESCUES:
                    raise
                rescues += 1
                log.error("%s Starting again.", damage.message)  # noqa: TRY400 - a sentence of ours needs no traceback
                self._loop = Loop()
            else:
                return
