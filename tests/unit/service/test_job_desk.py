from __future__ import annotations

import threading
from pathlib import Path

import pytest

from backbeat.errors import AudioTruncated, StoreError
from backbeat.intake.file_stamp import file_stamp
from backbeat.jobs.job import JobState, Origin, Priority
from backbeat.jobs.retry import RULES
from backbeat.osc import Peer
from backbeat.service.loop import Loop
from backbeat.service.worker_messages import Finished, Progress, Ready, Stopped, Written
from backbeat.values import OutputKind, Stage

ASKER = Peer("127.0.0.1", 7001)


def states(bench, *job_ids: str) -> list[JobState]:
    return [bench.job(job_id).state for job_id in job_ids]


# The line


def test_a_job_is_begun_at_once_and_only_one_at_a_time(bench) -> None:
    first = bench.submit(bench.request("a.wav")).job
    second = bench.submit(bench.request("b.wav")).job
    bench.desk.tick()
    assert states(bench, first.id, second.id) == [JobState.RUNNING, JobState.QUEUED]
    assert bench.worker.submitted == [(first.id, first.request)]
    bench.finish()
    assert states(bench, first.id, second.id) == [JobState.DONE, JobState.RUNNING]


def test_a_job_that_was_asked_for_over_osc_goes_before_a_folders_backlog(bench) -> None:
    backlog = [bench.submit(bench.request(f"{n}.wav")).job.id for n in range(3)]
    asked = bench.submit(bench.request("now.wav"), over_osc=True).job.id
    for _ in range(4):
        bench.finish()
    assert [job_id for job_id, _ in bench.worker.submitted] == [backlog[0], asked, *backlog[1:]]


def test_a_job_tells_its_whole_life_to_who_asked_and_to_subscribers(bench) -> None:
    request = bench.request()
    job = bench.submit(request, over_osc=True, reply_to=ASKER).job
    bench.desk.receive(Progress(job_id=job.id, stage=Stage.HITS, fraction=0.5))
    assert (bench.job(job.id).stage, bench.job(job.id).fraction) == (Stage.HITS, 0.5)
    bench.finish()
    heard = bench.socket.heard(by=ASKER)
    assert [message[0].rpartition("/")[2] for message in heard] == ["accepted", "progress", "ready", "ready", "done"]
    midi, result = str(request.output(OutputKind.MIDI)), str(request.output(OutputKind.JSON))
    assert heard[-1] == ("/backbeat/done", job.id, midi, "", "", result, 120.0, 0.75, 1)
    assert bench.socket.heard() == heard
    assert bench.job(job.id).summary == {"bpm": 120.0, "confidence": 0.75, "hits": 1}


def test_the_files_of_a_running_job_are_known_as_ours_before_they_are_announced(bench) -> None:
    request = bench.request()
    bench.submit(request)
    midi = bench.write_result(request)[OutputKind.MIDI]
    assert bench.store.is_own_output(midi, file_stamp(midi))


# The same again


def test_a_repeat_of_a_done_job_is_announced_at_once_without_work(bench) -> None:
    request = bench.request()
    job = bench.submit(request).job
    bench.finish()
    bench.socket.forget()
    again = bench.submit(request, over_osc=True, reply_to=ASKER)
    assert again.job.id == job.id
    heard = bench.socket.heard(by=ASKER)
    assert [message[0].rpartition("/")[2] for message in heard] == ["accepted", "ready", "ready", "done"]
    assert heard[-1][2] == str(request.output(OutputKind.MIDI))
    assert len(bench.worker.submitted) == 1


@pytest.mark.parametrize("kind", [OutputKind.MIDI, OutputKind.JSON])
def test_a_repeat_whose_files_are_gone_is_done_again(bench, kind) -> None:
    request = bench.request()
    job = bench.submit(request).job
    bench.finish()
    request.output(kind).unlink()
    bench.socket.forget()
    bench.submit(request, reply_to=ASKER)
    assert states(bench, job.id) == [JobState.RUNNING]
    assert bench.ends(by=ASKER) == []
    bench.finish()
    assert request.output(kind).exists()
    assert bench.ends(by=ASKER) == [("done", job.id)]


def test_a_repeat_whose_files_were_written_over_by_another_job_is_done_again(bench) -> None:
    first = bench.submit(bench.request()).job
    bench.finish()
    bench.submit(bench.request(quantize=50))
    bench.finish()
    bench.submit(bench.request())
    assert bench.current == first.id


