"""Tell people what becomes of their jobs, over OSC: whoever asked for the job, and all subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from backbeat.errors import in_words
from backbeat.jobs.job import Job, JobState
from backbeat.osc import OscMessage, Peer
from backbeat.outputs import hits_to_osc as say
from backbeat.outputs.osc_sender import OscSender
from backbeat.values import OutputKind, Stage


class Announcer:
    """Belongs to the loop's thread."""

    def __init__(self, sender: OscSender) -> None:
        self._sender = sender
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

    def ready(self, job_id: str, kind: OutputKind, path: Path) -> None:
        """One of its files is there."""
        self._tell(job_id, say.ready(job_id, kind, path))

    def ended(self, job: Job, outputs: Mapping[OutputKind, Path]) -> None:
        """The job has ended, well or badly; a superseded one counts as cancelled."""
        match job.state:
            case JobState.DONE:
                summary = job.summary
                self._tell(
                    job.id,
                    say.done(job.id, outputs, tempo_bpm=summary["bpm"], confidence=summary["confidence"], hits=summary["hits"]),
                )
            case JobState.FAILED:
                sentences = in_words(job.error_message or job.reason, job.error_advice)
                self._tell(job.id, say.failed(job.id, job.error_code or "failed", sentences))
            case JobState.CANCELLED | JobState.SUPERSEDED:
                self._tell(job.id, say.cancelled(job.id))
            case _:
                return
        self._listeners.pop(job.id, None)

    def _tell(self, job_id: str, message: OscMessage) -> None:
        self._sender.broadcast(message, also=self._listeners.get(job_id, ()))
