"""The desk, the store and a worker, over whatever order of events Hypothesis can think of: every job has one outcome."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from backbeat.jobs.job import JobState, Origin
from backbeat.service.worker_messages import Finished, Stopped

STOPPED = {JobState.CANCELLED, JobState.SUPERSEDED}
TREATED = {JobState.DONE, JobState.FAILED}
OF_STATE = {"done": JobState.DONE, "failed": JobState.FAILED, "cancelled": JobState.CANCELLED}

orders = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a.wav", "b.wav"]),
        "content": st.sampled_from(["1", "2"]),
        "quantize": st.sampled_from([0, 50]),
    }
)


class DeskMachine(RuleBasedStateMachine):
    """`wanted`: by id, whether the job's last word from people was to do it (or to stop it)."""

    def __init__(self, make_bench: Callable[[Path], Any]) -> None:
        super().__init__()
        self._make_bench = make_bench

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.bench = self._make_bench(Path(self.folder.name))
        self.wanted: dict[str, bool] = {}
        self.repeats: Counter[str] = Counter()

    def teardown(self) -> None:
        if not hasattr(self, "bench"):
            return
        try:
            self.drain()
            self.check_outcomes()
        finally:
            self.bench.close()
            self.folder.cleanup()

    # People

    @rule(order=orders, over_osc=st.booleans())
    def submit(self, order: dict[str, Any], over_osc: bool) -> None:
        request = self.bench.request(**order)
        for job in self.bench.store.jobs(states=(JobState.QUEUED, JobState.RUNNING)):
            if job.path == request.path and job.identity != request.identity:
                self.wanted[job.id] = False
        submission = self.bench.submit(request, over_osc=over_osc)
        self.wanted[submission.job.id] = True
        if self.bench.job(submission.job.id).state is JobState.DONE:
            self.repeats[submission.job.id] += 1

    @rule(data=st.data(), from_outside=st.booleans())
    def cancel(self, data: st.DataObject, from_outside: bool) -> None:
        jobs = self.bench.store.jobs()
        if not jobs:
            return
        job = data.draw(st.sampled_from(sorted(jobs, key=lambda job: job.created_at)))
        if not job.state.ended:
            self.wanted[job.id] = False
        if from_outside:
            with self.bench.open_store() as other:
                other.request_cancel(job.id)
        else:
            self.bench.desk.cancel(job.id)
            self.repeats[job.id] += job.state.ended
        self.bench.desk.tick()

    @rule(order=orders)
    def delete_a_result(self, order: dict[str, Any]) -> None:
        for path in self.bench.folder.glob(f"{Path(order['name']).stem}.drums.*"):
            path.unlink()

    # The worker

    @precondition(lambda self: self.bench.worker.job_id)
    @rule()
    def finish(self) -> None:
        self.bench.finish()

    @precondition(lambda self: self.bench.worker.job_id)
    @rule(code=st.sampled_from(["engine_failed", "output", "changed"]), retry=st.booleans())
    def fail(self, code: str, retry: bool) -> None:
        job = self.bench.job(self.bench.worker.job_id)
        asked_for_again = self.bench.worker.is_asked_to_stop and self.wanted[job.id]
        if code == "changed" and job.origin is Origin.FOLDER and not asked_for_again:
            self.wanted[job.id] = False  # a newer bounce takes its place
        self.bench.fail(code=code, retry=retry)

    @precondition(lambda self: self.bench.worker.job_id)
    @rule()
    def die(self) -> None:
        self.bench.die()

    @precondition(lambda self: self.bench.worker.job_id and self.bench.worker.is_asked_to_stop)
    @rule()
    def stop_as_asked(self) -> None:
        self.bench.stopped()

    @precondition(lambda self: self.bench.worker.submitted and not self.bench.worker.job_id)
    @rule()
    def late_news(self) -> None:
        job_id, _ = self.bench.worker.submitted[-1]
        self.bench.desk.receive(Finished(job_id=job_id, outputs={}, summary={}))
        self.bench.desk.receive(Stopped(job_id=job_id))

    # Time, crashes, stops

    @rule(seconds=st.sampled_from([0.0, 4.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.bench.now_s += seconds
        self.bench.desk.tick()

    @rule(json_was_there=st.booleans())
    def kill_the_daemon(self, json_was_there: bool) -> None:
        if json_was_there and self.bench.worker.job_id:
            self.bench.write_result(self.bench.worker.submitted[-1][1])
        self.bench.restart()

    @rule()
    def stop_and_start_the_daemon(self) -> None:
        self.bench.desk.interrupt()
        self.bench.restart()

    # What holds at all times

    @invariant()
    def at_most_one_job_runs_and_the_worker_has_it(self) -> None:
        if hasattr(self, "bench"):
            running = [job.id for job in self.bench.store.running()]
            assert running == ([self.bench.worker.job_id] if self.bench.worker.job_id else [])

    # The end of the day

    def drain(self) -> None:
        """Nobody asks for anything more, and the worker does its work well."""
        for _ in range(1000):
            self.bench.desk.tick()
            if self.bench.worker.job_id:
                self.bench.finish()
            elif self.bench.store.next_due() is None:
                return
            else:
                self.bench.now_s += 10.0
        raise AssertionError("something is stuck in the line")

    def check_outcomes(self) -> None:
        jobs = {job.id: job for job in self.bench.store.jobs(limit=1000)}
        assert jobs.keys() == self.wanted.keys()
        told: dict[str, list[str]] = {job_id: [] for job_id in jobs}
        for what, job_id in self.bench.ends():
            told[job_id].append(what)
        for job_id, job in jobs.items():
            assert job.state in (TREATED if self.wanted[job_id] else {*STOPPED, JobState.DONE}), job
            history = [entry.state for entry in self.bench.store.history(job_id)]
            assert not any(a.ended and b.ended for a, b in pairwise(history)), "one outcome for each time"
            assert len(told[job_id]) == sum(state.ended for state in history) + self.repeats[job_id]
            assert OF_STATE[told[job_id][-1]] is (JobState.CANCELLED if job.state in STOPPED else job.state)


def test_whatever_happens_every_job_that_is_still_wanted_ends_once_and_nothing_is_stuck(make_bench) -> None:
    run_state_machine_as_test(
        lambda: DeskMachine(make_bench),
        settings=settings(
            max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
        ),
    )
