"""Follows MIDI clock: 24 ticks in a quarter note, start, stop, continue and the song position.

MIDI 1.0 Detailed Specification (4.2), System Real Time Messages and Song Position Pointer: the song starts, and goes on, with
the first tick after the message; the song position counts sixteenths, six ticks each.
"""

from __future__ import annotations

from mido import Message

from backbeat.outputs.playing.host_position import HostPosition
from backbeat.outputs.playing.transport import Rolling

TICKS_PER_QUARTER = 24
TICKS_PER_SIXTEENTH = 6
FIRST_TEMPO_BPM = 120.0
"""Until the second tick."""

PATIENCE_S = 0.25
"""A host that stops says so: a clock that stays away so long was pulled out, or its program has ended."""


class MidiClock:
    """Where the host is, in quarter notes from the start of its song. Not for several threads."""

    def __init__(self) -> None:
        self._position = HostPosition(period_s=60 / FIRST_TEMPO_BPM / TICKS_PER_QUARTER, patience_s=PATIENCE_S)

    def receive(self, message: Message, at_s: float) -> bool:
        """Take a message that came at that time; True if it says anything about where the host is."""
        position = self._position
        match message.type:
            case "clock":
                position.tick(at_s)
            case "start":
                position.roll_from(0)
            case "continue":
                position.roll_from(position.place)
            case "stop":
                position.stand()
            case "songpos":
                position.move(message.pos * TICKS_PER_SIXTEENTH)
            case _:
                return False
        return True

    def unit_s(self, midi_bpm: float) -> float:
        """Seconds in a quarter note of that tempo."""
        return 60 / midi_bpm

    def rolling(self, now_s: float) -> Rolling | None:
        return self._position.rolling(now_s, TICKS_PER_QUARTER)
