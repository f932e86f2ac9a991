"""The queue against a model of it, over whatever order of events Hypothesis can think of."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from backbeat.errors import AudioTruncated, StoreError
from backbeat.jobs.job import JobState, Origin, Priority
from backbeat.jobs.retry import LONGEST_DELAY_S
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.settings import Settings
from backbeat.values import Stage

QUEUED, RUNNING, DONE, FAILED, CANCELLED, SUPERSEDED = JobState
ENDED = {DONE, FAILED, CANCELLED, SUPERSEDED}
ALLOWED = (
    {(QUEUED, RUNNING), (QUEUED, CANCELLED), (QUEUED, SUPERSEDED), (FAILED, FAILED)}
    | {(RUNNING, state) for state in (QUEUED, *ENDED)}
    | {(state, QUEUED) for state in ENDED}
)

requests = st.builds(
    lambda name, version, quantize: Request(
        path=Path(f"/bounces/{name}"),
        fingerprint=f"{name}-{version}",
        out_base=Path(f"/bounces/{Path(name).stem}.drums"),
        settings=Settings(quantize=quantize),
    ),
    st.sampled_from(["a.wav", "a.flac", "b.wav"]),
    st.integers(1, 2),
    st.sampled_from([0, 50]),
)


@dataclass
class Expected:
    """What the model thinks of one job."""

    request: Request
    priority: int
    position: int
    state: JobState = QUEUED
    cancel_to: JobState | None = None
    attempts: int = 0
    not_before: float = 0.0
    updated_at: float = 0.0
    states: list[JobState] = field(default_factory=list)


class StoreMachine(RuleBasedStateMachine):
    ids = Bundle("ids")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.now = 1_000_000.0
        self.store = self.open_store()
        self.model: dict[str, Expected] = {}
        self.line = 0

    def open_store(self) -> Store:
        return Store(Path(self.folder.name) / "jobs.db", clock=lambda: self.now)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    def move(self, job: Expected, state: JobState, *, fresh: bool = False, not_before: float = 0.0) -> None:
        job.state, job.cancel_to, job.not_before, job.updated_at = state, None, not_before, self.now
        job.states.append(state)
        if fresh:
            job.attempts = 0
            job.position = self.next_position()

    def next_position(self) -> int:
        self.line += 1
        return self.line

    def supersede_older(self, request: Request) -> None:
        for job in self.model.values():
            same_place = (job.request.path, job.request.out_base) == (request.path, request.out_base)
            if same_place and job.request.identity != request.identity:
                if job.state is QUEUED:
                    self.move(job, SUPERSEDED)
                elif job.state is RUNNING:
                    job.cancel_to, job.updated_at = SUPERSEDED, self.now

    def known(self, request: Request) -> str | None:
        return next((key for key, job in self.model.items() if job.request.identity == request.identity), None)

    @rule(target=ids, request=requests, priority=st.sampled_from(Priority))
    def submit(self, request: Request, priority: Priority) -> str:
        self.supersede_older(request)
        key = self.known(request)
        answer = self.store.submit(request, origin=Origin.OSC, priority=priority)
        if key is None:
            assert answer.is_new
            key = answer.job.id
            assert key not in self.model
            self.model[key] = Expected(request, priority, self.next_position(), updated_at=self.now, states=[QUEUED])
            return key
        job = self.model[key]
        assert answer.job.id == key
        assert answer.is_new == (job.state in ENDED - {DONE})
        job.priority = priority if job.state in ENDED else max(priority, job.priority)
        job.not_before = min(job.not_before, self.now)
        job.updated_at = self.now
        if answer.is_new:
            self.move(job, QUEUED, fresh=True)
        elif job.cancel_to:
            job.cancel_to = QUEUED
        return key

    @rule(target=ids, request=requests)
    def submit_failed(self, request: Request) -> str:
        request = Request(path=request.path, fingerprint="", out_base=request.out_base, settings=request.settings)
        self.supersede_older(request)
        key = self.known(request)
        answer = self.store.submit_failed(request, AudioTruncated("cut off"), origin=Origin.FOLDER).job
        assert answer.error_code == "truncated"
        if key is None:
            key = answer.id
            position = self.next_position()
            self.model[key] = Expected(request, 0, position, state=FAILED, updated_at=self.now, states=[FAILED])
        elif self.model[key].state not in (QUEUED, RUNNING):
            self.move(self.model[key], FAILED)
        return key

    @rule()
    def claim(self) -> None:
        busy = {job.request.out_base for job in self.model.values() if job.state is RUNNING}
        due = [
            (-job.priority, job.position, key)
            for key, job in self.model.items()
            if job.state is QUEUED
            and (job.not_before <= self.now or job.not_before > self.now + LONGEST_DELAY_S)
            and job.request.out_base not in busy
        ]
        claimed = self.store.claim()
        assert (claimed.id if claimed else None) == (min(due)[2] if due else None)
        if claimed:
            job = self.model[claimed.id]
            job.attempts += 1
            self.move(job, RUNNING)
            assert claimed.request == job.request

    def end(self, key: str, wanted: JobState, not_before: float = 0.0) -> None:
        job = self.model[key]
        call = {
            DONE: lambda: self.store.finish(key, {}, {"hits": 3}),
            FAILED: lambda: self.store.fail(key, "engine_failed", "it broke", "mend it"),
            QUEUED: lambda: self.store.retry_later(key, "once more", not_before),
            CANCELLED: lambda: self.store.end_cancelled(key),
        }[wanted]
        if job.state is not RUNNING:
            with pytest.raises(StoreError, match="not running"):
                call()
            return
        told = job.cancel_to
        state = wanted if told is None or (wanted is DONE and told is not SUPERSEDED) else told
        answer = call()
        if state is wanted:
            self.move(job, state, not_before=not_before)
        else:
            self.move(job, state, fresh=state is QUEUED)
        assert answer.state is state
        assert (answer.error_code == "engine_failed") == (state is FAILED)
        assert (answer.summary == {"hits": 3}) == (state is DONE)

    @rule(key=ids, wanted=st.sampled_from([DONE, FAILED, CANCELLED]))
    def end_of_work(self, key: str, wanted: JobState) -> None:
        if key in self.model:
            self.end(key, wanted)

    @rule(key=ids, delay_s=st.sampled_from([0.0, 60.0]))
    def retry_later(self, key: str, delay_s: float) -> None:
        if key in self.model:
            self.end(key, QUEUED, self.now + delay_s)

    @rule(key=ids)
    def request_cancel(self, key: str) -> None:
        if key not in self.model:
            with pytest.raises(StoreError, match="no job"):
                self.store.request_cancel(key)
            return
        job = self.model[key]
        answer = self.store.request_cancel(key)
        if job.state is QUEUED:
            self.move(job, CANCELLED)
        elif job.state is RUNNING and job.cancel_to is not SUPERSEDED:
            job.cancel_to, job.updated_at = CANCELLED, self.now
        assert answer.state is job.state

    @rule(key=ids)
    def retry(self, key: str) -> None:
        if key not in self.model:
            return
        job = self.model[key]
        if job.state in (FAILED, CANCELLED) and job.request.fingerprint:
            self.store.retry(key)
            self.move(job, QUEUED, fresh=True)
        else:
            with pytest.raises(StoreError):
                self.store.retry(key)

    @rule(key=ids)
    def requeue(self, key: str) -> None:
        if key not in self.model:
            return
        job = self.model[key]
        if job.state in ENDED and job.request.fingerprint:
            self.store.requeue(key, "its files are gone")
            self.move(job, QUEUED, fresh=True)
        else:
            with pytest.raises(StoreError):
                self.store.requeue(key, "its files are gone")

    @rule(key=ids, fraction=st.floats(0, 1))
    def progress(self, key: str, fraction: float) -> None:
        self.store.progress(key, Stage.BEATS, fraction)
        job = self.store.job(key)
        if job and job.state is RUNNING:
            assert (job.stage, job.fraction) == (Stage.BEATS, fraction)
            self.model[key].updated_at = self.now

    @rule(seconds=st.sampled_from([1.0, 30.0, 90.0, -10_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.open_store()

    @rule(target=ids, key=consumes(ids), older_than_s=st.sampled_from([0.0, 45.0]))
    def prune(self, key: str, older_than_s: float) -> object:
        old = {k for k, job in self.model.items() if job.state in ENDED and job.updated_at < self.now - older_than_s}
        assert set(self.store.prune(older_than_s)) == old
        for gone in old:
            del self.model[gone]
        return multiple() if key in old else key

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        if not hasattr(self, "store"):
            return
        jobs = {job.id: job for job in self.store.jobs(limit=1000)}
        assert jobs.keys() == self.model.keys()
        for key, expected in self.model.items():
            job = jobs[key]
            assert job.state is expected.state
            assert job.cancel_requested == (expected.cancel_to is not None)
            assert (job.priority, job.attempts) == (expected.priority, expected.attempts)
        counts = self.store.counts()
        assert sum(counts.values()) == len(jobs)
        assert set(self.store.cancel_requests()) == {k for k, job in self.model.items() if job.cancel_to}
        assert {job.id for job in self.store.running()} == {k for k, job in self.model.items() if job.state is RUNNING}

    @invariant()
    def history_ends_in_the_state_and_every_step_is_allowed(self) -> None:
        for key, expected in getattr(self, "model", {}).items():
            states = [entry.state for entry in self.store.history(key)]
            assert states == expected.states
            assert states[-1] is expected.state
            assert all(step in ALLOWED for step in pairwise(states))

    @invariant()
    def nothing_is_done_twice_at_once(self) -> None:
        jobs = self.store.jobs(limit=1000) if hasattr(self, "store") else []
        active = [job.identity for job in jobs if not job.state.ended]
        places = [job.out_base for job in jobs if job.state is RUNNING]
        assert len(active) == len(set(active))
        assert len(places) == len(set(places))


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=50, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
