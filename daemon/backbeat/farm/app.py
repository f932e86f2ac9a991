"""The Celery application: its settings, its two queues, and how a task is sent. Only names and ids go through the broker."""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError

from backbeat.config.schema import QueueConfig
from backbeat.errors import ConfigError
from backbeat.farm.stage import LEVELS, FarmQueue, FarmStage, level_of

KEY_PREFIX = "backbeat:broker:"
"""Of everything that Celery keeps in Redis, which others may use too."""

BrokerUnreachable = OperationalError
"""What sending may raise."""

_CONNECT_TIMEOUT_S = 4.0


def is_redis(url: str) -> bool:
    """Whether an address is Redis' own, plain or over TLS."""
    return url.startswith(("redis://", "rediss://"))


def state_url(queue: QueueConfig) -> str:
    """The Redis that holds who works on what. Raises ConfigError where none is named."""
    url = queue.state or queue.broker
    if not is_redis(url):
        raise ConfigError(
            f"queue.state: {without_password(url)} is not a Redis.",
            advice="With RabbitMQ as queue.broker, name a Redis in queue.state: it holds who works on what.",
        )
    return url


def without_password(url: str) -> str:
    """An address as it may be shown."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def make_app(queue: QueueConfig) -> Celery:
    """The application for daemons and workers. Connects to nothing."""
    app = Celery("backbeat", broker=queue.broker)
    app.conf.update(
        # JSON alone, in and out: pickle would let whoever reaches the broker run programs here.
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        # A task counts as taken when it is done: one whose worker died is handed out again.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_queues=[Queue(name.value, queue_arguments=_queue_arguments(queue.broker)) for name in FarmQueue],
        task_default_queue=FarmQueue.DEFAULT.value,
        task_create_missing_queues=False,
        broker_connection_timeout=_CONNECT_TIMEOUT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(queue),
        worker_cancel_long_running_tasks_on_connection_loss=False,  # they are finished, and the ledger counts them once
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
    )
    return app


def send(app: Celery, stage: FarmStage, run: str, priority: int) -> None:
    """Have a stage of a run done by whoever is free. Raises BrokerUnreachable."""
    level = level_of(priority)
    app.send_task(
        stage.task,
        args=[run],
        queue=stage.queue.value,
        # Redis serves 0 first, RabbitMQ the highest number.
        priority=LEVELS - 1 - level if is_redis(app.conf.broker_url) else level,
        retry=False,
        ignore_result=True,
    )


def _transport_options(queue: QueueConfig) -> dict[str, Any]:
    if not is_redis(queue.broker):
        return {}
    return {
        "visibility_timeout": queue.visibility_timeout_s,
        "priority_steps": list(range(LEVELS)),
        "queue_order_strategy": "priority",
        "sep": ":",
        "global_keyprefix": KEY_PREFIX,
        "socket_connect_timeout": _CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


def _queue_arguments(broker: str) -> dict[str, Any] | None:
    return None if is_redis(broker) else {"x-max-priority": LEVELS - 1}
