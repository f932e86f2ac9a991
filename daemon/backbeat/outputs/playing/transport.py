"""How the recording's time passes while it is played: as in a tape machine, it stands still or it rolls."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Protocol

LEAD_IN_S = 0.05
"""Between the call and the first hit that can sound, so that the thread is not late from the start."""

SHORTEST_LOOP_S = 0.05
"""A loop may be as short as anyone can hear, but not so short that it does nothing else."""


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """The recording's time passes.

    run: another number after each start and each jump. from_s: where in the recording this run began.
    position_s, at_s: the recording is at that place at that time of the `Clock`. rate: seconds of recording in a second.
    until_s: time of the `Clock` when this run is over, unless the transport says otherwise before.
    """

    run: int
    from_s: float
    position_s: float
    at_s: float
    rate: float = 1.0
    until_s: float = math.inf

    def time_of(self, position_s: float) -> float:
        """When, by the `Clock`, the recording is at `position_s`."""
        return self.at_s + (position_s - self.position_s) / self.rate


class Transport(Protocol):
    """Drives one performance."""

    @property
    def comes_back(self) -> bool:
        """What was played may come again: the last hit is not the end."""

    def begin(self, now_s: float, woken: threading.Event) -> None:
        """The performance begins; `woken` is to be set whenever what `rolling` says has changed, on any thread."""

    def rolling(self, now_s: float) -> Rolling | None:
        """How time passes now; None: it stands still."""

    def end(self) -> None:
        """The performance is over; `woken` is left alone from now on."""


class FreeRun:
    """Rolls by itself, from `from_s` on; with `loop_end_s` to there, again and again."""

    def __init__(self, from_s: float = 0.0, loop_end_s: float | None = None) -> None:
        self._from_s = from_s
        self._loop_s = None if loop_end_s is None else max(loop_end_s - from_s, SHORTEST_LOOP_S)
        self._start_s = 0.0

    @property
    def comes_back(self) -> bool:
        return self._loop_s is not None

    def begin(self, now_s: float, woken: threading.Event) -> None:  # noqa: ARG002 - nothing changes on the way
        self._start_s = now_s + LEAD_IN_S

    def rolling(self, now_s: float) -> Rolling | None:
        if self._loop_s is None:
            return Rolling(run=0, from_s=self._from_s, position_s=self._from_s, at_s=self._start_s)
        number = max(math.floor((now_s - self._start_s) / self._loop_s), 0)
        number += now_s >= self._round_s(number + 1)  # the division may round down
        return Rolling(
            run=number,
            from_s=self._from_s,
            position_s=self._from_s,
            at_s=self._round_s(number),
            until_s=self._round_s(number + 1),
        )

    def _round_s(self, number: int) -> float:
        """When that round begins: counted from the start, so that nothing drifts."""
        return self._start_s + number * (self._loop_s or 0.0)

    def end(self) -> None:
        pass
