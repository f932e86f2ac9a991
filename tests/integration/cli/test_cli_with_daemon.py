"""A daemon with metrics and a JSON log: the figures over HTTP, `backbeat top`, `backbeat batch --daemon`, and every log line."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from prometheus_client.parser import text_string_to_metric_families


def until(probe: Callable[[], object], within_s: float = 180.0) -> object:
    deadline = time.monotonic() + within_s
    while not (answer := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return answer


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    def __init__(self, home: Path) -> None:
        self.bounces = home / "bounces"
        self.bounces.mkdir()
        self.port = free_port(socket.SOCK_STREAM)
        self.log = home / "daemon.log"
        (home / "config.toml").write_text(
            f"""
            [transcribe]
            pdf = "none"
            beats = "none"
            [[watch]]
            path = '{self.bounces}'
            settle_s = 0.2
            [jobs]
            data_folder = 'data'
            [osc]
            port = {free_port(socket.SOCK_DGRAM)}
            [midi]
            virtual = false
            [log]
            json = true
            [metrics]
            enabled = true
            port = {self.port}
            """,
            "utf-8",
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "backbeat", "run"], stdout=log, stderr=log, cwd=home / "here")
        until(lambda: "is running" in self.log.read_text("utf-8"))

    def figures(self) -> dict[str, float]:
        """Samples by name and labels, such as `backbeat_jobs{state=done}`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            text = answer.read().decode("utf-8")
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    made = Daemon(home)
    yield made
    made.process.send_signal(signal.SIGTERM)
    assert made.process.wait(30) == 0


def test_a_daemon_gives_its_figures_says_what_it_does_and_does_a_batch(
    daemon: Daemon, home: Path, audio_files: ModuleType, backbeat: Callable
) -> None:
    samples = audio_files.drum_loop(bars=1).samples
    audio_files.write_sound(daemon.bounces / "bounce.wav", samples, subtype="PCM_16")
    (daemon.bounces / "text.wav").write_text("not a recording")
    until(lambda: daemon.figures().get("backbeat_jobs{state=done}") == 1)
    until(lambda: daemon.figures().get("backbeat_jobs{state=failed}") == 1)

    library = home / "library"
    library.mkdir()
    for number in range(3):
        audio_files.write_sound(library / f"{number}.wav", samples[number * 100 :], subtype="PCM_16")
    done = backbeat("batch", str(library), "--daemon", "--out", str(home / "out"), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["done"] == 3
    assert len(list((home / "out").glob("*.drums.json"))) == 3

    worker = json.loads(backbeat("top", "--json", "--once").stdout)["workers"][0]["name"].removeprefix("process ")
    os.kill(int(worker), signal.SIGKILL)
    until(lambda: daemon.figures()["backbeat_worker_starts_total"] == 2)
    figures = daemon.figures()
    assert figures["backbeat_job_attempts_total{error_code=,outcome=done}"] == 4
    assert figures["backbeat_watch_bounces_total{outcome=complete}"] == 1
    assert figures["backbeat_watch_bounces_total{outcome=bad}"] == 1
    assert figures["backbeat_worker_deaths_total"] == 1
    assert figures["backbeat_stage_duration_seconds_count{stage=hits}"] == 4
    assert figures["backbeat_job_realtime_ratio_count"] == 4
    assert figures["backbeat_audio_seconds_total"] == pytest.approx(4 * len(samples) / 44_100, rel=0.01)
    assert figures["backbeat_hits_total"] > 4
    assert figures["backbeat_oldest_waiting_job_age_seconds"] == 0
    assert figures["backbeat_osc_messages_total{outcome=taken}"] >= 1, "top asked whether it is there"
    assert figures["backbeat_osc_messages_total{outcome=dropped}"] == 0
    assert figures["process_resident_memory_bytes"] > 10e6
    assert any(name.startswith("backbeat_build_info{") for name in figures)

    told = backbeat("top", "--once")
    assert re.match(r"Backbeat [\d.]+ is running, process \d+", told.stdout)
    assert "0 waiting; 0 running; 4 done, 1 failed" in told.stdout
    assert "text.wav" in told.stdout
    assert "text.wav is not audio" in told.stdout

    lines = daemon.lines()
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    jobs = {line["job"] for line in lines if line["message"] == "done"}
    assert len(jobs) == 4


def test_without_a_daemon_top_says_so_and_shows_what_is_left(home: Path, backbeat: Callable) -> None:
    told = backbeat("top", "--once")
    assert told.returncode == 0
    assert told.stdout.startswith("The daemon is not running")
    assert json.loads(backbeat("top", "--once", "--json").stdout)["daemon"]["running"] is False
