"""Seconds and MIDI ticks, there and back, without drift."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

PPQ = 960
"""Ticks per quarter note in our MIDI files: half a tick is below 2 ms from 16 BPM up, and every division of notes is whole."""

MICROSECONDS_PER_MINUTE = 60_000_000
MAX_TEMPO = 0xFFFFFF
"""A MIDI tempo is microseconds per quarter note in three bytes (Standard MIDI File 1.0, FF 51 03)."""


def bpm_to_tempo(bpm: float) -> int:
    """Quarter notes per minute to whole microseconds per quarter note, held to what a MIDI file can say."""
    return min(max(round(MICROSECONDS_PER_MINUTE / bpm), 1), MAX_TEMPO)


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From `tick` on a quarter note lasts `tempo` microseconds; `time_s` is when that tick sounds."""

    tick: int
    time_s: float
    tempo: int


class TempoMap:
    """Tempo changes in order; the first is at tick 0 and 0 s.

    Ticks are computed with the tempo as the file will state it, rounded to microseconds, so that rounding
    never adds up over a long file.
    """

    def __init__(self, tempo: int, ppq: int = PPQ) -> None:
        self.ppq = ppq
        self._changes = [TempoChange(0, 0.0, tempo)]

    @property
    def changes(self) -> tuple[TempoChange, ...]:
        return tuple(self._changes)

    def add(self, tick: int, tempo: int) -> None:
        """Change to `tempo` at `tick`, which may not lie before the last change."""
        last = self._changes[-1]
        if tick < last.tick:
            raise ValueError(f"tick {tick} lies before the last change at {last.tick}")
        if tick == last.tick:
            self._changes[-1] = TempoChange(tick, last.time_s, tempo)
        elif tempo != last.tempo:
            self._changes.append(TempoChange(tick, self.tick_to_time(tick), tempo))

    def tick_to_time(self, tick: int) -> float:
        """Seconds at which `tick` sounds."""
        change = self._changes[max(bisect_right(self._changes, tick, key=lambda c: c.tick) - 1, 0)]
        return change.time_s + float(Fraction((tick - change.tick) * change.tempo, self.ppq * 1_000_000))

    def time_to_ticks(self, time_s: float) -> float:
        """How many ticks have passed at `time_s`, unrounded; below 0 for a time before 0."""
        change = self._changes[max(bisect_right(self._changes, time_s, key=lambda c: c.time_s) - 1, 0)]
        return change.tick + (time_s - change.time_s) * self.ppq * 1_000_000 / change.tempo
