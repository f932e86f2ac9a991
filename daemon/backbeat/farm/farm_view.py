"""A farm for people to look at: what waits in front of its workers, and what these are doing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from backbeat.errors import FarmUnreachable
from backbeat.farm.ledger import Ledger, LedgerUnreachable
from backbeat.farm.stage import FarmQueue, FarmStage
from backbeat.service.workers_view import QueueSeen, WorkerSeen


class LedgerView:
    """A `FarmView` by the farm's Redis. Workers that wait for work are not in it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def workers(self) -> Sequence[WorkerSeen]:
        return [
            WorkerSeen(name=run["worker"], doing=f"{run['stage']}, {_recording(run)}") for run in self._runs() if run.get("token")
        ]

    def queues(self) -> Sequence[QueueSeen]:
        waiting = Counter(FarmStage(run["stage"]).queue for run in self._runs() if not run.get("token"))
        return [QueueSeen(name=queue, waiting=waiting[queue]) for queue in FarmQueue]

    def _runs(self) -> list[dict[str, str]]:
        try:
            return self._ledger.runs()
        except LedgerUnreachable as error:
            raise FarmUnreachable("The farm's Redis does not answer.") from error


def _recording(run: dict[str, str]) -> str:
    """Its name in the farm's words."""
    return PurePosixPath(json.loads(run["asked"]).get("path", "")).name
