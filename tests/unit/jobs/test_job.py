"""The words of the queue."""

from __future__ import annotations

import re

from backbeat.jobs.job import JobState, Priority, new_job_id


def test_ids_can_be_said_and_are_never_taken_for_numbers() -> None:
    ids = {new_job_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(re.fullmatch(r"[a-hjkmnp-tv-z][0-9a-hjkmnp-tv-z]{7}", job_id) for job_id in ids)


def test_only_waiting_and_running_jobs_have_not_ended() -> None:
    assert {state for state in JobState if not state.ended} == {JobState.QUEUED, JobState.RUNNING}


def test_who_waits_at_the_daw_goes_first() -> None:
    assert sorted(Priority, reverse=True) == [Priority.OSC, Priority.CLI, Priority.FOLDER, Priority.BATCH]
