"""Follows MIDI time code: quarter frames while the host rolls, a full frame when it has gone to another place.

MIDI Time Code, detailed specification (MMA RP-004/008): eight quarter frames tell the time, in pieces, of the frame in which
the first of them was sent; the last comes seven quarter frames later, and two frames have passed when the next eight begin.
"""

from __future__ import annotations

from mido import Message

from backbeat.outputs.playing.host_position import HostPosition
from backbeat.outputs.playing.timecode import FRAME_RATES, FrameRate, Timecode, timecode
from backbeat.outputs.playing.transport import Rolling

PIECES = 8
TICKS_PER_FRAME = 4
PATIENCE_S = 0.1
"""Nothing says that the host has stopped but that no quarter frames come: these ten are waited for, and bridged if they do."""

NEAR_FRAMES = 2
"""The quarter frames begin at most so many frames after the place that a full frame told."""

FULL_FRAME = (0x7F, 0x01, 0x01)
"""Universal real-time system exclusive, time code, full message; the second of its bytes, the device, may be anything."""


class MidiTimecode:
    """Where the host is, in seconds from time code 0 on. Not for several threads."""

    def __init__(self) -> None:
        self._rate: FrameRate = FRAME_RATES[1]
        self._position = HostPosition(period_s=1 / float(self._ticks_per_s), patience_s=PATIENCE_S)
        self._pieces: list[int] = []
        self._last: int | None = None  # number of the last piece
        self._located: Timecode | None = None

    def receive(self, message: Message, at_s: float) -> bool:
        """Take a message that came at that time; True if it says anything about where the host is."""
        if message.type == "quarter_frame":
            self._quarter_frame(message.frame_type, message.frame_value, at_s)
            return True
        if message.type == "sysex" and (*message.data[:1], *message.data[2:4]) == FULL_FRAME and len(message.data) == 8:
            self._locate(timecode(*message.data[4:]))
            return True
        return False

    def unit_s(self, midi_bpm: float) -> float:  # noqa: ARG002 - of a follower that counts beats
        """Time code counts seconds, whatever the tempo."""
        return 1.0

    def rolling(self, now_s: float) -> Rolling | None:
        return self._position.rolling(now_s, float(self._ticks_per_s))

    @property
    def _ticks_per_s(self) -> float:
        return float(TICKS_PER_FRAME * self._rate.per_s)

    def _locate(self, place: Timecode | None) -> None:
        self._position.stand()
        self._pieces.clear()
        self._last, self._located = None, place

    def _quarter_frame(self, piece: int, value: int, at_s: float) -> None:
        if self._position.has_paused(at_s):
            self._locate(self._located)
        last, self._last = self._last, piece
        if piece == last:  # sent twice
            return
        if last is not None and piece == (last - 1) % PIECES:  # it rolls backwards
            self._locate(None)
            self._last = piece
            return
        self._position.tick(at_s, left_out=0 if last is None else (piece - last - 1) % PIECES)
        if piece == 0:
            self._pieces.clear()
            self._begin_near(value)
        if piece != len(self._pieces):
            self._pieces.clear()
            return
        self._pieces.append(value)
        if piece == PIECES - 1 and (told := self._told()):
            self._compare(told)

    def _begin_near(self, value: int) -> None:
        """After a full frame the first piece, the low bits of the frame, is enough to know the place."""
        located, self._located = self._located, None
        if located is not None and (ahead := (value - located.label) & 0xF) <= NEAR_FRAMES:
            self._roll_from(located.rate, located.frame + ahead, ticks_ago=0)

    def _told(self) -> Timecode | None:
        """The time that eight pieces tell."""
        frames, seconds, minutes, hours = (
            low | high << 4 for low, high in zip(self._pieces[::2], self._pieces[1::2], strict=True)
        )
        return timecode(hours, minutes, seconds, frames)

    def _compare(self, told: Timecode) -> None:
        """If the host is not where it was thought to be, it has jumped."""
        next_tick = told.frame * TICKS_PER_FRAME + PIECES
        if not self._position.is_rolling or told.rate != self._rate or next_tick != self._position.place:
            self._roll_from(told.rate, told.frame, ticks_ago=PIECES - 1)

    def _roll_from(self, rate: FrameRate, frame: int, *, ticks_ago: int) -> None:
        """The frame began so many ticks before the last one."""
        self._rate = rate
        self._position.roll_from(frame * TICKS_PER_FRAME + ticks_ago + 1, at_next_tick=False)
