"""A farm as the configuration has it, for the daemon: the only place that knows both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from backbeat.config.schema import QueueConfig
from backbeat.errors import ConfigError
from backbeat.farm.app import BrokerUnreachable, make_app, send, state_url
from backbeat.farm.farm_runner import FarmRunner
from backbeat.farm.host_name import farm_name
from backbeat.farm.ledger import CLAIM_HEARTBEATS, Ledger
from backbeat.farm.path_map import PathMap
from backbeat.farm.workplace import make_workplace
from backbeat.service.worker_messages import Message


def make_ledger(queue: QueueConfig) -> Ledger:
    """The connection to the farm's Redis; made when it is first used. Raises ConfigError."""
    return Ledger(state_url(queue), claim_s=queue.heartbeat_s * CLAIM_HEARTBEATS)


def make_runner(on_message: Callable[[Message], None], queue: QueueConfig) -> FarmRunner:
    """What does the daemon's jobs. Raises ConfigError, StorageError."""
    paths = PathMap(queue.paths)
    return FarmRunner(
        on_message,
        ledger=make_ledger(queue),
        send=partial(send, make_app(queue)),
        send_errors=(BrokerUnreachable,),
        workplace=make_workplace(storage_of(queue), paths),
        paths=paths,
        name=farm_name(queue),
        in_flight=queue.in_flight,
        beat_s=queue.heartbeat_s,
        claim_s=queue.heartbeat_s * CLAIM_HEARTBEATS,
        max_deaths=queue.max_deaths,
    )


def storage_of(queue: QueueConfig) -> str:
    """What the farm's computers share. Raises ConfigError where nothing is named."""
    if queue.storage is None:
        raise ConfigError(
            "queue.storage: nothing is named.",
            advice="A farm needs a folder that all its computers see, or s3://bucket/folder.",
        )
    return queue.storage