def test_a_repeat_of_a_waiting_job_is_the_same_job_and_both_askers_hear_of_it(bench) -> None:
    other = Peer("127.0.0.1", 7002)
    bench.submit(bench.request("busy.wav"))
    first = bench.submit(bench.request(), reply_to=ASKER)
    second = bench.submit(bench.request(), reply_to=other)
    assert (second.job.id, second.is_new) == (first.job.id, False)
    bench.finish()
    bench.finish()
    assert bench.ends(by=ASKER) == bench.ends(by=other) == [("done", first.job.id)]


# A newer bounce over an old name


def test_a_newer_bounce_stops_the_job_that_runs_which_ends_superseded(bench) -> None:
    old = bench.submit(bench.request(content="1"), reply_to=ASKER).job
    new = bench.submit(bench.request(content="2")).job
    assert bench.worker.cancelled == [old.id]
    assert states(bench, old.id, new.id) == [JobState.RUNNING, JobState.QUEUED], "two jobs never write to one place at once"
    bench.stopped()
    assert states(bench, old.id, new.id) == [JobState.SUPERSEDED, JobState.RUNNING]
    assert bench.ends(by=ASKER) == [("cancelled", old.id)]


def test_a_newer_bounce_replaces_a_waiting_job(bench) -> None:
    bench.submit(bench.request("busy.wav"))
    old = bench.submit(bench.request(content="1"), reply_to=ASKER).job
    new = bench.submit(bench.request(content="2")).job
    assert states(bench, old.id, new.id) == [JobState.SUPERSEDED, JobState.QUEUED]
    assert bench.ends(by=ASKER) == [("cancelled", old.id)]
    assert bench.worker.cancelled == []


def test_a_superseded_job_that_finishes_all_the_same_is_not_announced_as_done(bench) -> None:
    old = bench.submit(bench.request(content="1")).job
    bench.submit(bench.request(content="2"))
    bench.finish()
    assert states(bench, old.id) == [JobState.SUPERSEDED]
    assert bench.ends() == [("cancelled", old.id)]


def test_the_old_version_asked_for_again_while_it_is_being_stopped_is_done_after_all(bench) -> None:
    old = bench.submit(bench.request(content="1")).job
    new = bench.submit(bench.request(content="2")).job
    bench.submit(bench.request(content="1"))
    assert states(bench, new.id) == [JobState.SUPERSEDED]
    bench.stopped()
    assert bench.current == old.id
    bench.finish()
    assert states(bench, old.id) == [JobState.DONE]


def test_a_bad_bounce_over_an_old_name_stops_what_runs_for_the_old_one(bench) -> None:
    old = bench.submit(bench.request(content="1"), reply_to=ASKER).job
    bad = bench.request(content="")
    failed = bench.desk.submit_failed(bad, AudioTruncated("cut off"), origin=Origin.FOLDER, priority=Priority.FOLDER)
    assert bench.worker.cancelled == [old.id]
    bench.stopped()
    assert states(bench, old.id, failed.id) == [JobState.SUPERSEDED, JobState.FAILED]
    assert bench.ends(by=ASKER) == [("cancelled", old.id)]


def test_a_bad_bounce_replaces_a_waiting_job_and_says_so(bench) -> None:
    bench.submit(bench.request("busy.wav"))
    old = bench.submit(bench.request(content="1"), reply_to=ASKER).job
    bad = bench.request(content="")
    bench.desk.submit_failed(bad, AudioTruncated("cut off"), origin=Origin.FOLDER, priority=Priority.FOLDER)
    assert bench.ends(by=ASKER) == [("cancelled", old.id)]


def test_two_bad_bounces_that_differ_in_their_ending_are_two_jobs(bench) -> None:
    jobs = [
        bench.desk.submit_failed(
            bench.request(name, content=""), AudioTruncated("cut off"), origin=Origin.FOLDER, priority=Priority.FOLDER
        )
        for name in ("song.wav", "song.flac", "song.wav")
    ]
    assert jobs[0].id == jobs[2].id != jobs[1].id
    assert [bench.job(job.id).path.name for job in jobs] == ["song.wav", "song.flac", "song.wav"]
    sentence = "cut off. The export was interrupted: bounce the track again."
    assert [message[1:] for message in bench.socket.heard("/backbeat/failed")] == [
        (job.id, "truncated", sentence) for job in jobs
    ]


# Cancelling


