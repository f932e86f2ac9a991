from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backbeat.jobs.job import Job, JobState
from backbeat.osc import Peer
from backbeat.values import OutputKind, Stage

ASKER, OTHER = Peer("127.0.0.1", 7001), Peer("127.0.0.1", 7002)


@pytest.fixture
def job(bench) -> Job:
    return bench.submit(bench.request()).job


def ended(job: Job, state: JobState, **fields: object) -> Job:
    return replace(job, state=state, summary={"bpm": 93.5, "confidence": 0.75, "hits": 12}, **fields)


def test_who_asked_hears_everything_about_the_job_and_nothing_about_others(bench, job) -> None:
    bench.announcer.listen(job.id, ASKER)
    bench.announcer.accepted(job, job.path)
    bench.announcer.progress(job.id, Stage.HITS, 0.5)
    bench.announcer.ready(job.id, OutputKind.MIDI, Path("/x/song.drums.mid"))
    bench.announcer.progress("another", Stage.HITS, 0.5)
    assert bench.socket.heard(by=ASKER) == [
        ("/backbeat/accepted", job.id, str(job.path)),
        ("/backbeat/progress", job.id, "hits", 0.5),
        ("/backbeat/ready", job.id, "midi", "/x/song.drums.mid"),
    ]
    assert len(bench.socket.heard("/backbeat/progress")) == 2, "subscribers hear of all jobs"


def test_done_names_the_files_and_what_was_found(bench, job) -> None:
    files = {OutputKind.MIDI: Path("/x/s.mid"), OutputKind.JSON: Path("/x/s.json")}
    bench.announcer.ended(ended(job, JobState.DONE), files)
    (done,) = bench.socket.heard("/backbeat/done")
    assert done == ("/backbeat/done", job.id, "/x/s.mid", "", "", "/x/s.json", 93.5, 0.75, 12)


def test_failed_says_what_happened_and_what_to_do_in_sentences(bench, job) -> None:
    fields = {"error_code": "unreadable", "error_message": "song.wav is empty", "error_advice": "Bounce it again."}
    bench.announcer.ended(ended(job, JobState.FAILED, **fields), {})
    assert bench.socket.heard("/backbeat/failed") == [
        ("/backbeat/failed", job.id, "unreadable", "song.wav is empty. Bounce it again.")
    ]


@pytest.mark.parametrize("state", [JobState.CANCELLED, JobState.SUPERSEDED])
def test_a_superseded_job_counts_as_cancelled(bench, job, state) -> None:
    bench.announcer.ended(ended(job, state), {})
    assert bench.ends() == [("cancelled", job.id)]


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_job_that_goes_back_into_the_line_has_not_ended_and_keeps_its_listeners(bench, job, state) -> None:
    bench.announcer.listen(job.id, ASKER)
    bench.announcer.ended(ended(job, state), {})
    assert bench.ends() == []
    bench.announcer.ended(ended(job, JobState.CANCELLED), {})
    assert bench.ends(by=ASKER) == [("cancelled", job.id)]


def test_after_the_end_listeners_are_forgotten(bench, job) -> None:
    bench.announcer.listen(job.id, ASKER)
    bench.announcer.ended(ended(job, JobState.CANCELLED), {})
    assert job.id not in bench.announcer.unended
    bench.socket.forget()
    bench.announcer.progress(job.id, Stage.READ, 0.0)
    assert bench.socket.heard(by=ASKER) == []


def test_several_may_listen_and_a_listener_who_also_subscribed_hears_each_message_once(bench, job) -> None:
    for peer in (ASKER, OTHER, bench.subscriber):
        bench.announcer.listen(job.id, peer)
    bench.announcer.listen(job.id, None)
    bench.announcer.progress(job.id, Stage.READ, 1.0)
    assert [len(bench.socket.heard("/backbeat/progress", by=peer)) for peer in (ASKER, OTHER, bench.subscriber)] == [1, 1, 1]
