"""What happens to jobs: taken in, handed to the runner, ended, tried again, taken up after a crash.

Lives on the loop's thread, which owns the store. The runner says how many jobs it takes at a time.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from backbeat.errors import AudioChanged, JobError, StoreError, WorkerDied, in_words
from backbeat.jobs.job import Job, JobState, Origin, Submission
from backbeat.jobs.retry import INTERRUPTED, next_attempt
from backbeat.jobs.store import Store
from backbeat.osc import Peer
from backbeat.pipeline.request import Request
from backbeat.service.announcer import Announcer
from backbeat.service.finished_result import finished_result
from backbeat.service.job_runner import JobRunner
from backbeat.service.worker_messages import Died, Failed, Finished, Heard, Message, Progress, Stopped, Written
from backbeat.values import OutputKind

log = logging.getLogger(__name__)

RECOVERED_LISTENERS = 10_000
"""After a restart at most this many waiting jobs report to who asked for them."""


class JobDesk:
    """The one place where jobs change.

    clock: gives seconds since the epoch. on_done: hears of every job that is done and of where its files are, also when it is
    asked for again.
    """

    def __init__(
        self,
        store: Store,
        runner: JobRunner,
        announcer: Announcer,
        *,
        clock: Callable[[], float] = time.time,
        on_done: Callable[[Job, Mapping[OutputKind, Path]], object] = lambda _job, _outputs: None,
    ) -> None:
        self._store = store
        self._runner = runner
        self._announcer = announcer
        self._clock = clock
        self._on_done = on_done
        self._running: dict[str, Job] = {}
        self._last_words: dict[str, Message] = {}  # how running jobs ended, until the store has taken it
        self._asked_to_stop: set[str] = set()

    # Coming in

    def submit(self, request: Request, *, origin: Origin, priority: int, reply_to: Peer | None = None) -> Submission:
        """Take a job in; a repeat of a finished one is announced from what is there, or done again if files are gone."""
        submission = self._store.submit(request, origin=origin, priority=priority, reply_to=_address(reply_to))
        job = submission.job
        self._announcer.listen(job.id, reply_to)
        log.info("%s (%s)", request.path.name, "queued" if submission.is_new else f"already {job.state}", extra=_of(job))
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
        log.warning("%s: %s", request.path.name, error.in_words, extra=_of(job))
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
        """Begin jobs if the runner has room, and see to what others (`backbeat jobs cancel`) wrote into the store."""
        for job_id, message in list(self._last_words.items()):
            if job_id in self._last_words:  # concluding one comes by here for the next
                self._conclude(self._running[job_id], message)  # the store could not take it before: its disk was full, say
        if self._store.changed_elsewhere():
            self._stop_cancelled()
            self._tell_ended()
        while len(self._running) < self._runner.capacity and self._store.next_due() is not None:
            if not self._begin_next():
                break

    def receive(self, message: Message) -> None:
        """Something that the runner says."""
        job = self._running.get(getattr(message, "job_id", None) or "")
        if job is None:
            return  # late news of a job that has ended
        match message:
            case Progress():
                with suppress(StoreError):  # a store that is held for a moment: the next one is written
                    self._store.progress(job.id, message.stage, message.fraction)
                self._announcer.progress(job.id, message.stage, message.fraction)
            case Heard():
                self._announcer.heard(job, message.first, message.hits)
            case Written():
                with suppress(StoreError):  # recorded when the job ends, and planned until then
                    self._store.record_output(job.id, message.kind, message.path)
                self._announcer.ready(job.id, message.kind, message.path)
            case Finished() | Stopped() | Failed() | Died():
                self._last_words[job.id] = message
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
        """The daemon is being stopped and the runner has ended: running jobs go back into the line.

        One that the store cannot take now stays running there, as after a crash, and the next daemon sees to it.
        """
        while self._running:
            _, job = self._running.popitem()
            try:
                self._settle(job, self._clock(), "interrupted: the daemon was stopped")
            except StoreError as error:
                log.warning("%s", error.in_words, extra=_of(job))

    # Inside

    def _settle(self, job: Job, again: float | None, reason: str) -> None:
        """A job whose runner is gone: done if its JSON is there, else done again, or failed if that went on too long."""
        finished = finished_result(job.request)
        if finished is not None:
            log.info("was finished when the daemon ended", extra=_of(job))
            settled = self._store.finish(job.id, finished.outputs, finished.summary)
        elif again is not None:
            log.info("%s; it is done again", reason, extra=_of(job))
            settled = self._store.retry_later(job.id, reason, again)
        else:
            message = f"Backbeat was ended {job.attempts} times while it worked on {job.path.name}."
            settled = self._store.fail(job.id, INTERRUPTED, message, "Try it again with `backbeat jobs retry`.")
        self._announcer.ended(settled, finished.outputs if finished else {})

    def _begin_next(self) -> bool:
        """Begin the most urgent job that may be begun; whether there was one."""
        job = self._store.claim()
        if job is None:
            return False
        self._running[job.id] = job
        if (there := finished_result(job.request)) is not None:  # the store has forgotten: it was damaged, or pruned
            log.info("its result is there already", extra=_of(job))
            self._last_words[job.id] = Finished(job_id=job.id, outputs=there.outputs, summary=there.summary)
            return True
        try:
            for kind in OutputKind:
                self._store.plan_output(job.id, kind, job.request.output(kind))
        except StoreError as error:  # begun is begun; without a plan each file is known as ours a moment later
            log.warning("%s", error.in_words, extra=_of(job))
        log.info("begun, %s", job.path, extra=_of(job))
        self._runner.submit(job.id, job.request, priority=job.priority)
        return True

    def _replaced(self, job_id: str) -> None:
        """An older job for the same place: a running one is stopped, a waiting one has ended already."""
        if job_id in self._running:
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
            if job_id in self._running and job_id not in self._asked_to_stop:
                self._asked_to_stop.add(job_id)
                self._runner.cancel(job_id)

    def _conclude(self, job: Job, message: Message) -> None:
        """The runner is done with the job. What the store cannot take now is concluded again at the next tick."""
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
            log.info("%s", message, extra=_of(job))
            self._end(self._store.end_superseded(job.id))
        elif again is None:
            log.warning("failed: %s", in_words(message, advice), extra=_of(job))
            self._end(self._store.fail(job.id, code, message, advice))
        else:
            log.warning("will be tried again: %s", message, extra=_of(job))
            self._end(self._store.retry_later(job.id, message, again))

    def _end(self, job: Job, outputs: Mapping[OutputKind, Path] | None = None) -> None:
        self._running.pop(job.id, None)
        self._last_words.pop(job.id, None)
        self._asked_to_stop.discard(job.id)
        log.info("%s", job.state, extra=_of(job))
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


def _of(job: Job) -> dict[str, str]:
    """Marks a log line as the job's."""
    return {"job": job.id}


def _address(peer: Peer | None) -> str | None:
    return f"{peer.host}:{peer.port}" if peer else None


def _peer(address: str | None) -> Peer | None:
    host, _, port = (address or "").rpartition(":")
    return Peer(host, int(port)) if port else None