def test_a_waiting_job_is_cancelled_at_once(bench) -> None:
    bench.submit(bench.request("busy.wav"))
    job = bench.submit(bench.request(), reply_to=ASKER).job
    assert bench.desk.cancel(job.id).state is JobState.CANCELLED
    assert bench.ends(by=ASKER) == [("cancelled", job.id)]
    bench.finish()
    assert len(bench.worker.submitted) == 1, "it is never begun"


def test_a_running_job_is_asked_to_stop_once_and_has_ended_when_it_says_so(bench) -> None:
    job = bench.submit(bench.request(), reply_to=ASKER).job
    bench.desk.cancel(job.id)
    bench.desk.cancel(job.id)
    bench.desk.tick()
    assert bench.worker.cancelled == [job.id]
    assert bench.ends() == []
    bench.stopped()
    assert states(bench, job.id) == [JobState.CANCELLED]
    assert bench.ends(by=ASKER) == [("cancelled", job.id)]


def test_a_cancel_that_comes_too_late_leaves_the_job_done(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.desk.cancel(job.id)
    bench.finish()
    assert states(bench, job.id) == [JobState.DONE]
    assert bench.ends() == [("done", job.id)]


def test_cancelling_a_job_that_is_done_tells_what_it_made(bench) -> None:
    request = bench.request()
    job = bench.submit(request).job
    bench.finish()
    bench.socket.forget()
    assert bench.desk.cancel(job.id).state is JobState.DONE
    (done,) = bench.socket.heard("/backbeat/done")
    assert done[2] == str(request.output(OutputKind.MIDI))


@pytest.mark.parametrize("how", ["fail", "stopped"])
def test_cancelling_a_job_that_ended_badly_tells_how(bench, how) -> None:
    job = bench.submit(bench.request()).job
    if how == "stopped":
        bench.desk.cancel(job.id)
    getattr(bench, how)()
    ended = bench.ends()
    assert bench.desk.cancel(job.id).state.ended
    assert bench.ends() == ended * 2


def test_cancelling_a_job_that_is_not_there_is_an_error(bench) -> None:
    with pytest.raises(StoreError, match="no job"):
        bench.desk.cancel("nothing")


def test_a_cancelled_job_can_be_asked_for_again(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.desk.cancel(job.id)
    bench.stopped()
    bench.submit(bench.request())
    assert bench.current == job.id
    bench.desk.cancel(job.id)
    assert bench.worker.cancelled == [job.id, job.id], "the second run can be cancelled like the first"


def test_a_cancel_by_another_process_reaches_the_worker_at_the_next_tick(bench) -> None:
    job = bench.submit(bench.request()).job
    with bench.open_store() as other:
        other.request_cancel(job.id)
    assert bench.worker.cancelled == []
    bench.desk.tick()
    assert bench.worker.cancelled == [job.id]


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_waiting_job_that_another_process_cancels_is_announced_at_the_next_tick(bench, is_busy) -> None:
    bench.submit(bench.request("busy.wav"))
    job = bench.submit(bench.request(), reply_to=ASKER).job
    if not is_busy:
        bench.fail()
        bench.fail(code="output", retry=True)  # it waits for its next try, and the worker has nothing to do
    with bench.open_store() as other:
        other.request_cancel(job.id)
    bench.desk.tick()
    assert bench.ends(by=ASKER) == [("cancelled", job.id)]


def test_a_job_that_another_process_queues_again_is_begun_at_the_next_tick(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.fail()
    with bench.open_store() as other:
        other.retry(job.id)
    bench.desk.tick()
    assert bench.current == job.id


# Failing


def test_a_failure_that_would_repeat_itself_is_final(bench) -> None:
    job = bench.submit(bench.request(), reply_to=ASKER).job
    bench.fail(code="output", retry=False)
    failed = bench.job(job.id)
    assert (failed.state, failed.error_code, failed.error_message) == (JobState.FAILED, "output", "it broke")
    assert bench.socket.heard("/backbeat/failed", by=ASKER) == [("/backbeat/failed", job.id, "output", "it broke. mend it.")]


@pytest.mark.parametrize("code", ["output", "changed"])
def test_a_failure_that_may_pass_is_tried_again_by_the_table_and_then_final(bench, code) -> None:
    rule = RULES[code]
    job = bench.submit(bench.request(), over_osc=True).job
    for attempt in range(1, rule.max_attempts):
        bench.fail(code=code, retry=True)
        assert states(bench, job.id) == [JobState.QUEUED]
        bench.now_s += rule.delay_after(attempt) - 0.01
        bench.desk.tick()
        assert bench.worker.job_id is None, "not before its time"
        bench.now_s += 0.01
        bench.desk.tick()
        assert bench.current == job.id
    assert bench.ends() == []
    bench.fail(code=code, retry=True)
    assert bench.ends() == [("failed", job.id)]


def test_a_bounce_that_was_replaced_in_a_watched_folder_before_it_was_read_is_superseded_not_failed(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.fail(code="changed", retry=True)
    assert states(bench, job.id) == [JobState.SUPERSEDED]
    assert bench.ends() == [("cancelled", job.id)]


def test_a_failure_that_the_table_does_not_know_is_final_even_if_it_might_pass(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.fail(code="engine_failed", retry=True)
    assert states(bench, job.id) == [JobState.FAILED]


def test_a_worker_that_dies_costs_an_attempt_and_then_the_job(bench) -> None:
    rule = RULES["worker_died"]
    job = bench.submit(bench.request()).job
    other = bench.submit(bench.request("other.wav")).job
    for attempt in range(1, rule.max_attempts):
        bench.die()
        assert bench.current == other.id, "the others go on meanwhile"
        bench.now_s += rule.delay_after(attempt)
        bench.finish()
    bench.die()
    failed = bench.job(job.id)
    assert (failed.state, failed.error_code, failed.attempts) == (JobState.FAILED, "worker_died", rule.max_attempts)
    assert bench.ends() == [("done", other.id), ("failed", job.id)]
    assert "report it" in bench.socket.heard("/backbeat/failed")[0][3]


def test_a_failing_job_that_was_cancelled_or_replaced_meanwhile_is_not_tried_again(bench) -> None:
    job = bench.submit(bench.request(content="1")).job
    bench.submit(bench.request(content="2"))
    bench.die()
    assert states(bench, job.id) == [JobState.SUPERSEDED]


def test_late_news_of_a_job_that_has_ended_is_ignored(bench) -> None:
    request = bench.request("a.wav")
    ended = bench.submit(request).job
    running = bench.submit(bench.request("b.wav")).job
    bench.fail()
    before = bench.socket.heard()
    files = {OutputKind.MIDI: request.output(OutputKind.MIDI)}
    for message in (
        Progress(job_id=ended.id, stage=Stage.HITS, fraction=0.5),
        Written(job_id=ended.id, kind=OutputKind.MIDI, path=files[OutputKind.MIDI]),
        Finished(job_id=ended.id, outputs=files, summary={}),
        Stopped(job_id=ended.id),
        Ready(pid=1),
    ):
        bench.desk.receive(message)
    assert bench.socket.heard() == before
    assert states(bench, ended.id, running.id) == [JobState.FAILED, JobState.RUNNING]


# After a crash, and stopping


def test_a_job_that_was_interrupted_is_done_again_after_a_restart(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.restart()
    assert states(bench, job.id) == [JobState.QUEUED]
    bench.desk.tick()
    bench.finish()
    assert states(bench, job.id) == [JobState.DONE]
    assert bench.job(job.id).attempts == 2


def test_a_job_whose_json_was_there_when_the_daemon_was_killed_is_done_without_work(bench) -> None:
    request = bench.request()
    job = bench.submit(request, over_osc=True, reply_to=ASKER).job
    bench.write_result(request)
    bench.restart()
    bench.desk.tick()
    done = bench.job(job.id)
    assert done.state is JobState.DONE
    assert done.summary.items() >= {"bpm": 120.0, "confidence": 0.75, "hits": 2}.items()
    assert bench.worker.submitted == []
    assert set(bench.store.outputs(job.id)) == {OutputKind.MIDI, OutputKind.JSON}
    assert bench.ends(by=ASKER) == [("done", job.id)], "who asked is still told"


@pytest.mark.parametrize("flaw", ["another job's", "a file is gone", "half a JSON"])
def test_a_json_that_is_no_mark_of_this_job_does_not_count(bench, flaw) -> None:
    request = bench.request()
    job = bench.submit(request).job
    files = bench.write_result(bench.request(quantize=50) if flaw == "another job's" else request)
    if flaw == "a file is gone":
        files[OutputKind.MIDI].unlink()
    if flaw == "half a JSON":
        files[OutputKind.JSON].write_bytes(files[OutputKind.JSON].read_bytes()[:40])
    bench.restart()
    assert states(bench, job.id) == [JobState.QUEUED]


def test_a_job_that_takes_the_daemon_down_too_often_fails(bench) -> None:
    job = bench.submit(bench.request(), over_osc=True, reply_to=ASKER).job
    rule = RULES["interrupted"]
    for _ in range(rule.max_attempts - 1):
        bench.desk.receive(Progress(job_id=job.id, stage=Stage.READ, fraction=0.0))
        bench.restart()
        bench.desk.tick()
        assert bench.current == job.id
    bench.desk.receive(Progress(job_id=job.id, stage=Stage.READ, fraction=0.0))
    bench.restart()
    failed = bench.job(job.id)
    assert (failed.state, failed.error_code) == (JobState.FAILED, "interrupted")
    assert bench.ends(by=ASKER) == [("failed", job.id)]


def test_a_daemon_that_ends_while_the_models_are_loaded_is_not_laid_to_the_jobs_charge(bench) -> None:
    job = bench.submit(bench.request()).job
    for _ in range(2 * RULES["interrupted"].max_attempts):
        bench.restart()
        bench.desk.tick()
        assert bench.current == job.id


def test_a_cancel_that_the_daemon_did_not_live_to_see_holds_after_the_restart(bench) -> None:
    job = bench.submit(bench.request(), reply_to=ASKER).job
    bench.desk.cancel(job.id)
    bench.restart()
    assert states(bench, job.id) == [JobState.CANCELLED]
    assert bench.ends(by=ASKER) == [("cancelled", job.id)]


def test_who_asked_over_osc_hears_the_end_also_after_a_restart(bench) -> None:
    running = bench.submit(bench.request("a.wav"), over_osc=True, reply_to=ASKER).job
    waiting = bench.submit(bench.request("b.wav"), over_osc=True, reply_to=Peer("127.0.0.1", 7002)).job
    bench.restart()
    bench.desk.tick()
    bench.finish()
    bench.finish()
    assert bench.ends(by=ASKER) == [("done", running.id)]
    assert bench.ends(by=Peer("127.0.0.1", 7002)) == [("done", waiting.id)]


def test_stopping_the_daemon_puts_the_running_job_back_into_the_line(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.desk.interrupt()
    assert states(bench, job.id) == [JobState.QUEUED]
    bench.restart()
    bench.desk.tick()
    assert bench.current == job.id


def test_a_job_that_was_finished_just_before_the_daemon_stopped_is_done(bench) -> None:
    request = bench.request()
    job = bench.submit(request).job
    bench.write_result(request)
    bench.desk.interrupt()
    assert states(bench, job.id) == [JobState.DONE]
    assert bench.ends() == [("done", job.id)]


def test_a_job_that_the_store_cannot_take_back_when_the_daemon_stops_is_done_after_the_next_start(bench) -> None:
    job = bench.submit(bench.request()).job
    with bench.broken_store("update of state on jobs"):
        bench.desk.interrupt()
    assert states(bench, job.id) == [JobState.RUNNING]
    bench.restart()
    bench.desk.tick()
    assert bench.current == job.id


def test_stopping_an_idle_daemon_changes_nothing(bench) -> None:
    job = bench.submit(bench.request()).job
    bench.finish()
    bench.desk.interrupt()
    assert states(bench, job.id) == [JobState.DONE]


# A store that refuses for a while


def test_an_end_that_the_store_cannot_take_is_recorded_when_it_can_again(bench) -> None:
    job = bench.submit(bench.request()).job
    waiting = bench.submit(bench.request("b.wav")).job
    with bench.broken_store("update of state on jobs"):
        with pytest.raises(StoreError):
            bench.finish()
        with pytest.raises(StoreError):
            bench.desk.tick()
    assert bench.ends() == []
    bench.desk.tick()
    assert states(bench, job.id, waiting.id) == [JobState.DONE, JobState.RUNNING]
    assert bench.ends() == [("done", job.id)]


def test_a_job_whose_files_cannot_be_planned_is_begun_all_the_same(bench) -> None:
    with bench.broken_store("insert on plans"):
        job = bench.submit(bench.request()).job
    assert bench.current == job.id
    bench.finish()
    assert states(bench, job.id) == [JobState.DONE]


def test_a_store_error_in_one_action_does_not_end_the_loop(bench, caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop(tick_s=0.01)
    submitted = threading.Event()

    def ask_in_vain() -> None:
        with bench.broken_store("insert on jobs"):
            bench.submit(bench.request())

    def ask_again() -> None:
        bench.submit(bench.request())
        submitted.set()

    for action in (ask_in_vain, ask_again, loop.stop):
        loop.post(action)
    loop.run(bench.desk.tick)
    assert submitted.is_set()
    assert [request.path for _, request in bench.worker.submitted] == [Path(bench.folder / "song.wav")]
    assert "no_such_function" in caplog.text
