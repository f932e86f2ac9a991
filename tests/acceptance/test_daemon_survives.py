"""Power cuts, crashes and stops: every bounce ends with one result, and nothing is left half written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

DONE_WITHIN_S = 120


def the_job(daemon, path: Path) -> dict:
    (job,) = [job for job in daemon.job_list() if Path(job["path"]) == path]
    return job


def is_being_heard(daemon, path: Path) -> bool:
    """In the middle of its work: begun, and nothing written yet. Single stages may be over before one looks."""
    own = [job for job in daemon.job_list() if Path(job["path"]) == path]
    return any(job["state"] == "running" and job["stage"] not in {"midi", "notation"} for job in own)


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_daemon_killed_in_the_middle_of_a_job_does_it_once_after_the_restart(daemon, shared, wait_for):
    bounce = daemon.bounces / "Britpop.flac"
    daemon.start()
    shutil.copy(shared / "eval" / "dev" / "drum" / "Britpop.flac", bounce)
    wait_for("the job is being heard", lambda: is_being_heard(daemon, bounce), within_s=DONE_WITHIN_S)
    workers = daemon.worker_pids()
    daemon.kill()
    for pid in workers:
        wait_for("the worker ends with its daemon", lambda pid=pid: has_ended(pid), within_s=10)
    assert not (daemon.bounces / "Britpop.drums.json").exists()

    daemon.start()
    wait_for("it is done", lambda: the_job(daemon, bounce)["state"] == "done", within_s=DONE_WITHIN_S)
    assert the_job(daemon, bounce)["attempts"] == 2
    names = sorted(path.name for path in daemon.bounces.iterdir())
    assert names == [
        "Britpop.drums.json",
        "Britpop.drums.mid",
        "Britpop.drums.musicxml",
        "Britpop.drums.tempomap.mid",
        "Britpop.flac",
    ]


def test_a_killed_worker_costs_one_attempt_and_not_the_daemon(daemon, shared, wait_for):
    bounce = daemon.bounces / "Shadows.flac"
    daemon.start()
    shutil.copy(shared / "eval" / "dev" / "drum" / "Shadows.flac", bounce)
    wait_for("the job is being heard", lambda: is_being_heard(daemon, bounce), within_s=DONE_WITHIN_S)
    for pid in daemon.worker_pids():
        os.kill(pid, signal.SIGKILL)
    wait_for("it is done", lambda: the_job(daemon, bounce)["state"] == "done", within_s=DONE_WITHIN_S)
    assert the_job(daemon, bounce)["attempts"] == 2
    assert daemon.process.poll() is None


def test_sigterm_ends_everything_in_time_and_the_job_goes_on_next_time(daemon, shared, wait_for):
    bounce = daemon.bounces / "Rockabilly.flac"
    daemon.start()
    shutil.copy(shared / "eval" / "dev" / "drum" / "Rockabilly.flac", bounce)
    wait_for("the job is being heard", lambda: is_being_heard(daemon, bounce), within_s=DONE_WITHIN_S)
    workers = daemon.worker_pids()
    daemon.process.send_signal(signal.SIGTERM)
    assert daemon.process.wait(10) == 0, "stop_timeout_s is 5"
    assert all(has_ended(pid) for pid in workers)
    assert the_job(daemon, bounce)["state"] == "queued"
    daemon.start()
    wait_for("it is done", lambda: the_job(daemon, bounce)["state"] == "done", within_s=DONE_WITHIN_S)


def test_what_arrived_while_the_daemon_was_down_is_taken_but_not_what_was_there_before_it(daemon, drum_loop_wav, wait_for):
    old, new = daemon.bounces / "old.wav", daemon.bounces / "new.wav"
    shutil.copy(drum_loop_wav, old)
    past = time.time() - 3600
    os.utime(old, (past, past))
    daemon.start()
    wait_for("the folder is known", lambda: "watching" in daemon.log.read_text(), within_s=10)
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.wait(10)
    shutil.copy(drum_loop_wav, new)
    daemon.start()
    wait_for("the new one is done", (daemon.bounces / "new.drums.json").exists, within_s=DONE_WITHIN_S)
    assert [Path(job["path"]).name for job in daemon.job_list()] == ["new.wav"]


def test_a_second_daemon_on_the_same_data_folder_says_so_and_ends(daemon):
    daemon.start()
    second = subprocess.run(
        [*daemon.process.args], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )
    assert second.returncode == 3
    assert str(daemon.process.pid) in second.stderr
    assert daemon.ask("/backbeat/ping")[0] == "/backbeat/pong"
