"""The daemon's side of a farm: gives it the jobs of the desk and hears what becomes of them.

It keeps no state that matters: the jobs are in the daemon's store, and what the farm knows of them is in Redis. Whatever was
interrupted (the daemon, Redis, the network, a worker), it looks at each of its jobs again and has done what is missing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread

from backbeat.errors import BackbeatError
from backbeat.farm.ledger import Ledger, LedgerUnreachable, Look
from backbeat.farm.path_map import PathMap
from backbeat.farm.stage import FarmStage
from backbeat.farm.tasks import DIED, STOPPED
from backbeat.farm.workplace import Workplace
from backbeat.pipeline.request import Request
from backbeat.service.job_outcome import outcome_of
from backbeat.service.worker_messages import (
    Failed,
    Finished,
    Heard,
    Message,
    Progress,
    Stopped,
    Written,
    from_line,
    request_to_json,
)

_log = logging.getLogger(__name__)

LISTEN_S = 0.2
"""How long it waits for news before it looks for new jobs."""

UNHEARD_S = 30.0

LONGEST_PAUSE_S = 5.0
"""Between two tries to reach Redis."""

Send = Callable[[FarmStage, str, int], None]


@dataclass
class _FarmJob:
    """A job that the farm has. run: its name there. there: the request in the farm's words.

    is_sent: the farm has it. was_sent: the farm had it before Redis was lost sight of, and it may have ended since.
    """

    job_id: str
    request: Request
    there: Request
    run: str
    priority: int
    is_sent: bool = False
    was_sent: bool = False
    is_unwanted: bool = False


class FarmRunner:
    """A `JobRunner`; owns a thread, on which `on_message` is called. Only that thread talks to Redis.

    send: hands a stage to whoever is free; may raise one of `send_errors`. in_flight: how many jobs it takes at a time.
    beat_s: how often it looks after its jobs. claim_s: how long a silent worker is believed to live. patience_s: after so long
    without a taker a message is sent again, then after twice that, and so on; too many of them do no harm.
    """

    def __init__(
        self,
        on_message: Callable[[Message], None],
        *,
        ledger: Ledger,
        send: Send,
        send_errors: tuple[type[Exception], ...],
        workplace: Workplace,
        paths: PathMap,
        name: str,
        in_flight: int,
        beat_s: float,
        claim_s: float,
        max_deaths: int,
        patience_s: float = UNHEARD_S,
    ) -> None:
        self._on_message = on_message
        self._ledger = ledger
        self._send = send
        self._unreachable = (LedgerUnreachable, OSError, *send_errors)
        self._workplace = workplace
        self._paths = paths
        self._name = name
        self._in_flight = in_flight
        self._beat_s = beat_s
        self._claim_s = claim_s
        self._max_deaths = max_deaths
        self._patience_s = patience_s
        self._lock = Lock()  # guards the two below
        self._jobs: dict[str, _FarmJob] = {}
        self._is_reachable = False
        self._heard = ""  # the last event
        self._look_at_s = 0.0
        self._trouble = ""
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="farm", daemon=True)

    # What the desk calls

    @property
    def capacity(self) -> int:
        """0 while the farm cannot be reached: jobs wait in the store."""
        return self._in_flight if self._is_reachable else 0

    @property
    def pid(self) -> int | None:
        """There is no one process."""
        return None

    def start(self) -> None:
        """Look for the farm; returns at once."""
        self._thread.start()

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        there = self._paths.there(request)
        run = self._workplace.run_of(there, self._name)
        with self._lock:
            self._jobs[job_id] = _FarmJob(job_id, request, there, run, priority)

    def cancel(self, job_id: str) -> None:
        with self._lock:
            if job := self._jobs.get(job_id):
                job.is_unwanted = True

    def stop(self, timeout_s: float) -> None:
        """End the thread. The farm goes on with what it has, and the next daemon of this name hears of it."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        with contextlib.suppress(LedgerUnreachable):
            self._ledger.close()

    # Its thread

    def _run(self) -> None:
        pause_s = 0.1
        while not self._stopping.is_set():
            try:
                if not self._is_reachable:
                    self._reach()
                self._send_new()
                self._listen(LISTEN_S)
                if time.monotonic() >= self._look_at_s:
                    self._look_at_s = time.monotonic() + self._beat_s
                    self._look_after_all()
                pause_s = 0.1
            except self._unreachable as error:
                self._lose_touch(error)
                self._stopping.wait(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            except Exception:  # noqa: BLE001 - without this thread no job would ever end
                _log.exception("something went wrong with the farm; the daemon goes on trying")
                self._stopping.wait(LONGEST_PAUSE_S)

    def _reach(self) -> None:
        self._ledger.ping()
        self._heard = self._heard or self._ledger.last_event(self._name)
        # Workers that could not be heard of meanwhile have time to say that they live.
        self._look_at_s = time.monotonic() + self._claim_s
        self._is_reachable = True
        _log.info("the farm can be reached")
        self._trouble = ""

    def _lose_touch(self, error: Exception) -> None:
        self._is_reachable = False
        for job in self._all():
            # Nobody knows what Redis will know when it is back, so all is asked for again; twice does no harm.
            job.is_sent, job.was_sent = False, job.is_sent or job.was_sent
        trouble = str(error)
        if trouble != self._trouble:
            waiting = len(self._jobs)
            _log.warning("The farm cannot be reached (%s). Jobs wait until it can be; %d of them are in it.", trouble, waiting)
        self._trouble = trouble

    def _send_new(self) -> None:
        for job in self._all():
            if job.is_unwanted:
                self._take_back(job)
            elif not job.is_sent:
                self._hand_over(job)

    def _hand_over(self, job: _FarmJob) -> None:
        problem = outcome_of(job.job_id, lambda: self._workplace.bring(job.request, job.run))
        if problem is not None:
            self._end(job, problem)
            return
        answer = self._ledger.submit(
            job.run,
            daemon=self._name,
            job_id=job.job_id,
            request=json.dumps(request_to_json(job.there)),
            asked=json.dumps(request_to_json(job.request)),
            place=str(job.there.out_base),
            priority=job.priority,
            join_only=job.was_sent,
        )
        if answer.is_gone:
            self._listen(0)  # how it ended has been said in the same step; if not, Redis has forgotten it
            job.was_sent = False
        if answer.stage is None:
            return  # or another run is being stopped or writes there; asked again at the next turn
        if answer.is_waiting:
            self._send(answer.stage, job.run, job.priority)
        job.is_sent = True

    def _take_back(self, job: _FarmJob) -> None:
        state = self._ledger.cancel(job.run, self._name)
        if state in ("gone", "left"):
            self._listen(0)  # how it ended, if it ever began, has been said
        if state != "asked" and job.job_id in self._jobs:
            self._end(job, Stopped(job_id=job.job_id), is_over=state != "left")

    def _listen(self, wait_s: float) -> None:
        for event in self._ledger.events(self._name, self._heard, wait_s=wait_s):
            self._heard = event.id
            message = from_line(event.line)
            job = self._jobs.get(event.job_id)
            if job is None or message is None:
                continue  # late news
            self._receive(job, message)

    def _receive(self, job: _FarmJob, message: Message) -> None:
        match message:
            case Progress() | Heard():
                self._on_message(replace(message, job_id=job.job_id))
            case Written():
                if self._workplace.is_direct:
                    self._on_message(replace(message, job_id=job.job_id, path=job.request.output(message.kind)))
            case Finished():
                self._deliver(job, message)
            case Failed() | Stopped():
                self._end(job, replace(message, job_id=job.job_id))

    def _deliver(self, job: _FarmJob, message: Finished) -> None:
        outputs = {kind: job.request.output(kind) for kind in message.outputs}
        problem = outcome_of(job.job_id, lambda: self._workplace.fetch(job.request, job.run, tuple(outputs)))
        if problem is not None:
            self._end(job, problem)
            return
        if not self._workplace.is_direct:
            for kind, path in outputs.items():
                self._on_message(Written(job_id=job.job_id, kind=kind, path=path))
        self._end(job, replace(message, job_id=job.job_id, outputs=outputs))

    def _end(self, job: _FarmJob, message: Message, *, is_over: bool = True) -> None:
        """is_over: nobody goes on with the run, so that what it left can go; the next try of a failed one goes on from there."""
        with self._lock:
            self._jobs.pop(job.job_id, None)
        if is_over and not (isinstance(message, Failed) and message.retry):
            with contextlib.suppress(BackbeatError):
                self._workplace.clear(job.run)
        self._on_message(message)

    def _look_after_all(self) -> None:
        for job in self._all():
            if job.is_sent:
                self._look_after(job)

    def _look_after(self, job: _FarmJob) -> None:
        look = self._ledger.look(job.run, patience_s=self._patience_s, max_deaths=self._max_deaths, stopped=STOPPED, died=DIED)
        if look.state == "gone":
            self._listen(0)  # how it ended has been said in the same step; if not, Redis has forgotten it
            job.is_sent = False  # of no effect for a job that has ended
        elif look.stage is not None:
            self._send_again(job, look, look.stage)

    def _send_again(self, job: _FarmJob, look: Look, stage: FarmStage) -> None:
        if look.state == "lost":
            _log.warning("%s: the worker %s has died; its task %s is given to another", job.job_id, look.worker, stage)
        self._send(stage, job.run, look.priority)

    def _all(self) -> list[_FarmJob]:
        with self._lock:
            return list(self._jobs.values())
