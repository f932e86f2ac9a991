"""Playing a recording while it is being listened to: in time, and waiting where the hits are not known yet."""

from __future__ import annotations

import threading
from dataclasses import replace

from backbeat.errors import PlayRefused
from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.outputs.playing.host_clock import HostClock, transport_for
from backbeat.outputs.playing.transport import LEAD_IN_S, Rolling, Transport


class AsHeard:
    """A `Transport` that rolls from `from_s` on as far as the hits of `source` are known, and stands still there for more."""

    comes_back = False

    def __init__(self, source: GrowingHits, from_s: float = 0.0) -> None:
        self._source = source
        self._position_s = from_s  # where it stands, or began to roll
        self._rolling: Rolling | None = None
        self._runs = 0

    def begin(self, now_s: float, woken: threading.Event) -> None:  # noqa: ARG002 - it begins when there is something to play
        self._source.when_changed(woken.set)

    def rolling(self, now_s: float) -> Rolling | None:
        known_s = self._source.known_s
        if self._rolling is None and known_s > self._position_s:
            self._runs += 1
            place_s = self._position_s
            self._rolling = Rolling(run=self._runs, from_s=place_s, position_s=place_s, at_s=now_s + LEAD_IN_S)
        if self._rolling is None:
            return None
        until_s = self._rolling.time_of(known_s)
        if now_s >= until_s:
            self._position_s, self._rolling = known_s, None  # the last hit that is known opens the next run
            return None
        return replace(self._rolling, until_s=until_s)

    def end(self) -> None:
        """The source may go on growing; it wakes nobody who waits."""


def transport_as_heard(
    hits: GrowingHits, host: HostClock | None, *, from_s: float, loop: bool, midi_bpm: float | None, offset_s: float
) -> Transport:
    """What drives the performance of hits that are still being heard: the host's clock, or without one `AsHeard`.

    midi_bpm: of the MIDI file to come, where that is known. Raises as `transport_for`, and PlayRefused where something is asked
    for that only the finished result tells.
    """
    if loop:
        raise PlayRefused("Where the loop ends is known when the job is done.", advice="Play it without the loop until then.")
    if host is None:
        return AsHeard(hits, from_s)
    if midi_bpm is None and host.unit_s(60.0) != host.unit_s(120.0):
        raise PlayRefused(
            "MIDI clock counts beats, and the tempo of the MIDI file is known when the job is done.",
            advice="Play it then, or give the project's tempo with the job (`host_bpm`).",
        )
    return transport_for(host, from_s=from_s, loop_end_s=None, midi_bpm=midi_bpm or 120.0, offset_s=offset_s)
