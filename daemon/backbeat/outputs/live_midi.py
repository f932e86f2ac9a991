"""Play hits on a MIDI port in time, and say each one as it sounds."""

from __future__ import annotations

import itertools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from backbeat.errors import MidiPortError
from backbeat.outputs.midi_port import MidiOut, open_midi_port
from backbeat.records import Hit, Hits
from backbeat.values import Instrument

LOG = logging.getLogger(__name__)

NOTE_ON, NOTE_OFF, CONTROL = 0x99, 0x89, 0xB9
"""Channel 10, that of the drums in General MIDI."""

ALL_NOTES_OFF = (CONTROL, 123, 0)
NOTE_S = 0.1
"""How long a note is held, at most until the same drum is struck again: drum samples play to their end."""

SHORTEST_LOOP_S = 0.05
"""A loop may be as short as anyone can hear, but not so short that it does nothing else."""

LEAD_IN_S = 0.05
"""Between the call and the first hit that can sound, so that the thread is not late from the start."""

NEVER_LATE_S = 0.002
"""Waiting by event wakes some milliseconds late on Windows: the last bit is slept, which is exact there."""


class Clock(Protocol):
    """Where playing gets its time from."""

    def now(self) -> float:
        """Seconds, of a clock that never jumps."""

    def wait_until(self, time_s: float, stopped: threading.Event) -> bool:
        """Wait; False, at once, when `stopped` is set."""


class SystemClock:
    """The real time."""

    def now(self) -> float:
        return time.perf_counter()

    def wait_until(self, time_s: float, stopped: threading.Event) -> bool:
        while (left_s := time_s - self.now()) > 0:
            if left_s > 10 * NEVER_LATE_S:
                if stopped.wait(left_s - 10 * NEVER_LATE_S):
                    return False
            else:
                time.sleep(min(left_s, NEVER_LATE_S))
                if stopped.is_set():
                    return False
        return not stopped.is_set()


@dataclass(frozen=True, kw_only=True)
class PlayEvent:
    """Something to send. time_s: from the start of the recording. hit: None for the end of a note."""

    time_s: float
    message: tuple[int, int, int]
    hit: Hit | None


def hits_to_events(
    hits: Hits, notes: Mapping[Instrument, int], from_s: float = 0.0, until_s: float = math.inf
) -> list[PlayEvent]:
    """Note ons and offs by time, for the hits from `from_s` on and before `until_s` whose instrument has a note.

    A note ends before it starts again, every note that starts ends, and at `until_s` all have ended.
    """
    events: list[PlayEvent] = []
    next_on: dict[int, float] = {}
    played = [hit for hit in hits if from_s <= hit.time_s < until_s and hit.instrument in notes]
    for hit in reversed(played):
        note = notes[hit.instrument]
        off_s = min(hit.time_s + NOTE_S, next_on.get(note, math.inf), until_s)
        next_on[note] = hit.time_s
        if off_s > hit.time_s:
            events.append(PlayEvent(time_s=off_s, message=(NOTE_OFF, note, 0), hit=None))
        events.append(PlayEvent(time_s=hit.time_s, message=(NOTE_ON, note, hit.velocity), hit=hit))
    events.reverse()
    return sorted(events, key=lambda event: (event.time_s, event.hit is not None))


