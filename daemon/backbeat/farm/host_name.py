"""What a computer is called in the farm."""

from __future__ import annotations

import socket

from backbeat.config.schema import QueueConfig


def farm_name(queue: QueueConfig) -> str:
    """As configured, or else what the system calls it."""
    return queue.name or socket.gethostname() or "computer"
