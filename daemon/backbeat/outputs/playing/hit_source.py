"""Where playing gets its hits from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator
from typing import Protocol

from backbeat.records import Hit, Hits
from backbeat.values import Instrument


class HitSource(Protocol):
    """Hits by time, from any place on, as often as the playing jumps. They need not all be known yet."""

    def hits_from(self, from_s: float) -> Iterator[Hit | None]:
        """The hits at `from_s` of the recording and later, by time. None: not known yet, ask again in a moment.

        Asked on the playing thread, one hit ahead of what sounds; must not wait.
        """


class HitList:
    """Hits that are all there."""

    def __init__(self, hits: Hits) -> None:
        self._hits = list(hits)

    def hits_from(self, from_s: float) -> Iterator[Hit | None]:
        return iter(self._hits[bisect_left(self._hits, from_s, key=lambda hit: hit.time_s) :])


class Upcoming:
    """The hit that comes next, of those whose instrument is in `played`."""

    def __init__(self, hits: Iterator[Hit | None], played: Container[Instrument]) -> None:
        self._hits, self._played = hits, played
        self._next: Hit | None = None
        self.is_over = False

    def peek(self) -> Hit | None:
        """The next hit. None when it is not known yet, or, with `is_over`, when there is none."""
        while self._next is None and not self.is_over:
            try:
                hit = next(self._hits)
            except StopIteration:
                self.is_over = True
                break
            if hit is None:
                break
            if hit.instrument in self._played:
                self._next = hit
        return self._next

    def take(self) -> None:
        """It has been dealt with."""
        self._next = None
