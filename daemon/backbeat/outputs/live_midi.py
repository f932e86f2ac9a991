"""Play hits on a MIDI port in time, and say each one as it sounds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from backbeat.errors import MidiPortError
from backbeat.outputs.midi_port import MidiOut, open_midi_port
from backbeat.outputs.playing.hit_source import HitSource
from backbeat.outputs.playing.performance import Performance
from backbeat.outputs.playing.system_clock import Clock, SystemClock
from backbeat.outputs.playing.transport import FreeRun, Transport
from backbeat.records import Hit
from backbeat.values import Instrument

LOG = logging.getLogger(__name__)


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
        self._playing: Performance | None = None

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
        source: HitSource,
        notes: Mapping[Instrument, int],
        *,
        transport: Transport | None = None,
        on_hit: Callable[[Hit, int], None] | None = None,
        on_end: Callable[[MidiPortError | None], None] | None = None,
    ) -> None:
        """Stop what plays and play these; returns at once.

        notes: the note of each instrument; one without is left out. transport: from where on and how fast; by default from
        the start to the end. on_hit: called with each hit and its note when it has been sent. on_end: called when it is
        over, with the reason if the port failed. Both on the playing thread, which may call `stop`, but not `play` or
        `close`. Raises MidiPortError when there is no port.
        """
        with self._turn:
            self.stop()
            self.open()
            playing = Performance(
                source=source,
                notes=notes,
                transport=transport or FreeRun(),
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
