"""The clock of the host, usually a DAW, heard at a MIDI input port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from mido import Message, Parser

from backbeat.errors import PlayRefused
from backbeat.outputs.midi_port import MidiIn, open_midi_input
from backbeat.outputs.playing.midi_clock import MidiClock
from backbeat.outputs.playing.mtc import MidiTimecode
from backbeat.outputs.playing.system_clock import Clock, SystemClock
from backbeat.outputs.playing.transport import FreeRun, Rolling, Transport
from backbeat.values import ClockSource

ROUNDING_S = 0.0005
"""The times of hits are rounded: one that a jump leads to exactly must not lie before it."""


class Follower(Protocol):
    """Makes out from the host's messages where it is."""

    def receive(self, message: Message, at_s: float) -> bool:
        """Take a message that came at that time; True if it says anything about where the host is."""

    def rolling(self, now_s: float) -> Rolling | None:
        """Where the host is, in its own unit of time; None while it stands still."""

    def unit_s(self, midi_bpm: float) -> float:
        """Seconds of a recording, whose MIDI file is in that tempo, in one unit of the host's time."""


FOLLOWERS: Mapping[ClockSource, Callable[[], Follower]] = {ClockSource.MIDI: MidiClock, ClockSource.MTC: MidiTimecode}
"""By what the host sends."""


class HostClock:
    """Hears the host from `open` to `close`, and so knows where it is before anything is played.

    port_name, open_input: see `open_midi_input`. All methods may be called from any thread.
    """

    def __init__(
        self,
        follower: Follower,
        port_name: str | None = None,
        *,
        open_input: Callable[[str | None, Callable[[Sequence[int]], None]], MidiIn] = open_midi_input,
        clock: Clock | None = None,
    ) -> None:
        self._follower = follower
        self._port_name, self._open_input = port_name, open_input
        self._clock = clock or SystemClock()
        self._parser = Parser()
        self._port: MidiIn | None = None
        self._opening = threading.Lock()
        self._lock = threading.Lock()  # of the follower and those who listen
        self._listening: list[threading.Event] = []

    def open(self) -> None:
        """Begin to hear; at once, if it does already. Raises MidiPortError."""
        with self._opening:
            if self._port is None:
                self._port = self._open_input(self._port_name, self._hear)

    def close(self) -> None:
        """Give the port back."""
        with self._opening:
            port, self._port = self._port, None
        if port is not None:
            port.close()

    def rolling(self, now_s: float) -> Rolling | None:
        """Where the host is, in its own unit of time; None while it stands still."""
        with self._lock:
            return self._follower.rolling(now_s)

    def unit_s(self, midi_bpm: float) -> float:
        """Seconds of a recording, whose MIDI file is in that tempo, in one unit of the host's time."""
        return self._follower.unit_s(midi_bpm)

    def listen(self, woken: threading.Event) -> None:
        """Set `woken` with everything that the host says about where it is."""
        with self._lock:
            self._listening.append(woken)

    def leave(self, woken: threading.Event) -> None:
        """Leave `woken` alone from now on."""
        with self._lock:
            self._listening.remove(woken)

    def _hear(self, message: Sequence[int]) -> None:
        """On the port's own thread."""
        at_s = self._clock.now()
        self._parser.feed(message)
        with self._lock:
            told = [self._follower.receive(complete, at_s) for complete in self._parser]
            if any(told):
                for woken in self._listening:
                    woken.set()


def host_clock_for(source: ClockSource, port_name: str | None) -> HostClock | None:
    """What hears that kind of clock; None where playing keeps its own time."""
    return None if source is ClockSource.INTERNAL else HostClock(FOLLOWERS[source](), port_name)


class FollowedHost:
    """Rolls as the host does. The recording begins `offset_s` seconds into the host's song, at the tempo of its MIDI file."""

    comes_back = True

    def __init__(self, host: HostClock, *, midi_bpm: float, offset_s: float = 0.0) -> None:
        self._host, self._offset_s = host, offset_s
        self._unit_s = host.unit_s(midi_bpm)
        self._woken = threading.Event()

    def begin(self, now_s: float, woken: threading.Event) -> None:  # noqa: ARG002 - the host says when
        self._woken = woken
        self._host.listen(woken)

    def rolling(self, now_s: float) -> Rolling | None:
        host = self._host.rolling(now_s)
        if host is None:
            return None
        return Rolling(
            run=host.run,
            from_s=host.from_s * self._unit_s - self._offset_s - ROUNDING_S,
            position_s=host.position_s * self._unit_s - self._offset_s,
            at_s=host.at_s,
            rate=host.rate * self._unit_s,
            until_s=host.until_s,
        )

    def end(self) -> None:
        self._host.leave(self._woken)


def transport_for(
    host: HostClock | None, *, from_s: float, loop_end_s: float | None, midi_bpm: float, offset_s: float
) -> Transport:
    """What drives a performance: the host's clock, or without one `FreeRun`.

    Raises PlayRefused when a place or a loop is asked for that only the host could set, and MidiPortError when its clock cannot
    be heard.
    """
    if host is None:
        return FreeRun(from_s, loop_end_s)
    if from_s or loop_end_s is not None:
        what = "a loop" if loop_end_s is not None else "a place to begin at"
        raise PlayRefused(
            f"Playing follows your DAW's clock, which leaves no room for {what} of its own.",
            advice="Set it in the DAW's transport, or play with the clock `internal`.",
        )
    host.open()
    return FollowedHost(host, midi_bpm=midi_bpm, offset_s=offset_s)
