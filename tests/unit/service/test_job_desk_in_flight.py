"""A runner with room for several jobs, as a farm is."""

from __future__ import annotations

from backbeat.jobs.job import JobState
from backbeat.pipeline.request import Request
from backbeat.service.announcer import Announcer
from backbeat.service.job_desk import JobDesk
from backbeat.service.worker_messages import Failed, Finished, Stopped


class RoomyRunner:
    """Notes what it is asked."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.submitted: list[tuple[str, int]] = []
        self.cancelled: list[str] = []

    def submit(self, job_id: str, request: Request, *, priority: int = 0) -> None:
        self.submitted.append((job_id, priority))

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


def desk_of(bench, runner: RoomyRunner) -> JobDesk:
    bench.worker = runner
    bench.desk = JobDesk(bench.store, runner, Announcer(bench.sender), clock=lambda: bench.now_s)
    return bench.desk


def states(bench, jobs) -> list[JobState]:
    return [bench.job(job.id).state for job in jobs]


def finish(bench, job) -> None:
    outputs = bench.write_result(job.request)
    summary = {"bpm": 120.0, "confidence": 0.5, "hits": 1}
    bench.desk.receive(Finished(job_id=job.id, outputs=outputs, summary=summary))


def test_as_many_jobs_run_as_there_is_room_for_and_the_rest_waits(bench) -> None:
    desk_of(bench, RoomyRunner(3))
    jobs = [bench.submit(bench.request(f"{n}.wav")).job for n in range(5)]
    assert states(bench, jobs) == [JobState.RUNNING] * 3 + [JobState.QUEUED] * 2
    finish(bench, jobs[1])
    assert states(bench, jobs) == [JobState.RUNNING, JobState.DONE, JobState.RUNNING, JobState.RUNNING, JobState.QUEUED]


def test_the_end_of_one_says_nothing_about_the_others(bench) -> None:
    desk_of(bench, RoomyRunner(3))
    jobs = [bench.submit(bench.request(f"{n}.wav")).job for n in range(3)]
    bench.desk.receive(Failed(job_id=jobs[0].id, code="engine_failed", message="no", advice="", retry=False))
    bench.desk.cancel(jobs[1].id)
    assert bench.worker.cancelled == [jobs[1].id]
    bench.desk.receive(Stopped(job_id=jobs[1].id))
    finish(bench, jobs[2])
    assert states(bench, jobs) == [JobState.FAILED, JobState.CANCELLED, JobState.DONE]


def test_a_runner_without_room_lets_jobs_wait_until_it_has_some(bench) -> None:
    runner = RoomyRunner(0)
    desk = desk_of(bench, runner)
    job = bench.submit(bench.request()).job
    assert states(bench, [job]) == [JobState.QUEUED]
    runner.capacity = 1
    desk.tick()
    assert states(bench, [job]) == [JobState.RUNNING]


def test_two_jobs_for_one_place_never_run_at_once(bench) -> None:
    desk_of(bench, RoomyRunner(4))
    old = bench.submit(bench.request(content="1")).job
    new = bench.submit(bench.request(content="2")).job
    assert states(bench, [old, new]) == [JobState.RUNNING, JobState.QUEUED]
    bench.desk.receive(Stopped(job_id=old.id))
    assert states(bench, [old, new]) == [JobState.SUPERSEDED, JobState.RUNNING]


def test_the_runner_hears_how_urgent_a_job_is(bench) -> None:
    desk_of(bench, RoomyRunner(4))
    bench.submit(bench.request("a.wav"))
    bench.submit(bench.request("b.wav"), over_osc=True)
    (_, folder), (_, osc) = bench.worker.submitted
    assert osc > folder


def test_all_that_run_go_back_into_the_line_when_the_daemon_is_stopped(bench) -> None:
    desk_of(bench, RoomyRunner(4))
    jobs = [bench.submit(bench.request(f"{n}.wav")).job for n in range(3)]
    bench.write_result(jobs[2].request)
    bench.desk.interrupt()
    assert states(bench, jobs) == [JobState.QUEUED, JobState.QUEUED, JobState.DONE]
