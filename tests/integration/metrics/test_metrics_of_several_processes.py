"""A farm worker's processes count, and their parent serves the sum."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os, socket, subprocess, sys, urllib.request
from backbeat.config.schema import MetricsConfig
from backbeat.metrics.serve import shared_instruments, shared_metrics
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
config = MetricsConfig(enabled=True, port=port)
child = '''
import sys
from backbeat.config.schema import MetricsConfig
from backbeat.metrics.serve import shared_instruments, shared_metrics
from backbeat.service.worker_messages import Failed, Finished
with shared_metrics(MetricsConfig(enabled=True, port=int(sys.argv[1]))):  # the parent serves already
    instruments = shared_instruments()
    instruments.task("hear", 2.0, "the next task")
    instruments.task("export", 1.0, Failed(job_id="", code="output", message="", advice="", retry=True))
    instruments.message(Finished(job_id="a", outputs={}, summary={"hits": 3, "duration_s": 4.0, "timings_s": {"read": 1.0}}))
'''
with shared_metrics(config):
    for _ in range(3):
        subprocess.run([sys.executable, "-c", child, str(port)], check=True)
    print(urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode())
print("off" if shared_instruments() is None else "on")
"""


def test_the_figures_of_all_processes_add_up() -> None:
    command = [sys.executable, "-c", SCRIPT]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout.splitlines()
    assert "backbeat_hits_total 9.0" in told
    assert 'backbeat_task_duration_seconds_sum{task="hear"} 6.0' in told
    assert 'backbeat_tasks_total{error_code="output",outcome="failed",task="export"} 3.0' in told
    assert 'backbeat_job_attempts_total{error_code="",outcome="done"} 3.0' in told
    assert any(line.startswith("backbeat_build_info{") for line in told)
    assert told[-1] == "off"
