"""What is done with every finished job hears of each once, and of no other."""

from __future__ import annotations

from backbeat.values import OutputKind

FILES = sorted([OutputKind.MIDI, OutputKind.JSON])


def test_a_done_job_and_a_repeat_of_it_are_heard_of_with_their_files(bench) -> None:
    request = bench.request()
    job = bench.submit(request).job
    assert bench.done == []
    bench.finish()
    assert bench.done == [(job.id, FILES)]
    bench.submit(request)
    assert bench.done == [(job.id, FILES)] * 2


def test_jobs_that_failed_or_were_cancelled_are_not_heard_of(bench) -> None:
    bench.submit(bench.request("a.wav"))
    bench.fail()
    cancelled = bench.submit(bench.request("b.wav")).job
    bench.desk.cancel(cancelled.id)
    bench.stopped()
    assert bench.done == []
