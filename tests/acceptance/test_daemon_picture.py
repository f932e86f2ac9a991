"""The daemon draws the picture that a script or the config asks for, and says so."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

DONE_WITHIN_S = 120


@pytest.fixture(scope="module")
def running(daemon_factory) -> Iterator:
    daemon = daemon_factory("picture", watch='engine = "net"\nbeats = "net"\npicture = "png"')
    daemon.start()
    yield daemon
    daemon.close()


@pytest.fixture
def client(running, osc_factory):
    with osc_factory(running) as client:
        yield client


def test_a_bounce_into_a_folder_that_wants_pictures_has_one_after_its_midi(running, client, drum_loop_wav, wait_for):
    client.subscribe()
    shutil.copy(drum_loop_wav, running.bounces / "drawn.wav")
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    kinds = [line.split('"')[3] for line in client.heard("/backbeat/ready")]
    assert kinds == ["midi", "tempomap", "musicxml", "png", "json"]
    assert (running.bounces / "drawn.drums.png").read_bytes().startswith(b"\x89PNG")
    result = json.loads((running.bounces / "drawn.drums.json").read_bytes())
    assert result["outputs"]["png"] == str(running.bounces / "drawn.drums.png")


def test_a_script_can_ask_for_one_and_a_finished_job_can_be_drawn_later(running, client, drum_loop_wav, wait_for):
    path = running.inbox / "asked.wav"
    shutil.copy(drum_loop_wav, path)
    client.subscribe()
    client.send("/backbeat/transcribe", str(path), "engine", "net", "beats", "net", "picture", "svg")
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    drawn = running.inbox / "asked.drums.svg"
    assert any(f'"svg" "{drawn}"' in line for line in client.heard("/backbeat/ready"))

    (job,) = [job for job in running.job_list() if job["path"] == str(path)]
    later = running.folder / "later.svg"
    done = subprocess.run(
        [sys.executable, "-m", "backbeat", "plot", job["job"], "--out", str(later), "--config", str(running.config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert later.read_bytes() == drawn.read_bytes()
