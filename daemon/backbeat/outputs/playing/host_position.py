"""Where the host is, and how fast it goes, from the ticks that it sends."""

from __future__ import annotations

from backbeat.outputs.playing.tick_filter import TickFilter
from backbeat.outputs.playing.transport import Rolling

PATIENCE_TICKS = 4
"""A clock that leaves out so many ticks may have stopped, if it has been silent for long enough besides."""

SAME_PLACE_TICKS = 1
"""A host that tells where it is while it rolls may mean the tick before or after."""


class HostPosition:
    """Counts ticks from the start of the host's song on.

    patience_s: how long ticks may stay away before the host stands still. Not for several threads.
    """

    def __init__(self, *, period_s: float, patience_s: float) -> None:
        """period_s: of the ticks, a guess until two have come."""
        self._filter = TickFilter(period_s)
        self._patience_s = patience_s
        self._heard = 0  # ticks so far, rolling or not
        self._zero = 0  # the number of the tick, among those, at which the song starts
        self._kept = 0
        self._last_s: float | None = None
        self._run = 0
        self._from: float | None = None  # where this run began, in ticks; None: the host stands still
        self._awaits_tick = False

    @property
    def place(self) -> int:
        """Where in the song the next tick is, in ticks; where it will go on while the host stands still."""
        return self._heard - self._zero if self.is_rolling else self._kept

    @property
    def is_rolling(self) -> bool:
        return self._from is not None

    def has_paused(self, now_s: float) -> bool:
        """Ticks came, but have stayed away for too long."""
        return self._last_s is not None and now_s >= self._over_s

    def tick(self, at_s: float, left_out: int = 0) -> None:
        """A tick has come, after `left_out` that are known to be lost."""
        self._heard += left_out
        if self._last_s is None or self.has_paused(at_s):
            self._filter.restart(self._heard, at_s)
            if self.is_rolling:
                self.roll_from(self.place)
        elif self._awaits_tick and not self._filter.fits(self._heard, at_s):
            self._filter.restart(self._heard, at_s)
        else:
            self._heard += self._filter.tick(self._heard, at_s)
        self._awaits_tick = False
        self._last_s = at_s
        self._heard += 1

    def roll_from(self, place: int, *, at_next_tick: bool = True) -> None:
        """The next tick is at `place` in the song; with `at_next_tick` the run begins with it, otherwise with the last."""
        self._zero = self._heard - place
        self._run += 1
        self._from = place if at_next_tick else place - 1
        self._awaits_tick = at_next_tick

    def stand(self) -> None:
        """The host stands still."""
        self._kept = self.place
        self._from = None

    def move(self, place: int) -> None:
        """The next tick is at `place`. If the host rolls, it goes on rolling there; a host may also tell where it is anyway."""
        if self.is_rolling and abs(place - self.place) > SAME_PLACE_TICKS:
            self.roll_from(place)
        self._kept = place

    def rolling(self, now_s: float, ticks_per_unit: float) -> Rolling | None:
        """In units of so many ticks; None while the host stands still."""
        if self._from is None or self._awaits_tick or self.has_paused(now_s):
            return None
        return Rolling(
            run=self._run,
            from_s=self._from / ticks_per_unit,
            position_s=(self._filter.number - self._zero) / ticks_per_unit,
            at_s=self._filter.time_s,
            rate=1 / (self._filter.period_s * ticks_per_unit),
            until_s=self._over_s,
        )

    @property
    def _over_s(self) -> float:
        """When the host stands still unless another tick comes."""
        return (self._last_s or 0.0) + max(self._patience_s, PATIENCE_TICKS * self._filter.period_s)
