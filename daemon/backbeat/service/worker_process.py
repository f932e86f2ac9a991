"""The daemon's side of the worker: one job at a time, and there is always a worker for the next.

A worker that dies is reported with its job and replaced. A cancelled job gets a while to stop by itself, then its
worker is killed. What `on_message` hears, for each job submitted: Progress and Written, then exactly one of Finished,
Failed, Stopped, Died; besides them Ready, Preloaded, and Died without a job.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import TIMEOUT_MAX, Condition, Event, Thread, Timer

from backbeat.errors import TookTooLong
from backbeat.pipeline.request import Request
from backbeat.service.logging import job_context
from backbeat.service.worker_child import WorkerChild
from backbeat.service.worker_death import Backoff, death_in_words
from backbeat.service.worker_messages import (
    Cancel,
    Died,
    Failed,
    Finished,
    Hello,
    LogLine,
    Message,
    Preload,
    Preloaded,
    Progress,
    Stopped,
    Work,
    Written,
)

_log = logging.getLogger(__name__)

WORKER_COMMAND = (sys.executable, "-P", "-m", "backbeat.service.worker")
"""`-P`: the folder that the daemon was started in is no place to import from."""

CANCEL_GRACE_S = 2.0


class WorkerProcess:
    """Owns the worker. All methods may be called from any thread; `on_message` is called from a thread of its own.

    on_message: quick and not raising, such as a queue's `put`.
    hello: what each new worker is told. preload: let each load its models at once.
    cancel_grace_s: how long a cancelled job may take to stop before its worker is killed.
    job_limit_s: how long a job may take before its worker is killed and it has failed; None: as long as it likes.
    """

    def __init__(
        self,
        on_message: Callable[[Message], None],
        *,
        hello: Hello,
        command: Sequence[str] = WORKER_COMMAND,
        environment: Mapping[str, str] | None = None,
        preload: bool = False,
        cancel_grace_s: float = CANCEL_GRACE_S,
        job_limit_s: float | None = None,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_message = on_message
        self._hello = hello
        self._command = tuple(command)
        self._environment = environment
        self._preload = preload
        self._cancel_grace_s = cancel_grace_s
        self._job_limit_s = job_limit_s
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._state = Condition()  # guards the five below
        self._child: WorkerChild | None = None
        self._work: Work | None = None
        self._grace: Timer | None = None  # set: the job is being cancelled
        self._limit: Timer | None = None  # of the job's time
        self._stopping = Event()
        self._supervisor = Thread(target=self._supervise, name="worker-supervisor", daemon=True)

    def start(self) -> None:
        """Start the first worker; returns at once."""
        self._supervisor.start()

    @property
    def capacity(self) -> int:
        """One job at a time."""
        return 1

    @property
    def pid(self) -> int | None:
        """Process id of the present worker, or None between two."""
        with self._state:
            return self._child.pid if self._child else None

    @property
    def job_id(self) -> str | None:
        """The job that is being done, or None when the worker is free."""
        with self._state:
            return self._work.job_id if self._work else None

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:  # noqa: ARG002 - there is no line here
        """Begin a job; only when `job_id` is None. Between two workers it waits for the next one."""
        with self._state:
            if self._work is not None:
                raise RuntimeError(f"the worker is busy with job {self._work.job_id}")
            self._work = Work(job_id=job_id, request=request)
            if self._job_limit_s is not None:
                self._limit = _timer(self._job_limit_s, partial(self._give_up, self._work))
            if self._child:
                self._child.send(self._work)

    def cancel(self, job_id: str) -> None:
        """Stop that job: Stopped follows, at the latest soon after the grace, unless it ends otherwise just before.

        Nothing happens when it is not the one being done.
        """
        with self._state:
            work = self._work
            if work is None or work.job_id != job_id or self._grace:
                return
            if self._child:
                self._child.send(Cancel(job_id=job_id))
                self._grace = _timer(self._cancel_grace_s, partial(self._kill_for, work))
                return
            self._end_work()
        self._tell(Stopped(job_id=job_id))

    def stop(self, timeout_s: float) -> None:
        """End the worker, within `timeout_s` seconds or not long after; a job gets half of that to stop by itself.

        A job that was interrupted is not reported: to the store it stays running, as after a crash.
        """
        if self._supervisor.ident is None:
            return  # never started
        deadline = self._clock() + timeout_s
        self._stopping.set()
        with self._state:
            if self._child and self._work:
                self._child.send(Cancel(job_id=self._work.job_id))
                self._state.wait_for(lambda: self._work is None, timeout_s / 2)
            if self._child:
                self._child.hang_up()
        self._supervisor.join(max(deadline - self._clock(), 0.0))
        with self._state:
            if self._child:
                self._child.kill()
        self._supervisor.join()

    def _supervise(self) -> None:
        """The supervising thread: one worker after the other. It outlives each, as `end_with_parent` needs."""
        while not self._stopping.is_set():
            began = self._clock()
            try:
                child = self._spawn()
            except OSError as error:
                _log.error("The worker process cannot be started: %s", error)
                reason = f"The worker process cannot be started: {error.strerror}."
                self._report_death(self._part()[0], None, reason)
            else:
                self._serve(child)
            self._stopping.wait(self._backoff.next_delay(self._clock() - began))

    def _spawn(self) -> WorkerChild:
        child = WorkerChild(self._command, self._environment)
        with self._state:
            child.send(self._hello)
            if self._preload:
                child.send(Preload())
            if self._work:
                child.send(self._work)
            self._child = child
            if self._stopping.is_set():
                child.hang_up()
        return child

    def _serve(self, child: WorkerChild) -> None:
        for message in child.messages():
            self._receive(message)
        lost, was_cancelled = self._part()
        returncode = child.reap()
        if self._stopping.is_set():
            return
        if was_cancelled:
            self._backoff.reset()  # it was killed for a reason that says nothing about the next
            self._report_stopped(lost)
            return
        reason = death_in_words(returncode)
        _log.error("%s", reason)
        child.log_last_words()
        self._report_death(lost, returncode, reason)

    def _part(self) -> tuple[Work | None, bool]:
        """There is no worker any more: the job that it had, and whether that was being cancelled.

        A job submitted after this is for the next worker.
        """
        with self._state:
            self._child = None
            return self._work, self._grace is not None

    def _receive(self, message: Message) -> None:
        if isinstance(message, LogLine):
            _log_again(message)
        elif isinstance(message, Finished | Failed | Stopped):
            self._receive_end(message)
        elif isinstance(message, Preloaded):
            _log_preloaded(message)
            self._tell(message)
        elif not isinstance(message, Progress | Written) or message.job_id == self.job_id:
            self._tell(message)

    def _receive_end(self, message: Finished | Failed | Stopped) -> None:
        with self._state:
            if self._work is None or self._work.job_id != message.job_id:
                return
            was_asked = self._grace is not None
            self._end_work()
        self._backoff.reset()
        if not isinstance(message, Stopped) or was_asked:  # else it was `stop` that interrupted it
            self._tell(message)

    def _report_stopped(self, lost: Work | None) -> None:
        if lost and self._end_if(lost):
            self._tell(Stopped(job_id=lost.job_id))

    def _report_death(self, lost: Work | None, returncode: int | None, reason: str) -> None:
        job_id = lost.job_id if lost and self._end_if(lost) else None
        self._tell(Died(job_id=job_id, returncode=returncode, reason=reason))

    def _end_if(self, lost: Work) -> bool:
        """End the job unless a cancel has done so since."""
        with self._state:
            is_present = self._work is lost
            if is_present:
                self._end_work()
            return is_present

    def _kill_for(self, work: Work) -> None:
        with self._state:
            if self._work is work and self._child:
                _log.warning("Job %s did not stop when asked; its worker is replaced.", work.job_id)
                self._child.kill()

    def _give_up(self, work: Work) -> None:
        """The job has had its time: it has failed, whatever its worker is at."""
        limit_s = self._job_limit_s or 0.0
        with self._state:
            if self._work is not work:
                return
            was_cancelled = self._grace is not None
            self._end_work()
            if self._child:
                self._child.kill()
        if was_cancelled:
            self._tell(Stopped(job_id=work.job_id))
            return
        error = TookTooLong(f"The job took longer than the {limit_s / 60:g} minutes that it may, and was ended.")
        self._tell(Failed(job_id=work.job_id, code=error.code, message=error.message, advice=error.advice, retry=error.retry))

    def _end_work(self) -> None:
        for timer in (self._grace, self._limit):
            if timer:
                timer.cancel()
        self._work = self._grace = self._limit = None
        self._state.notify_all()

    def _tell(self, message: Message) -> None:
        try:
            self._on_message(message)
        except Exception:  # noqa: BLE001 - the worker loop: without this thread no job would ever end
            _log.exception("a message of the worker could not be dealt with: %.200r", message)


def _timer(wait_s: float, action: Callable[[], None]) -> Timer:
    timer = Timer(min(wait_s, TIMEOUT_MAX), action)
    timer.daemon = True
    timer.start()
    return timer


def _log_again(line: LogLine) -> None:
    """What the worker logged, as if it had been logged here."""
    logger = logging.getLogger(line.logger)
    if logger.isEnabledFor(line.level):
        record = logger.makeRecord(line.logger, line.level, "worker", 0, "%s", (line.text,), None)
        record.exc_text = line.exception
        with job_context(line.job_id, line.stage):
            logger.handle(record)


def _log_preloaded(message: Preloaded) -> None:
    if message.error:
        _log.warning("The recogniser is not ready; the first job tries again. %s", message.error)
    else:
        _log.info("the recogniser is loaded (%.1f s)", message.took_s)