class MidiPlayer:
    """Plays one performance at a time. All methods may be called from any thread.

    port_name, virtual: see `open_midi_port`; the port is opened when it is first needed and then kept, so that a DAW
    sees it. With `silent` hits are only told to `on_hit` and no port is opened.
    """

    def __init__(
        self,
        port_name: str | None = None,
        *,
        virtual: bool = False,
        silent: bool = False,
        open_port: Callable[[], MidiOut] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._open_port = open_port or (lambda: open_midi_port(port_name, virtual=virtual))
        self._silent = silent
        self._clock = clock or SystemClock()
        self._port: MidiOut | None = None
        self._turn = threading.RLock()  # one play or close at a time; held while the last performance ends
        self._lock = threading.Lock()
        self._playing: _Performance | None = None

    @property
    def is_playing(self) -> bool:
        with self._lock:
            return self._playing is not None and self._playing.is_alive()

    def open(self) -> None:
        """Open the port now rather than with the first play. Raises MidiPortError."""
        with self._turn:
            if self._port is None and not self._silent:
                self._port = self._open_port()

    def play(
        self,
        hits: Hits,
        notes: Mapping[Instrument, int],
        *,
        from_s: float = 0.0,
        loop_end_s: float | None = None,
        on_hit: Callable[[Hit, int], None] | None = None,
        on_end: Callable[[MidiPortError | None], None] | None = None,
    ) -> None:
        """Stop what plays and play these, from `from_s` on; returns at once.

        loop_end_s: play from `from_s` to there again and again, until it is stopped.
        notes: the note of each instrument; one without is left out. on_hit: called with each hit and its note when it
        has been sent. on_end: called when it is over, with the reason if the port failed. Both on the playing thread,
        which may call `stop`, but not `play` or `close`.
        Raises MidiPortError when there is no port.
        """
        loop_s = None if loop_end_s is None else max(loop_end_s - from_s, SHORTEST_LOOP_S)
        events = hits_to_events(hits, notes, from_s, math.inf if loop_s is None else from_s + loop_s)
        with self._turn:
            self.stop()
            self.open()
            playing = _Performance(
                events=events,
                from_s=from_s,
                loop_s=loop_s,
                port=self._port,
                clock=self._clock,
                on_hit=on_hit,
                on_end=self._ended(on_end),
            )
            with self._lock:
                self._playing = playing
            playing.start()

    def stop(self) -> None:
        """Silence: all notes end, at once. Does nothing when nothing plays."""
        with self._lock:
            playing, self._playing = self._playing, None
        if playing is not None:
            playing.stop()

    def close(self) -> None:
        """Stop, and give the port back."""
        with self._turn:
            self.stop()
            self._drop_port()

    def _drop_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _ended(self, on_end: Callable[[MidiPortError | None], None] | None) -> Callable[[MidiPortError | None], None]:
        """Forget a port that failed: the next play opens it anew."""

        def ended(error: MidiPortError | None) -> None:
            if error is not None:
                LOG.warning("playing ended: %s", error)
                self._drop_port()
            if on_end is not None:
                on_end(error)

        return ended


class _Performance(threading.Thread):
    """One run through the events; with loop_s one every so many seconds. Without events it is over at once."""

    def __init__(
        self,
        *,
        events: Sequence[PlayEvent],
        from_s: float,
        loop_s: float | None,
        port: MidiOut | None,
        clock: Clock,
        on_hit: Callable[[Hit, int], None] | None,
        on_end: Callable[[MidiPortError | None], None],
    ) -> None:
        super().__init__(name="midi", daemon=True)
        self._events, self._from_s, self._loop_s = events, from_s, loop_s
        self._port, self._clock = port, clock
        self._on_hit, self._on_end = on_hit, on_end
        self._sounding: set[int] = set()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Returns when all is silent; from its own callbacks at once."""
        self._stopped.set()
        if threading.current_thread() is not self:
            self.join()

    def run(self) -> None:
        error: MidiPortError | None = None
        try:
            self._play()
        except MidiPortError as raised:
            error = raised
        self._on_end(error)

    def _play(self) -> None:
        start_s = self._clock.now() + LEAD_IN_S - self._from_s
        try:
            for time_s, event in self._timed():
                if not self._clock.wait_until(start_s + time_s, self._stopped):
                    break
                self._send(event.message)
                if event.hit is not None and self._on_hit is not None:
                    self._on_hit(event.hit, event.message[1])
        finally:
            self._silence()

    def _timed(self) -> Iterator[tuple[float, PlayEvent]]:
        """Each event with its time since the start of the first round: rounds are counted, so that nothing drifts."""
        for number in range(1) if self._loop_s is None or not self._events else itertools.count():
            passed_s = number * (self._loop_s or 0.0)
            for event in self._events:
                yield passed_s + event.time_s, event

    def _send(self, message: tuple[int, int, int]) -> None:
        status, note, _ = message
        if status == NOTE_ON:
            self._sounding.add(note)
        else:
            self._sounding.discard(note)
        if self._port is not None:
            self._port.send(message)

    def _silence(self) -> None:
        """End what sounds one by one, and then all: not every instrument knows the second."""
        for note in sorted(self._sounding):
            self._send((NOTE_OFF, note, 0))
        if self._stopped.is_set():
            self._send(ALL_NOTES_OFF)
