"""Plays jobs, those too that still run, and tells each hit over OSC as it sounds. Lives on the loop's thread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from backbeat.config.schema import Config
from backbeat.errors import MidiPortError
from backbeat.intake.osc_requests import Play
from backbeat.jobs.job import Job
from backbeat.osc import Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.hits_to_rows import hit_to_messages
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.osc_sender import OscSender
from backbeat.outputs.playing.as_heard import transport_as_heard
from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.outputs.playing.hit_source import HitList, HitSource
from backbeat.outputs.playing.host_clock import HostClock, transport_for
from backbeat.outputs.playing.transport import Transport
from backbeat.outputs.read_result import Result
from backbeat.records import Hit
from backbeat.values import Instrument

Notes = Mapping[Instrument, int]


class PlayDesk:
    """Plays one job at a time. Without a MIDI port the hits still go out over OSC, for lights and scripts that want no MIDI.

    others: as in `OscDesk`. host_clock: what playing follows; without it, playing keeps its own time.
    """

    def __init__(
        self, *, config: Config, player: MidiPlayer, sender: OscSender, others: OscSender, host_clock: HostClock | None
    ) -> None:
        self._config = config
        self._player = player
        self._silent = MidiPlayer(silent=True)
        self._sender = sender
        self._others = others
        self._host_clock = host_clock
        self._source: HitSource | None = None

    def play(self, job: Job, result: Result, notes: Notes, request: Play) -> None:
        """Play a finished job as asked. Raises PlayRefused, and MidiPortError where hits go out over OSC only."""
        transport = transport_for(
            self._host_clock,
            from_s=request.from_s,
            loop_end_s=result.duration_s if request.loop else None,
            midi_bpm=result.midi_bpm,
            offset_s=self._config.midi.clock_offset_s,
        )
        self._start(job.id, HitList(result.hits), notes, transport, request.sender)

    def play_as_heard(self, job: Job, hits: GrowingHits, notes: Notes, request: Play) -> None:
        """The same for a job that waits or runs: it begins with the first hits, and ends when the job comes to nothing."""
        transport = transport_as_heard(
            hits,
            self._host_clock,
            from_s=request.from_s,
            loop=request.loop,
            midi_bpm=job.settings.host_bpm,
            offset_s=self._config.midi.clock_offset_s,
        )
        hits.when_lost(partial(self._lost, hits))
        self._start(job.id, hits, notes, transport, request.sender)

    def stop(self) -> None:
        """Silence."""
        self._player.stop()
        self._silent.stop()
        self._source = None

    def _lost(self, hits: GrowingHits) -> None:
        if self._source is hits:
            self.stop()

    def _start(self, job_id: str, source: HitSource, notes: Notes, transport: Transport, reply_to: Peer) -> None:
        def on_hit(hit: Hit, note: int) -> None:
            self._sender.broadcast(say.hit(job_id, hit, note), also=[reply_to])
            for peer, message in hit_to_messages(self._config.osc.send, job_id, hit, note):
                self._others.send(message, peer)

        self.stop()
        self._source = source
        try:
            self._player.play(source, notes, transport=transport, on_hit=on_hit)
        except MidiPortError:
            self._silent.play(source, notes, transport=transport, on_hit=on_hit)
            raise
