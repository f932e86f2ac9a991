"""What a worker does with a task: claim the stage, do it, say how it ended, and hand the run on."""

from __future__ import annotations

import json
import logging
import math
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from backbeat.errors import TookTooLong
from backbeat.farm.heartbeat import Heartbeat
from backbeat.farm.ledger import Claim, Ledger, LedgerUnreachable, patiently
from backbeat.farm.records import RunRecords
from backbeat.farm.stage import FarmStage
from backbeat.farm.stage_work import Answer, do_stage
from backbeat.farm.workplace import Workplace
from backbeat.pipeline.stage_context import StageContext, Tools
from backbeat.service.job_outcome import outcome_of
from backbeat.service.logging import job_context
from backbeat.service.worker_channel import JobHits, JobMonitor
from backbeat.service.worker_messages import Failed, Finished, Message, Stopped, Written, request_from_json, to_line
from backbeat.values import OutputKind

_log = logging.getLogger(__name__)

JOB = ""
"""The job's id in what a worker says: each daemon that hears of the run has one of its own."""

PATIENCE_S = 600.0
"""How long a worker with work done waits for Redis to be back. After that the stage is handed out again: its record is there."""

HOPELESS = frozenset({"internal", "out_of_memory", TookTooLong.code})
"""Failures that are kept in the list of dead jobs, besides those of workers that died: they say nothing about the recording."""

Send = Callable[[FarmStage, str, int], None]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class FarmWorker:
    """Does stages. send: hands one to whoever is free; may raise one of `send_errors`. name: of this computer.

    limit_s: how long a task may take before its job has failed.
    observe: hears of each task, how many seconds it took and what came of it.
    """

    ledger: Ledger
    workplace: Workplace
    tools: Tools
    send: Send
    send_errors: tuple[type[Exception], ...]
    name: str
    heartbeat_s: float
    limit_s: float = math.inf
    observe: Callable[[str, float, object], object] = lambda _task, _took_s, _ending: None

    def do(self, stage: FarmStage, run: str) -> None:
        """Do it, unless somebody else does or has, or it is not wanted any more."""
        worker = f"{self.name}:{os.getpid()}"
        token = secrets.token_hex(8)  # one for all tries: the answer to the first may have been lost on its way
        claim = self._patiently(lambda: self.ledger.claim(run, stage, token, worker))
        if claim is None:
            _log.info("%s of %.12s is done, taken, or not wanted any more", stage, run)
            return
        with job_context(run[:12]):
            began = time.monotonic()
            too_long = self._too_long()
            give_up = partial(self._finish, claim, too_long, self.limit_s)
            with Heartbeat(self.ledger, claim, self.heartbeat_s, limit_s=self.limit_s, on_late=give_up) as heartbeat:
                answer = self._work(stage, claim, heartbeat)
            took_s = time.monotonic() - began
            if heartbeat.is_late:
                answer = too_long
                _log.warning("%s: %s", stage, too_long.message)
            elif heartbeat.is_lost:
                _log.warning("%s: this worker was silent for too long, and what it did does not count", stage)
            elif isinstance(answer, FarmStage):
                self._hand_on(claim, answer, took_s)
            else:
                self._end(claim, answer, took_s)
            self.observe(stage.value, took_s, answer)
            _log.info("%s: %.2f s", stage, took_s)

    def _work(self, stage: FarmStage, claim: Claim, heartbeat: Heartbeat) -> FarmStage | Message:
        """The next stage, or how the job ended."""
        channel = _Channel(self.ledger, claim)
        asked = request_from_json(json.loads(claim.asked))

        def announce(kind: OutputKind, _path: Path) -> None:
            channel.send(Written(job_id=JOB, kind=kind, path=asked.output(kind)))

        def work() -> Answer:
            with self.workplace.at(request_from_json(json.loads(claim.request)), claim.run, stage) as request:
                context = StageContext(
                    request=request,
                    asked=asked,
                    tools=self.tools,
                    monitor=JobMonitor(JOB, channel, heartbeat),
                    announce=announce,
                    tell=JobHits(JOB, channel).tell,
                )
                return do_stage(stage, context, RunRecords(self.workplace.storage, claim.run))

        answer = outcome_of(JOB, work)
        if isinstance(answer, Finished):
            return replace(answer, outputs={kind: asked.output(kind) for kind in answer.outputs})
        return answer

    def _hand_on(self, claim: Claim, stage: FarmStage, took_s: float) -> None:
        if self._patiently(lambda: self.ledger.advance(claim, stage, took_s)):
            self._patiently(lambda: self.send(stage, claim.run, claim.priority))

    def _end(self, claim: Claim, message: Message, took_s: float) -> None:
        """Tell all who wait. The records go first: after the end of its run nobody would know of them."""
        if not (isinstance(message, Failed) and message.retry):  # the next try goes on from them
            RunRecords(self.workplace.storage, claim.run).remove()
        self._patiently(lambda: self._finish(claim, message, took_s))

    def _finish(self, claim: Claim, message: Message, took_s: float) -> bool:
        is_dead = isinstance(message, Failed) and message.code in HOPELESS
        return self.ledger.finish(claim, to_line(message), took_s, type(message).__name__.lower(), is_dead=is_dead)

    def _too_long(self) -> Failed:
        error = TookTooLong(f"A task of the job took longer than the {self.limit_s / 60:g} minutes that it may, and was ended.")
        return Failed(job_id=JOB, code=error.code, message=error.message, advice=error.advice, retry=error.retry)

    def _patiently(self, action: Callable[[], T]) -> T:
        return patiently(action, for_s=PATIENCE_S, errors=(LedgerUnreachable, *self.send_errors))


@dataclass(frozen=True)
class _Channel:
    """What a job says on its way. Progress that cannot be told is lost; the end is told for certain."""

    ledger: Ledger
    claim: Claim

    def send(self, message: Message) -> None:
        try:
            self.ledger.tell(self.claim, to_line(message))
        except LedgerUnreachable as error:
            _log.debug("not told: %s", error)


STOPPED = to_line(Stopped(job_id=JOB))
"""What is heard of a run that was cancelled when its worker had died."""

DIED = to_line(
    Failed(
        job_id=JOB,
        code="worker_died",
        message="Every worker that took this recording ended in the middle of it.",
        advice="Look at the workers' logs (memory?), then run `backbeat farm dead --retry`.",
        retry=False,
    )
)
"""What is heard of a run that no worker survives."""
