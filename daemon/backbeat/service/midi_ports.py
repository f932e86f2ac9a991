"""The daemon's MIDI side: the port that hits are played on, and the clock of the DAW that playing follows."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack

from backbeat.config.schema import MidiConfig
from backbeat.errors import MidiPortError
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.playing.host_clock import HostClock, host_clock_for

log = logging.getLogger(__name__)


def make_player(midi: MidiConfig, stack: ExitStack) -> MidiPlayer:
    """A port of our own is there from the start, for the DAW to choose; a device is only taken to play on it."""
    player = MidiPlayer(midi.port, virtual=midi.virtual)
    stack.callback(player.close)
    if midi.virtual and not midi.port and sys.platform != "win32":
        try:
            player.open()
        except MidiPortError as error:
            log.info("no MIDI port yet; /backbeat/play looks for one again (%s)", error.message)
    return player


def make_host_clock(midi: MidiConfig, stack: ExitStack) -> HostClock | None:
    """Heard from the start, so that the DAW sees the port, and what it says before the first play is known."""
    host_clock = host_clock_for(midi.clock, midi.clock_port)
    if host_clock is not None:
        stack.callback(host_clock.close)
        try:
            host_clock.open()
        except MidiPortError as error:
            log.warning("the clock of the DAW cannot be heard yet; /backbeat/play tries again: %s", error.in_words)
    return host_clock
