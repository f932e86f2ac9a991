"""How Celery is set up: what the promises of the farm rest on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from backbeat.config.schema import QueueConfig
from backbeat.errors import ConfigError
from backbeat.farm.app import make_app, state_url, without_password
from backbeat.farm.stage import CONCURRENCY, FarmQueue, FarmStage, level_of
from backbeat.jobs.job import Priority
from backbeat.jobs.retry import RULES

REDIS = QueueConfig(broker="redis://:secret@farm:6379/1", visibility_timeout_s=7200)
RABBIT = QueueConfig(broker="amqp://me:secret@farm//", state="redis://farm/0")


@pytest.mark.parametrize("queue", [REDIS, RABBIT])
def test_a_task_counts_as_taken_when_it_is_done_and_only_one_is_fetched_at_a_time(queue: QueueConfig) -> None:
    conf = make_app(queue).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.broker_connection_max_retries is None, "a broker that is away is waited for, for ever"


@pytest.mark.parametrize("queue", [REDIS, RABBIT])
def test_nothing_but_json_is_sent_or_taken(queue: QueueConfig) -> None:
    conf = make_app(queue).conf
    assert (conf.task_serializer, list(conf.accept_content), conf.result_backend) == ("json", ["json"], None)


def test_redis_hands_an_unfinished_task_out_again_after_the_configured_time() -> None:
    assert make_app(REDIS).conf.broker_transport_options["visibility_timeout"] == 7200


def test_the_queues_are_those_of_the_seed() -> None:
    assert {stage.value: stage.queue.value for stage in FarmStage} == {
        "ingest": "default",
        "separate": "heavy-compute",
        "hear": "heavy-compute",
        "export": "default",
    }
    assert CONCURRENCY == {FarmQueue.HEAVY: 1, FarmQueue.DEFAULT: 4}


def test_who_waits_at_the_daw_goes_before_a_folder_and_that_before_a_batch() -> None:
    levels = [level_of(priority) for priority in sorted(Priority)]
    assert levels == sorted(levels)
    assert level_of(Priority.OSC) > level_of(Priority.CLI) > level_of(Priority.FOLDER)
    assert level_of(Priority.FOLDER) > level_of(Priority.FOLDER - 1)


def test_rabbitmq_needs_a_redis_beside_it() -> None:
    assert state_url(RABBIT) == "redis://farm/0"
    assert state_url(REDIS) == REDIS.broker
    with pytest.raises(ConfigError, match="not a Redis") as caught:
        state_url(QueueConfig(broker="amqp://me:secret@farm//"))
    assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert without_password(REDIS.broker) == "redis://farm:6379/1"
    assert without_password("redis://farm/0") == "redis://farm/0"


def test_a_storage_that_is_away_is_waited_for() -> None:
    assert RULES["storage"].max_attempts > 1


def test_a_daemon_without_a_farm_loads_none_of_it() -> None:
    code = "import sys, backbeat.service.service, backbeat.cli.main; print({'celery', 'redis', 'fsspec'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "set()"
