"""While a worker does a stage: it says that it lives, hears that the job is cancelled or somebody else's, and keeps the time."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from backbeat.farm.ledger import Claim, Ledger, LedgerUnreachable

_log = logging.getLogger(__name__)

LONGEST_BEAT_S = 1.0
"""A cancelled job hears of it within this time, however seldom heartbeats are wanted."""


class Heartbeat:
    """A thread for the time of one stage. As a container it holds the job when that is to stop: what `JobMonitor` asks.

    on_late: called once on that thread, and again while it raises LedgerUnreachable, when the stage has taken `limit_s`.
    """

    def __init__(
        self,
        ledger: Ledger,
        claim: Claim,
        every_s: float,
        *,
        limit_s: float = math.inf,
        on_late: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._claim = claim
        self._every_s = min(every_s, LONGEST_BEAT_S)
        self._late_at_s = time.monotonic() + limit_s
        self._on_late = on_late
        self._ended = Event()
        self._thread = Thread(target=self._beat, name="farm-heartbeat", daemon=True)
        self.is_lost = False
        self.is_cancelled = False
        self.is_late = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def __contains__(self, _job: object) -> bool:
        return self.is_lost or self.is_cancelled or self.is_late

    def _beat(self) -> None:
        while not self._ended.wait(self._every_s):
            try:
                if time.monotonic() >= self._late_at_s:
                    self._on_late()
                    self.is_late = True
                    return
                state = self._ledger.renew(self._claim)
            except LedgerUnreachable as error:
                _log.debug("no heartbeat: %s", error)  # the work goes on; whether it counts shows when Redis is back
                continue
            self.is_lost = state == "lost"
            self.is_cancelled = state == "cancelled"
            if self.is_lost:
                return
