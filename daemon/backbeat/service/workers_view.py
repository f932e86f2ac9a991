"""Who does the jobs, for people to look at: the worker of this computer's daemon, or a farm's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backbeat.service.process_memory import resident_bytes


@dataclass(frozen=True, kw_only=True)
class WorkerSeen:
    """A worker. doing: what it works on, in a few words; empty when it waits, or nobody can say."""

    name: str
    doing: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueueSeen:
    """A line of tasks in front of workers."""

    name: str
    waiting: int


class FarmView(Protocol):
    """Asked every second or so. Raises BackbeatError when it cannot be seen."""

    def workers(self) -> Sequence[WorkerSeen]:
        """Those that are there now."""

    def queues(self) -> Sequence[QueueSeen]:
        """Lines besides the daemon's job list."""


class LocalView:
    """The worker processes of a daemon or a batch on this computer. Where the system does not tell of processes: none."""

    def __init__(self, daemon_pid: int | None) -> None:
        self._daemon_pid = daemon_pid

    def workers(self) -> Sequence[WorkerSeen]:
        return [
            WorkerSeen(name=f"process {pid}", memory_bytes=resident_bytes(pid))
            for pid in _children(self._daemon_pid or 0)
            if "backbeat.service.worker" in _command(pid)
        ]

    def queues(self) -> Sequence[QueueSeen]:
        return ()


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sorted({int(child) for task in tasks for child in (task / "children").read_text("ascii").split()})
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
