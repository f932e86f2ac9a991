"""SIGKILL at moments that nobody chose: afterwards every bounce has one finished job and all of its files."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import soundfile as sf

DONE_WITHIN_S = 120
RATE_HZ = 24_000
KILLS = 3
"""A job that is interrupted five times is given up, rightly: fewer than that."""

OUTPUTS = (".mid", ".tempomap.mid", ".musicxml", ".json")


def bounce(daemon, aside: Path, number: int) -> Path:
    """One second of noise bursts, moved into the watched folder."""
    burst = np.exp(-np.arange(RATE_HZ // 4) / 400)
    samples = np.concatenate([0.5 * burst * np.random.default_rng([number, n]).uniform(-1, 1, burst.size) for n in range(4)])
    sf.write(aside / "next.wav", samples, RATE_HZ)
    return (aside / "next.wav").rename(daemon.bounces / f"loop{number}.wav")


def check_all_are_taken(daemon, paths: list[Path], wait_for) -> None:
    wait_for("they are taken", lambda: len(daemon.job_list()) == len(paths), within_s=30)


def check_all_done_once(daemon, paths: list[Path], wait_for) -> None:
    def done() -> bool:
        return {job["path"] for job in daemon.job_list() if job["state"] == "done"} == {str(path) for path in paths}

    wait_for("every bounce is done", done, within_s=DONE_WITHIN_S)
    assert len(daemon.job_list()) == len(paths), "one job each"
    expected = {path.name for path in paths} | {f"{path.stem}.drums{kind}" for path in paths for kind in OUTPUTS}
    assert {path.name for path in daemon.bounces.iterdir()} == expected, "all files, and nothing half written"


def test_a_daemon_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice(daemon, tmp_path, wait_for) -> None:
    moments = random.Random(2)
    paths: list[Path] = []
    for round_number in range(KILLS):
        daemon.start()
        paths += [bounce(daemon, tmp_path, 10 * round_number + n) for n in range(3)]
        check_all_are_taken(daemon, paths, wait_for)
        time.sleep(moments.uniform(0, 6))  # the moment is to be anywhere between loading the models and the last output
        daemon.kill()
    daemon.start()
    check_all_done_once(daemon, paths, wait_for)


def test_a_worker_that_is_killed_between_jobs_and_in_one_costs_no_bounce(daemon, tmp_path, wait_for) -> None:
    daemon.start()
    (worker,) = wait_for("there is a worker", daemon.worker_pids, within_s=30)
    os.kill(worker, signal.SIGKILL)
    paths = [bounce(daemon, tmp_path, n) for n in range(3)]
    check_all_are_taken(daemon, paths, wait_for)
    (worker,) = wait_for("there is another worker", daemon.worker_pids, within_s=30)
    os.kill(worker, signal.SIGKILL)
    check_all_done_once(daemon, paths, wait_for)
