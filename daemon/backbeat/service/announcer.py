"""Tell people what becomes of their jobs, over OSC: whoever asked for the job, and all subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from backbeat.errors import in_words
from backbeat.jobs.job import Job, JobState
from backbeat.osc import OscMessage, Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.osc_sender import OscSender
from backbeat.records import Hit
from backbeat.service.hits_announcer import HitsAnnouncer
from backbeat.values import OutputKind, Stage


class Announcer:
    """Belongs to the loop's thread. hits: tells the hits of jobs that run; without it only those who play them hear of them."""

    def __init__(self, sender: OscSender, hits: HitsAnnouncer | None = None) -> None:
        self._sender = sender
        self.hits = hits or HitsAnnouncer(sender)
        self._listeners: dict[str, set[Peer]] = {}

    @property
    def unended(self) -> tuple[str, ...]:
        """The jobs that people know of and whose end they have not been told."""
        return tuple(self._listeners)

    def listen(self, job_id: str, peer: Peer | None) -> None:
        """`peer`, if somebody asked for this job, hears what becomes of it until it has ended."""
        self._listeners.setdefault(job_id, set()).update([peer] if peer else [])

    def accepted(self, job: Job, path: Path | str) -> None:
        """The job is in the queue (or was already)."""
        self._tell(job.id, say.accepted(job.id, path))

    def progress(self, job_id: str, stage: Stage, fraction: float) -> None:
        """The job is this far."""
        self._tell(job_id, say.progress(job_id, stage, fraction))

    def heard(self, job: Job, first: int, hits: Sequence[Hit]) -> None:
        """Some of its hits are certain; first: the number of the first of them in the job."""
        self.hits.heard(job, first, hits, self._interested(job.id))

    def ready(self, job_id: str, kind: OutputKind, path: Path) -> None:
        """One of its files is there."""
        self._tell(job_id, say.ready(job_id, kind, path))

    def ended(self, job: Job, outputs: Mapping[OutputKind, Path]) -> None:
        """The job has ended, well or badly; a superseded one counts as cancelled."""
        if not job.state.ended:
            return
        self.hits.ended(job, outputs, self._interested(job.id), _last_word(job, outputs))
        self._listeners.pop(job.id, None)

    def _tell(self, job_id: str, message: OscMessage) -> None:
        self._sender.broadcast(message, also=self._listeners.get(job_id, ()))

    def _interested(self, job_id: str) -> tuple[Peer, ...]:
        """All subscribers, and who asked for the job; each once."""
        return tuple(dict.fromkeys((*self._sender.subscribers, *self._listeners.get(job_id, ()))))


def _last_word(job: Job, outputs: Mapping[OutputKind, Path]) -> OscMessage:
    match job.state:
        case JobState.DONE:
            summary = job.summary
            return say.done(job.id, outputs, tempo_bpm=summary["bpm"], confidence=summary["confidence"], hits=summary["hits"])
        case JobState.FAILED:
            sentences = in_words(job.error_message or job.reason, job.error_advice)
            return say.failed(job.id, job.error_code or "failed", sentences)
        case _:
            return say.cancelled(job.id)
