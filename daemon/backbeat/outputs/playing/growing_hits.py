"""The hits of a recording that is still being listened to."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence

from backbeat.records import Hit


class GrowingHits:
    """A `HitSource` that grows, until it is complete or lost. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hits: list[Hit] = []
        self._is_complete = False
        self._is_lost = False
        self._on_change: list[Callable[[], object]] = []
        self._on_loss: list[Callable[[], object]] = []

    def __len__(self) -> int:
        return len(self._hits)

    @property
    def known_s(self) -> float:
        """All hits before this time are here; infinite when all are."""
        with self._lock:
            if self._is_complete:
                return math.inf
            return self._hits[-1].time_s if self._hits else 0.0

    def since(self, number: int) -> list[Hit]:
        """The hits from that number on, counted from 0, that are known so far."""
        with self._lock:
            return self._hits[number:]

    def add(self, hits: Sequence[Hit], first: int) -> None:
        """More hits, by time; first: the number of the first of them. What is here already is passed over."""
        with self._lock:
            self._hits.extend(hits[len(self._hits) - first :] if first <= len(self._hits) else ())
        self._changed()

    def complete(self) -> None:
        """All are here."""
        with self._lock:
            self._is_complete = True
        self._changed()

    def lose(self) -> None:
        """No more will come, and those that are here have become worthless: the job failed or was cancelled."""
        with self._lock:
            self._hits.clear()
            self._is_complete = self._is_lost = True
            lost, self._on_loss = self._on_loss, []
        self._changed()
        for call in lost:
            call()

    def when_changed(self, call: Callable[[], object]) -> None:
        """Have `call` called each time there is more, or when all is there."""
        with self._lock:
            self._on_change.append(call)

    def when_lost(self, call: Callable[[], object]) -> None:
        """Have `call` called when it is lost; at once if it is."""
        with self._lock:
            if not self._is_lost:
                self._on_loss.append(call)
                return
        call()

    def hits_from(self, from_s: float) -> Iterator[Hit | None]:
        number = 0
        while True:
            with self._lock:
                hit = self._hits[number] if number < len(self._hits) else None
                is_over = hit is None and self._is_complete
            if is_over:
                return
            if hit is None:
                yield None
            else:
                number += 1
                if hit.time_s >= from_s:
                    yield hit

    def _changed(self) -> None:
        with self._lock:
            calls = list(self._on_change)
        for call in calls:
            call()
