"""One performance: a thread that sends the hits of a source when its transport comes to them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping

from backbeat.errors import MidiPortError
from backbeat.outputs.midi_port import MidiOut
from backbeat.outputs.playing.hit_source import HitSource, Upcoming
from backbeat.outputs.playing.system_clock import Clock
from backbeat.outputs.playing.transport import Rolling, Transport
from backbeat.records import Hit
from backbeat.values import Instrument

NOTE_ON, NOTE_OFF, CONTROL = 0x99, 0x89, 0xB9
"""Channel 10, that of the drums in General MIDI."""

ALL_NOTES_OFF = (CONTROL, 123, 0)
NOTE_S = 0.1
"""How long a note is held, at most until the same drum is struck again: drum samples play to their end."""

TOO_LATE_S = 0.5
"""A stroke that comes so late is a wrong stroke, as after the computer slept: it is left out."""

LOOK_AGAIN_S = 0.02
"""How soon a source is asked again that does not know its next hit yet."""


class Performance(threading.Thread):
    """Plays until the last hit has ended, or until it is stopped if the transport comes back.

    notes: the note of each instrument; one without is left out. on_hit, on_end: see `MidiPlayer.play`.
    """

    def __init__(
        self,
        *,
        source: HitSource,
        notes: Mapping[Instrument, int],
        transport: Transport,
        port: MidiOut | None,
        clock: Clock,
        on_hit: Callable[[Hit, int], None] | None,
        on_end: Callable[[MidiPortError | None], None],
    ) -> None:
        super().__init__(name="midi", daemon=True)
        self._source, self._notes, self._transport = source, notes, transport
        self._port, self._clock = port, clock
        self._on_hit, self._on_end = on_hit, on_end
        self._ends_s: dict[int, float] = {}  # of the notes that sound, by note
        self._stopped, self._woken = threading.Event(), threading.Event()

    def stop(self) -> None:
        """Returns when all is silent; from its own callbacks at once."""
        self._stopped.set()
        self._woken.set()
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
        self._transport.begin(self._clock.now(), self._woken)
        try:
            self._follow()
        finally:
            self._transport.end()
            if self._stopped.is_set():
                self._silence()
            else:
                self._end_notes()

    def _follow(self) -> None:
        run: int | None = None
        upcoming = Upcoming(iter(()), ())
        while True:
            self._woken.clear()
            if self._stopped.is_set():
                return
            rolling = self._transport.rolling(self._clock.now())
            if rolling is None:
                if run is not None:
                    run = None
                    self._silence()
                self._clock.wait_until(math.inf, self._woken)
                continue
            if rolling.run != run:
                run = rolling.run
                self._end_notes()
                upcoming = Upcoming(self._source.hits_from(rolling.from_s), self._notes)
            if not self._step(rolling, upcoming):
                return

    def _step(self, rolling: Rolling, upcoming: Upcoming) -> bool:
        """Wait for what is next and send it; False when all is over. Less is done if the transport changes meanwhile."""
        hit = upcoming.peek()
        if hit is None and upcoming.is_over and not self._ends_s and not self._transport.comes_back:
            return False
        now_s = self._clock.now()
        hit_s = math.inf if hit is None else rolling.time_of(hit.time_s)
        look_s = now_s + LOOK_AGAIN_S if hit is None and not upcoming.is_over else math.inf
        note, end_s = min(self._ends_s.items(), key=lambda item: item[1], default=(0, math.inf))
        next_s = min(hit_s, end_s, rolling.until_s, look_s)
        if self._clock.wait_until(next_s, self._woken) and next_s < rolling.until_s:
            if next_s == end_s:
                self._end_note(note)
            elif hit is not None and next_s == hit_s:
                upcoming.take()
                if now_s - hit_s < TOO_LATE_S:
                    self._strike(hit, hit_s)
        return True

    def _strike(self, hit: Hit, time_s: float) -> None:
        note = self._notes[hit.instrument]
        if note in self._ends_s:
            self._end_note(note)
        self._ends_s[note] = time_s + NOTE_S
        self._send((NOTE_ON, note, hit.velocity))
        if self._on_hit is not None:
            self._on_hit(hit, note)

    def _end_note(self, note: int) -> None:
        del self._ends_s[note]
        self._send((NOTE_OFF, note, 0))

    def _end_notes(self) -> None:
        for note in sorted(self._ends_s):
            self._end_note(note)

    def _silence(self) -> None:
        """End what sounds one by one, and then all: not every instrument knows the second."""
        self._end_notes()
        self._send(ALL_NOTES_OFF)

    def _send(self, message: tuple[int, int, int]) -> None:
        if self._port is not None:
            self._port.send(message)
