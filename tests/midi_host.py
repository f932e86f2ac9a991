"""A DAW as others hear it over MIDI: what it sends, when, and where it truly was then. It plays in its own time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

TICK, START, CONTINUE, STOP = (0xF8,), (0xFA,), (0xFB,), (0xFC,)

RATES = {0: (24, Fraction(24)), 1: (25, Fraction(25)), 2: (30, Fraction(30000, 1001)), 3: (30, Fraction(30))}
"""Numbers that a second counts, and frames that there are, by the code in a message; 2 drops numbers."""


@dataclass
class Host:
    """Says what it does. script: time in seconds and bytes of each message, in order."""

    now_s: float = 0.0
    script: list[tuple[float, tuple[int, ...]]] = field(default_factory=list)
    been: list[tuple[float, float]] = field(default_factory=list)
    """Time and place (quarter notes, or seconds of time code) at each message that comes while it rolls."""

    def say(self, *messages: tuple[int, ...]) -> None:
        self.script += [(self.now_s, message) for message in messages]

    def song_position(self, sixteenths: int) -> None:
        self.say((0xF2, sixteenths & 0x7F, sixteenths >> 7))

    def clock(self, count: int, bpm: float, *, to_bpm: float | None = None, from_quarter: float | None = None) -> None:
        """Ticks, each followed by its interval; with `to_bpm` the tempo glides. from_quarter: the host rolls, from there on."""
        for n, tempo_bpm in enumerate(np.linspace(bpm, to_bpm or bpm, count)):
            if from_quarter is not None:
                self.been.append((self.now_s, from_quarter + n / 24))
            self.say(TICK)
            self.now_s += 60 / float(tempo_bpm) / 24

    def full_frame(self, frame: int, rate: int) -> None:
        hours, minutes, seconds, frames = numbers(frame, rate)
        self.say((0xF0, 0x7F, 0x7F, 0x01, 0x01, rate << 5 | hours, minutes, seconds, frames, 0xF7))

    def timecode(self, frame: int, count: int, rate: int, *, lost: Iterable[int] = ()) -> None:
        """So many quarter frames, from that frame on; those in `lost` do not arrive."""
        per_s = float(RATES[rate][1])
        unheard = set(lost)
        for n in range(count):
            hours, minutes, seconds, frames = numbers(frame + n // 8 * 2, rate)
            number = (frames, seconds, minutes, rate << 5 | hours)[n % 8 // 2]
            self.been.append((self.now_s, (frame + n / 4) / per_s))
            if n not in unheard:
                self.say((0xF1, n % 8 << 4 | (number >> 4 if n % 2 else number & 0xF)))
            self.now_s += 1 / per_s / 4

    def time_of(self, place: float) -> float:
        """When it was there: between the messages at constant speed."""
        places = [there for _, there in self.been]
        n = min(max(bisect_right(places, place) - 1, 0), len(places) - 2)
        (time_s, there), (next_s, next_there) = self.been[n : n + 2]
        return time_s + (place - there) / (next_there - there) * (next_s - time_s)


def jittered(script: list[tuple[float, tuple[int, ...]]], late_s: Iterable[float]) -> list[tuple[float, tuple[int, ...]]]:
    """Each message later by so much, and none before the one that went before it."""
    times = np.maximum.accumulate([at_s + late for (at_s, _), late in zip(script, late_s, strict=True)])
    return [(float(at_s), message) for at_s, (_, message) in zip(times, script, strict=True)]


def numbers(frame: int, rate: int) -> tuple[int, int, int, int]:
    """Hours, minutes, seconds and frames as a person reads them, by counting: so many frames after 00:00:00:00."""
    nominal, _ = RATES[rate]
    if rate == 2:  # ten minutes have 17982 frames, the first minute of them 1800, the others 1798
        tens, rest = divmod(frame, 17982)
        frame += 18 * tens + (2 * ((rest - 1800) // 1798 + 1) if rest >= 1800 else 0)
    seconds, frames = divmod(frame, nominal)
    return seconds // 3600 % 24, seconds // 60 % 60, seconds % 60, frames
