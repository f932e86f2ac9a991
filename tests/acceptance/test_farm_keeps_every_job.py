"""A farm of real processes on a real Redis loses nothing and does nothing twice. `benchmarks/farm.py` is the long version."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.farm_field import Farm, RedisServer, farm, kill_in_stage, wait_for

from backbeat.jobs.job import JobState

WITHIN_S = 120.0
BATCH = 5


@pytest.fixture
def field_of_work(tmp_path: Path) -> Iterator[Farm]:
    if RedisServer.program is None:
        reason = "redis-server is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    with farm(tmp_path, heartbeat_s=1.0) as field:
        yield field


@pytest.mark.timeout(400)
def test_every_job_is_done_exactly_once_whoever_dies_and_whoever_asks(field_of_work: Farm) -> None:
    """Two daemons watch one folder; in each stage a worker is killed while it works; Redis is killed and comes back."""
    field = field_of_work
    workers = {
        "heavy": field.worker("heavy", "--queues", "heavy-compute"),
        "light": field.worker("light", "--queues", "default", "--concurrency", "1"),
    }
    field.daemon("one")
    field.daemon("two")
    bounced = 0
    for stage in ("ingest", "separate", "hear", "export"):
        field.bounce(BATCH, first=bounced, seconds=6.0)
        bounced += BATCH
        workers[kill_in_stage(field, stage, workers, within_s=WITHIN_S)].start()
    field.redis.stop(signal.SIGKILL)
    field.bounce(BATCH, first=bounced)
    bounced += BATCH
    wait_for("what is bounced meanwhile waits", lambda: field.states()[JobState.QUEUED] >= BATCH, within_s=WITHIN_S)
    field.redis.start()
    field.wait_until_done(bounced, within_s=WITHIN_S, names=("one", "two"))
    wait_for("all is cleared away", lambda: field.proof(bounced, ("one", "two")).holds, within_s=20)
