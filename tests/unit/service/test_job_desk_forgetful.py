"""A store that has forgotten what was done, or refuses to write for a while: the result that lies there counts."""

from __future__ import annotations

from backbeat.jobs.job import JobState
from backbeat.service.worker_messages import Progress, Written
from backbeat.values import OutputKind, Stage


def test_a_job_whose_whole_result_lies_there_is_done_without_work(bench) -> None:
    request = bench.request()
    bench.write_result(request)  # by a daemon whose store was lost
    job = bench.submit(request).job
    bench.desk.tick()
    assert bench.worker.submitted == []
    assert bench.job(job.id).state is JobState.DONE
    assert bench.ends() == [("done", job.id)]


def test_a_result_that_is_not_whole_is_made_again(bench) -> None:
    request = bench.request()
    bench.write_result(request)[OutputKind.MIDI].unlink()
    job = bench.submit(request).job
    assert [job_id for job_id, _ in bench.worker.submitted] == [job.id]


def test_while_the_store_refuses_to_write_progress_and_files_are_announced_all_the_same(bench) -> None:
    job = bench.submit(bench.request()).job
    (_, request), *_ = bench.worker.submitted
    files = bench.write_result(request)
    with bench.broken_store("update of stage on jobs"):
        bench.desk.receive(Progress(job_id=job.id, stage=Stage.BEATS, fraction=0.5))
    with bench.broken_store("insert on outputs"):
        bench.desk.receive(Written(job_id=job.id, kind=OutputKind.MIDI, path=files[OutputKind.MIDI]))
    assert [message[2:] for message in bench.socket.heard("/backbeat/progress")] == [("beats", 0.5)]
    assert [message[2] for message in bench.socket.heard("/backbeat/ready")] == ["midi"]
