"""Figures for Prometheus: what is counted, under which names, and what happens when they cannot be served."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from backbeat.config.schema import MetricsConfig
from backbeat.jobs.store import Store
from backbeat.metrics.exporter import Exporter
from backbeat.metrics.observer import Unobserved
from backbeat.metrics.serve import start_metrics
from backbeat.service.worker_messages import Died, Failed, Finished, Message, Progress, Ready, Stopped
from backbeat.values import Stage

MESSAGES: tuple[Message, ...] = (
    Ready(pid=1),
    Progress(job_id="a", stage=Stage.READ, fraction=0.5),
    Finished(
        job_id="a", outputs={}, summary={"hits": 7, "duration_s": 4.0, "timings_s": {"read": 0.5, "hits": 1.5}, "bpm": 120.0}
    ),
    Finished(job_id="b", outputs={}, summary={"bpm": 120.0, "confidence": 0.9, "hits": 3}),  # found there after a crash
    Failed(job_id="c", code="unreadable", message="no", advice="", retry=False),
    Stopped(job_id="d"),
    Died(job_id="e", returncode=-9, reason="killed"),
    Died(job_id=None, returncode=1, reason="ended"),
)


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    made = Exporter("127.0.0.1", 0)
    yield made
    made.stop()


def scraped(exporter: Exporter) -> str:
    host, port = exporter.address
    with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as answer:
        return answer.read().decode("utf-8")


def figures(exporter: Exporter) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(scraped(exporter))
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_what_the_worker_says_is_counted(exporter: Exporter) -> None:
    for message in MESSAGES:
        exporter.message(message)
    found = figures(exporter)
    attempts = {key[1:]: value for key, value in found.items() if key[0] == "backbeat_job_attempts_total"}
    assert attempts == {("", "done"): 2, ("unreadable", "failed"): 1, ("", "cancelled"): 1, ("worker_died", "failed"): 1}
    assert found["backbeat_stage_duration_seconds_sum", "hits"] == 1.5
    assert found["backbeat_job_realtime_ratio_sum",] == 0.5
    assert found["backbeat_job_realtime_ratio_count",] == 1, "a result that was found there took no time"
    assert found["backbeat_audio_seconds_total",] == 4.0
    assert found["backbeat_hits_total",] == 10
    assert (found["backbeat_worker_deaths_total",], found["backbeat_worker_starts_total",]) == (2, 1)


def test_files_of_watched_folders_are_counted(exporter: Exporter) -> None:
    for is_complete in (True, True, False):
        exporter.bounce(is_complete=is_complete)
    found = figures(exporter)
    assert (found["backbeat_watch_bounces_total", "complete"], found["backbeat_watch_bounces_total", "bad"]) == (2, 1)


def test_osc_memory_and_the_store_are_asked_for_when_figures_are(exporter: Exporter, tmp_path: Path) -> None:
    taken = 0
    exporter.watch_osc(lambda: {"taken": taken, "dropped": 2})
    exporter.watch_worker(lambda: None)
    exporter.watch_store(tmp_path / "jobs.sqlite")
    assert ("backbeat_jobs", "done") not in figures(exporter), "there is no store yet, and none is made"
    assert not (tmp_path / "jobs.sqlite").exists()
    Store(tmp_path / "jobs.sqlite").close()
    taken = 5
    found = figures(exporter)
    assert found["backbeat_osc_messages_total", "taken"] == 5
    assert found["backbeat_jobs", "queued"] == 0
    assert found["backbeat_oldest_waiting_job_age_seconds",] == 0


def test_a_store_that_cannot_be_read_costs_only_its_own_figures(exporter: Exporter, tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"not a database" * 100)
    exporter.watch_store(tmp_path / "jobs.sqlite")
    found = figures(exporter)
    assert ("backbeat_jobs", "done") not in found
    assert ("backbeat_hits_total",) in found


def test_names_and_units_are_as_prometheus_wants_them(exporter: Exporter, tmp_path: Path) -> None:
    for message in MESSAGES:
        exporter.message(message)
    exporter.watch_osc(lambda: {"taken": 1})
    Store(tmp_path / "jobs.sqlite").close()
    exporter.watch_store(tmp_path / "jobs.sqlite")
    families = list(text_string_to_metric_families(scraped(exporter)))
    ours = [family for family in families if family.name.startswith("backbeat_")]
    assert len(ours) > 10
    for family in ours:
        assert re.fullmatch(r"backbeat(_[a-z]+)+", family.name)
        assert family.documentation
        assert not re.search(r"(_ms|_milliseconds|_minutes|_megabytes|_count)$", family.name), "base units"
        if family.type == "counter":
            assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples)


def test_the_readers_of_the_figures_learn_no_names_of_files(exporter: Exporter, tmp_path: Path) -> None:
    exporter.watch_store(tmp_path / "jobs.sqlite")
    exporter.message(Failed(job_id="c", code="output", message="/home/me/secret.wav is gone", advice="", retry=True))
    assert "secret" not in scraped(exporter)


def test_metrics_are_off_unless_switched_on_and_cost_nothing_then() -> None:
    assert isinstance(start_metrics(MetricsConfig()), Unobserved)
    script = """
import json, sys
import backbeat.service.service
from backbeat.config.schema import MetricsConfig
from backbeat.metrics.serve import start_metrics
start_metrics(MetricsConfig())
print(json.dumps(sorted(sys.modules)))
"""
    modules = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert "backbeat.metrics.serve" in modules
    assert not [name for name in modules if name.partition(".")[0] in ("prometheus_client", "http.server")]


def test_a_port_that_is_taken_is_a_warning_and_everything_else_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken, caplog.at_level(logging.WARNING):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        observer = start_metrics(MetricsConfig(enabled=True, port=port))
    assert isinstance(observer, Unobserved)
    assert f"port {port}" in caplog.text
    assert "metrics.port" in caplog.text


def test_after_the_end_nobody_answers_and_the_port_is_free(exporter: Exporter) -> None:
    address = exporter.address
    made = start_metrics(MetricsConfig(enabled=True, port=_free_port()))
    assert isinstance(made, Exporter)
    made.stop()
    with pytest.raises(urllib.error.URLError):
        scraped(made)
    assert exporter.address == address
    assert scraped(exporter)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
