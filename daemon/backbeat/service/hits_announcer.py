"""The hits of jobs that still run: kept for who plays them, and sent, as they are heard, to who wants them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backbeat.errors import OutputError, PresetError
from backbeat.jobs.job import Job, JobState
from backbeat.osc import OscMessage, Peer, message_to_packet, messages_to_bundles
from backbeat.osc_row import OscRow
from backbeat.outputs.hits_to_osc import hits_to_messages
from backbeat.outputs.hits_to_rows import hits_to_rows
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.osc_sender import OscSender
from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.outputs.read_result import read_result
from backbeat.records import Hit
from backbeat.values import Instrument, OutputKind

log = logging.getLogger(__name__)

_ROWS = None
"""Stands for those whom `[[osc.send]]` names, among the followers of a job."""


@dataclass(kw_only=True)
class _Follower:
    """notes: the note of each instrument. sent: how many of the job's hits went out already."""

    notes: Mapping[Instrument, int]
    sent: int = 0


class HitsAnnouncer:
    """Belongs to the loop's thread. A job that is begun again sends nobody a hit twice.

    A finished one that is asked for again is told again, hits and all, as if it had been done.

    as_you_go: the hits of every job are sent to who is interested in it. rows: hits go to these too, by `others`, where the row
    sends the time. user_presets: the folder of the user's own note maps.
    """

    def __init__(
        self,
        sender: OscSender,
        *,
        others: OscSender | None = None,
        rows: Sequence[OscRow] = (),
        as_you_go: bool = False,
        user_presets: Path | None = None,
    ) -> None:
        self._sender = sender
        self._others = others or sender
        self._rows = rows
        self._as_you_go = as_you_go
        self._user_presets = user_presets
        self._sources: dict[str, GrowingHits] = {}
        self._followers: dict[str, dict[Peer | None, _Follower]] = {}

    def source(self, job_id: str) -> GrowingHits:
        """The hits of a job that has not ended: those there are, and those to come."""
        return self._sources.setdefault(job_id, GrowingHits())

    def follow(self, job_id: str, peer: Peer, notes: Mapping[Instrument, int]) -> None:
        """Send `peer` the hits of a job that has not ended: those there are at once, the others as they come."""
        followers = self._followers.setdefault(job_id, {})
        for follower in (peer, _ROWS):
            followers.setdefault(follower, _Follower(notes=notes))
        self._send(job_id)

    def heard(self, job: Job, first: int, hits: Sequence[Hit], interested: Sequence[Peer]) -> None:
        """More hits; first: the number of the first of them in the job."""
        self.source(job.id).add(hits, first)
        self._send_to_interested(job, interested)

    def ended(self, job: Job, outputs: Mapping[OutputKind, Path], interested: Sequence[Peer], last_word: OscMessage) -> None:
        """The job has ended: `last_word` says how, and comes after its hits.

        One that is done gives the hits of its result, where they have not been heard from it.
        """
        if job.state is JobState.DONE and (self._as_you_go or job.id in self._sources or job.id in self._followers):
            self._add_rest(job, outputs)
            self._send_to_interested(job, interested)
            self.source(job.id).complete()
        source = self._sources.pop(job.id, None)
        if source is not None and job.state is not JobState.DONE:
            source.lose()
        if self._followers.pop(job.id, None):  # its hits may be on their way still
            self._sender.queue([message_to_packet(last_word)], interested)
        else:
            self._sender.broadcast(last_word, also=interested)

    def _add_rest(self, job: Job, outputs: Mapping[OutputKind, Path]) -> None:
        source = self.source(job.id)
        if len(source) < int(job.summary.get("hits", 0)) and OutputKind.JSON in outputs:
            try:
                source.add(list(read_result(outputs[OutputKind.JSON]).hits), 0)
            except OutputError as error:
                log.warning("%s: its hits cannot be sent: %s", job.id, error.in_words)

    def _send_to_interested(self, job: Job, interested: Sequence[Peer]) -> None:
        if self._as_you_go:
            followers = self._followers.setdefault(job.id, {})
            new = [peer for peer in (*interested, _ROWS) if peer not in followers]
            notes = self._notes(job) if new else {}
            followers.update((peer, _Follower(notes=notes)) for peer in new)
        self._send(job.id)

    def _notes(self, job: Job) -> Mapping[Instrument, int]:
        try:
            return load_note_map(job.settings.preset, self._user_presets).notes
        except PresetError as error:  # the job itself fails of it, and says so
            log.warning("%s: its hits are not sent: %s", job.id, error.in_words)
            return {}

    def _send(self, job_id: str) -> None:
        """Everybody gets what is new to them; those to whom the same is new share the packets."""
        source = self.source(job_id)
        groups: dict[tuple[int, frozenset[tuple[Instrument, int]]], list[Peer]] = {}
        for peer, follower in self._followers.get(job_id, {}).items():
            if follower.sent == len(source):
                continue
            if peer is _ROWS:
                for to, messages in hits_to_rows(self._rows, job_id, source.since(follower.sent), follower.notes).items():
                    self._others.queue(messages_to_bundles(messages), [to])
            else:
                groups.setdefault((follower.sent, frozenset(follower.notes.items())), []).append(peer)
            follower.sent = len(source)
        for (sent, notes), peers in groups.items():
            self._sender.queue(messages_to_bundles(hits_to_messages(job_id, source.since(sent), dict(notes))), peers)
