"""What happens to jobs: taken in, handed to the worker, ended, tried again, taken up after a crash.

Lives on the loop's thread, which owns the store. The worker does one job at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from backbeat.errors import AudioChanged, JobError, OutputError, StoreError, WorkerDied, in_words
from backbeat.jobs.job import Job, JobState, Origin, Submission
from backbeat.jobs.retry import INTERRUPTED, next_attempt
from backbeat.jobs.store import Store
from backbeat.osc import Peer
from backbeat.outputs.read_result import read_result
from backbeat.pipeline.request import Request
from backbeat.service.announcer import Announcer
from backbeat.service.worker_messages import Died, Failed, Finished, Message, Progress, Stopped, Written
from backbeat.values import OutputKind

log = logging.getLogger(__name__)

RECOVERED_LISTENERS = 10_000
"""After a restart at most this many waiting jobs report to who asked for them."""


class Worker(Protocol):
    """The part of `worker_process.WorkerProcess` that is used."""

    def submit(self, job_id: str, request: Request) -> None:
        """Begin a job; the answers come as messages."""

    def cancel(self, job_id: str) -> None:
        """Ask it to stop; it is made to if it does not. Answered by a message in every case."""


class JobDesk:
    """The one place where jobs change.

    clock: gives seconds since the epoch. on_done: hears of every job that is done and of where its files are, also when it is
    asked for again.
    """

    def __init__(
        self,
        store: Store,
        worker: Worker,
        announcer: Announcer,
        *,
        clock: Callable[[], float] = time.time,
        on_done: Callable[[Job, Mapping[OutputKind, Path]], object] = lambda _job, _outputs: None,
    ) -> None:
        self._store = store
        self._worker = worker
        self._announcer = announcer
        self._clock = clock
        self._on_done = on_done
        self._running: Job | None = None
        self._last_word: Message | None = None  # how the running job ended, until the store has taken it
        self._asked_to_stop: set[str] = set()

    # Coming in

    def submit(self, request: Request, *, origin: Origin, priority: int, reply_to: Peer | None = None) -> Submission:
        """Take a job in; a repeat of a finished one is announced from what is there, or done again if files are gone."""
        submission = self._store.submit(request, origin=origin, priority=priority, reply_to=_address(reply_to))
        job = submission.job
        self._announcer.listen(job.id, reply_to)
        log.info("%s: %s (%s)", job.id, request.path.name, "queued" if submission.is_new else f"already {job.state}")
        self._announcer.accepted(job, request.path)
        for replaced in submission.superseded:
            self._replaced(replaced)
        if job.state is JobState.DONE:
            self._announce_again(job)
        self.tick()
        return submission

    def submit_failed(
        self, request: Request, error: JobError, *, origin: Origin, priority: int, reply_to: Peer | None = None
    ) -> Job:
        """Record a recording that failed before it could be queued, and say so."""
        submission = self._store.submit_failed(request, error, origin=origin, priority=priority, reply_to=_address(reply_to))
        job = submission.job
        self._announcer.listen(job.id, reply_to)
        log.warning("%s: %s: %s", job.id, request.path.name, error.in_words)
        self._announcer.ended(job, {})
        for replaced in submission.superseded:
            self._replaced(replaced)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job in any state; raises StoreError when there is none, or several, with this id."""
        job = self._store.request_cancel(job_id)
        if job.state is JobState.RUNNING:
            self._stop_cancelled()
        else:
            self._announcer.ended(job, self._files(job))
        return job

    # Going on

    def tick(self) -> None:
        """Begin the next job if none runs, and see to what others (`backbeat jobs cancel`) wrote into the store."""
        if self._running is not None and self._last_word is not None:
            self._conclude(self._running, self._last_word)  # the store could not take it before: its disk was full, say
        if self._store.changed_elsewhere():
            self._stop_cancelled()
            self._tell_ended()
        if self._running is None and self._store.next_due() is not None:
            self._begin_next()

    def receive(self, message: Message) -> None:
        """Something that the worker says."""
        job = self._running
        job_id = getattr(message, "job_id", None)
        if job is None or job_id != job.id:
            return  # late news of a job that has ended
        match message:
            case Progress():
                self._store.progress(job.id, message.stage, message.fraction)
                self._announcer.progress(job.id, message.stage, message.fraction)
            case Written():
                self._store.record_output(job.id, message.kind, message.path)
                self._announcer.ready(job.id, message.kind, message.path)
            case Finished() | Stopped() | Failed() | Died():
                self._last_word = message
                self._conclude(job, message)

    def recover(self) -> None:
        """After a start: see to what the last daemon left behind."""
        for job in self._store.jobs(states=(JobState.QUEUED, JobState.RUNNING), limit=RECOVERED_LISTENERS):
            self._announcer.listen(job.id, _peer(job.reply_to))
        for job in self._store.running():
            now = self._clock()
            # A job of which no stage had begun has not ended the daemon: it waited for the models to be loaded.
            again = now if job.stage is None else next_attempt(INTERRUPTED, job.attempts, now)
            self._settle(job, again, "interrupted: the daemon was ended")

    def interrupt(self) -> None:
        """The daemon is being stopped and the worker has ended: the running job goes back into the line."""
        if self._running is not None:
            self._settle(self._running, self._clock(), "interrupted: the daemon was stopped")
            self._running = None

    # Inside

    def _settle(self, job: Job, again: float | None, reason: str) -> None:
        """A job whose worker is gone: done if its JSON is there, else done again, or failed if that went on too long."""
        outputs = _finished_outputs(job)
        if outputs is not None:
            log.info("%s: was finished when the daemon ended", job.id)
            settled = self._store.finish(job.id, outputs, _summary_of(outputs))
        elif again is not None:
            log.info("%s: %s; it is done again", job.id, reason)
            settled = self._store.retry_later(job.id, reason, again)
        else:
            message = f"Backbeat was ended {job.attempts} times while it worked on {job.path.name}."
            settled = self._store.fail(job.id, INTERRUPTED, message, "Try it again with `backbeat jobs retry`.")
        self._announcer.ended(settled, outputs or {})

    def _begin_next(self) -> None:
        job = self._store.claim()
        if job is None:
            return
        self._running = job
        try:
            for kind in OutputKind:
                self._store.plan_output(job.id, kind, job.request.output(kind))
        except StoreError as error:  # begun is begun; without a plan each file is known as ours a moment later
            log.warning("%s: %s", job.id, error.in_words)
        log.info("%s: begun, %s", job.id, job.path)
        self._worker.submit(job.id, job.request)

    def _replaced(self, job_id: str) -> None:
        """An older job for the same place: a running one is stopped, a waiting one has ended already."""
        if self._running and self._running.id == job_id:
            self._stop_cancelled()
        elif job := self._store.job(job_id):
            self._announcer.ended(job, {})

    def _tell_ended(self) -> None:
        """Jobs that waited and were cancelled by `backbeat jobs`: who asked for them shall not wait for ever."""
        for job_id in self._announcer.unended:
            job = self._store.job(job_id)
            if job and job.state.ended:
                self._announcer.ended(job, self._files(job))

    def _stop_cancelled(self) -> None:
        for job_id in self._store.cancel_requests():
            if self._running and self._running.id == job_id and job_id not in self._asked_to_stop:
                self._asked_to_stop.add(job_id)
                self._worker.cancel(job_id)

    def _conclude(self, job: Job, message: Message) -> None:
        """The worker is done with the job. What the store cannot take now is concluded again at the next tick."""
        match message:
            case Finished():
                self._end(self._store.finish(job.id, message.outputs, message.summary), message.outputs)
            case Stopped():
                self._end(self._store.end_cancelled(job.id))
            case Failed():
                again = next_attempt(message.code, job.attempts, self._clock()) if message.retry else None
                self._fail(job, message.code, message.message, message.advice, again)
            case Died():
                again = next_attempt(WorkerDied.code, job.attempts, self._clock())
                self._fail(job, WorkerDied.code, message.reason, WorkerDied.advice, again)

    def _fail(self, job: Job, code: str, message: str, advice: str, again: float | None) -> None:
        if code == AudioChanged.code and job.origin is Origin.FOLDER:  # the folder is watched: the new bounce is on its way
            log.info("%s: %s", job.id, message)
            self._end(self._store.end_superseded(job.id))
        elif again is None:
            log.warning("%s: failed: %s", job.id, in_words(message, advice))
            self._end(self._store.fail(job.id, code, message, advice))
        else:
            log.warning("%s: will be tried again: %s", job.id, message)
            self._end(self._store.retry_later(job.id, message, again))

    def _end(self, job: Job, outputs: Mapping[OutputKind, Path] | None = None) -> None:
        self._running = self._last_word = None
        self._asked_to_stop.discard(job.id)
        log.info("%s: %s", job.id, job.state)
        self._announcer.ended(job, outputs or {})
        if job.state is JobState.DONE:
            self._on_done(job, outputs or {})
        self.tick()

    def _announce_again(self, job: Job) -> None:
        files = self._store.outputs(job.id)
        if not files or not all(file.is_there for file in files.values()):
            self._store.requeue(job.id, "asked for again, and some of its files are gone")
            return
        outputs = {kind: file.path for kind, file in files.items()}
        for kind, path in outputs.items():
            self._announcer.ready(job.id, kind, path)
        self._announcer.ended(job, outputs)
        self._on_done(job, outputs)

    def _files(self, job: Job) -> dict[OutputKind, Path]:
        return {kind: file.path for kind, file in self._store.outputs(job.id).items() if file.is_there}


def _address(peer: Peer | None) -> str | None:
    return f"{peer.host}:{peer.port}" if peer else None


def _peer(address: str | None) -> Peer | None:
    host, _, port = (address or "").rpartition(":")
    return Peer(host, int(port)) if port else None


def _finished_outputs(job: Job) -> dict[OutputKind, Path] | None:
    """The files of a job whose JSON, the commit mark, is there and whose other files are too; else None."""
    try:
        result = read_result(job.request.output(OutputKind.JSON))
    except OutputError:
        return None
    complete = result.identity == job.identity and all(path.exists() for path in result.outputs.values())
    return dict(result.outputs) if complete else None


def _summary_of(outputs: Mapping[OutputKind, Path]) -> dict[str, object]:
    result = read_result(outputs[OutputKind.JSON])
    return {"bpm": result.detected_bpm, "confidence": result.confidence_score, "hits": result.hit_count}
