"""Hits of a job while the real daemon works on it: to subscribers, to who asks, and played."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

WITHIN_S = 120
SECONDS = 150.0


@pytest.fixture
def start(daemon) -> Callable[..., Any]:
    """Start the daemon with the recogniser `net`, which hears chunk by chunk, and more lines in its section `osc`."""

    def begin(osc: str = "") -> Any:
        text = daemon.config.read_text("utf-8").replace("[osc]\n", f"[osc]\n{osc}\n")
        text = text.replace('"annoteator"', '"net"').replace('"librosa"', '"none"')
        daemon.config.write_text(text, "utf-8")
        daemon.start()
        return daemon

    return begin


@pytest.fixture
def long_loop(audio_files, tmp_path: Path) -> Path:
    """Five chunks of what the recogniser hears at once."""
    loop = audio_files.drum_loop().samples
    samples = np.resize(loop, int(SECONDS * 44_100))
    path = tmp_path / "long.wav"
    sf.write(path, samples, 44_100, subtype="PCM_16")
    return path


def numbered(said: list[str], address: str) -> list[int]:
    return [number for number, line in enumerate(said) if line.startswith(f"{address} ")]


def hits_of(said: list[str]) -> list[tuple[float, str, int]]:
    """Time, instrument, velocity, of the lines that are hits."""
    words = [line.split() for line in said if line.startswith("/backbeat/hit ")]
    return [(float(word[3]), word[4].strip('"'), int(word[6])) for word in words]


def hits_in(result: Path) -> list[tuple[float, str, int]]:
    rows = json.loads(result.read_bytes())["hits"]
    return [(pytest.approx(row["time"], abs=2e-5), row["instrument"], row["midi_velocity"]) for row in rows]


def test_all_who_listen_get_every_hit_once_and_before_the_job_is_done_also_when_another_listener_goes(
    start, osc_factory: Callable, long_loop: Path, wait_for
) -> None:
    following = start("as_you_go = true")
    path = following.inbox / "long.wav"
    long_loop.rename(path)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(osc_factory(following, "first"))
        second = stack.enter_context(osc_factory(following, "second"))
        gone = stack.enter_context(osc_factory(following, "gone"))
        for client in (first, second, gone):
            client.subscribe()
        gone.close()
        first.send("/backbeat/transcribe", str(path))
        for client in (first, second):
            wait_for("done", lambda client=client: client.heard("/backbeat/done"), within_s=WITHIN_S)
            said = client.said()
            assert hits_of(said) == hits_in(following.inbox / "long.drums.json")
            hits = numbered(said, "/backbeat/hit")
            assert len(hits) > 800
            assert hits[0] < numbered(said, "/backbeat/ready")[0], "while it is still being heard"
            assert hits[-1] < numbered(said, "/backbeat/done")[0]


def test_a_job_that_waits_is_played_as_it_is_heard_in_order_and_until_it_is_stopped(
    start, osc_factory: Callable, long_loop: Path, drum_loop_wav: Path, wait_for
) -> None:
    daemon = start()
    before, path = daemon.inbox / "before.wav", daemon.inbox / "song.wav"
    long_loop.rename(before)
    drum_loop_wav.rename(path)
    with osc_factory(daemon) as client:
        client.subscribe()
        client.send("/backbeat/transcribe", str(before))
        client.send("/backbeat/transcribe", str(path))
        accepted = wait_for("accepted", lambda: client.heard("/backbeat/accepted")[1:], within_s=WITHIN_S)[0]
        job = accepted.split('"')[1]
        client.send("/backbeat/play", job)
        wait_for("some hits", lambda: len(client.heard("/backbeat/hit")) >= 6, within_s=WITHIN_S)
        client.send("/backbeat/stop")
        wait_for("done", lambda: client.heard("/backbeat/done")[1:], within_s=WITHIN_S)
        played = hits_of(client.said())
    assert played == hits_in(daemon.inbox / "song.drums.json")[: len(played)]
    assert len(played) < 40, "it was stopped"
