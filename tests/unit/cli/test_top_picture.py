from __future__ import annotations

import json
import os
from pathlib import Path

from backbeat.cli.top_picture import Picture, picture_as_json, picture_to_sections
from backbeat.jobs.job import Job, JobState, Origin
from backbeat.service.single_instance import SingleInstance, holder
from backbeat.service.workers_view import LocalView, QueueSeen, WorkerSeen
from backbeat.settings import Settings
from backbeat.values import Stage

NOW = 1_000_000.0


def job(name: str, **changes) -> Job:
    given = {
        "id": name,
        "identity": name,
        "path": Path(f"/bounces/{name}.wav"),
        "fingerprint": "",
        "out_base": Path(f"/bounces/{name}.drums"),
        "settings": Settings(),
        "state": JobState.RUNNING,
        "reason": "begun",
        "stage": None,
        "fraction": 0.0,
        "priority": 0,
        "origin": Origin.FOLDER,
        "reply_to": None,
        "attempts": 1,
        "cancel_requested": False,
        "not_before": 0.0,
        "created_at": NOW,
        "updated_at": NOW,
        "error_code": None,
        "error_message": None,
        "error_advice": None,
        "summary": {},
        **changes,
    }
    return Job(**given)


def picture(**changes) -> Picture:
    given = {
        "at": NOW,
        "daemon_pid": 77,
        "version": "1.2.3",
        "counts": {JobState.QUEUED: 3, JobState.RUNNING: 2, JobState.DONE: 40, JobState.FAILED: 1},
        "waited_s": 300.0,
        "ended": {JobState.DONE: 10},
        "running": [job("loop", stage=Stage.HITS, fraction=0.5), job("song")],
        "failures": [
            job("cover", state=JobState.FAILED, updated_at=NOW - 90, error_code="unreadable", error_message="It is no audio.")
        ],
        "workers": [WorkerSeen(name="process 78", memory_bytes=150 * 2**20)],
        "queues": [QueueSeen(name="heavy-compute", waiting=4)],
        **changes,
    }
    return Picture(**given)


def text(shown: Picture) -> str:
    return "\n".join(
        "\n".join([section.title, *("  ".join(row) for row in section.rows)]) for section in picture_to_sections(shown)
    )


def test_queue_running_jobs_workers_rate_and_failures_are_shown() -> None:
    shown = text(picture())
    assert "Backbeat 1.2.3 is running, process 77" in shown
    assert "3 waiting, the oldest for 5 min; 2 running; 40 done, 1 failed, 0 cancelled; 2.0 a minute (5 min)" in shown
    assert "heavy-compute  4 waiting" in shown
    assert "loop  hearing the hits  ##########..........   50 %  loop.wav" in shown
    assert "song  starting" in shown
    assert "process 78  -  150 MiB" in shown
    assert "cover  90 s ago  cover.wav  It is no audio." in shown


def test_a_daemon_that_is_down_or_silent_is_told() -> None:
    assert text(picture(daemon_pid=None)).startswith("The daemon is not running")
    assert text(picture(version=None)).startswith("The daemon is running, process 77, and does not answer over OSC")


def test_workers_that_cannot_be_seen_are_told_and_the_rest_is_there() -> None:
    shown = text(picture(workers=(), trouble="the broker does not answer"))
    assert "Workers: the broker does not answer" in shown
    assert "loop.wav" in shown


def test_json_says_the_same_and_is_json() -> None:
    said = json.loads(json.dumps(picture_as_json(picture())))
    assert said["daemon"] == {"running": True, "process": 77, "version": "1.2.3"}
    assert (said["jobs"]["queued"], said["oldest_waiting_s"], said["ended"]["done"]) == (3, 300.0, 10)
    assert said["running"][0] == {"job": "loop", "path": "/bounces/loop.wav", "stage": "hits", "fraction": 0.5}
    assert said["failures"][0]["code"] == "unreadable"
    assert said["workers"][0]["memory_bytes"] == 150 * 2**20


def test_whether_a_daemon_runs_is_seen_by_its_lock(tmp_path: Path) -> None:
    assert holder(tmp_path) is None
    with SingleInstance(tmp_path):
        assert holder(tmp_path) == os.getpid()
    assert holder(tmp_path) is None, "and looking takes the lock from nobody"
    with SingleInstance(tmp_path):
        pass


def test_a_process_that_is_gone_has_no_workers() -> None:
    assert list(LocalView(None).workers()) == []
    assert list(LocalView(2**22 + 1).workers()) == []
