"""The observer that serves what it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from backbeat.metrics.at_scrape import BuildInfo, OscFigures, StoreFigures, WorkerMemory
from backbeat.metrics.instruments import Instruments
from backbeat.metrics.observer import Counts
from backbeat.service.worker_messages import Message


class Exporter:
    """An `Observer` with an HTTP server on a thread of its own. Raises OSError when the port cannot be had."""

    def __init__(self, host: str, port: int, *, shared: Path | None = None) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._server, self._thread = start_http_server(port, host, self._registry)
        self._registry.register(BuildInfo())
        ProcessCollector(registry=self._registry)
        if shared is None:
            self._instruments = Instruments(self._registry)
        else:  # the counts of all processes are read from the folder; those of this one are among them
            MultiProcessCollector(self._registry, str(shared))  # type: ignore[no-untyped-call]
            self._instruments = Instruments(CollectorRegistry())

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def message(self, message: Message) -> None:
        self._instruments.message(message)

    def bounce(self, *, is_complete: bool) -> None:
        self._instruments.bounce(is_complete=is_complete)

    def watch_store(self, database: Path) -> None:
        self._registry.register(StoreFigures(database))

    def watch_osc(self, counts: Counts) -> None:
        self._registry.register(OscFigures(counts))

    def watch_worker(self, pid: Callable[[], int | None]) -> None:
        self._registry.register(WorkerMemory(pid))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
