"""Give the figures to Prometheus over HTTP.

One process (the daemon): `start_metrics(config)`. Several that do the same work (a farm worker and its child processes): the
first of them holds `shared_metrics(config)`, and each of the others counts with `shared_instruments()`; the figures of all add
up in the first one's answer (prometheus_client's multiprocess mode).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from backbeat.config.schema import MetricsConfig
from backbeat.metrics.observer import Observer, Unobserved

if TYPE_CHECKING:
    from backbeat.metrics.instruments import Instruments

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus_client when it is imported, so it has to be set before."""


def start_metrics(config: MetricsConfig, *, shared: Path | None = None) -> Observer:
    """Serve figures at `config.host`, `config.port` until `stop`; what to tell the observer says `observer.py`.

    Where metrics are off, or the port cannot be had (which is logged), the observer does nothing. shared: an empty folder for
    the figures of several processes.
    """
    if not config.enabled:
        return Unobserved()
    if shared is not None:
        os.environ[FOLDER_VARIABLE] = str(shared)
    from backbeat.metrics.exporter import Exporter  # noqa: PLC0415 - prometheus_client: only where it is wanted

    try:
        exporter = Exporter(config.host, config.port, shared=shared)
    except OSError as error:
        log.warning(
            "Metrics cannot be served at %s, port %d (%s); everything else goes on. Set metrics.port to another number.",
            config.host,
            config.port,
            error.strerror or error,
        )
        os.environ.pop(FOLDER_VARIABLE, None)
        return Unobserved()
    log.info("metrics are at http://%s:%d/metrics", *exporter.address)
    return exporter


@contextmanager
def shared_metrics(config: MetricsConfig) -> Iterator[None]:
    """Serve what this process and all that it starts count, until the block ends; nothing where a parent does so already."""
    if not config.enabled or FOLDER_VARIABLE in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="backbeat-metrics-") as folder:
        observer = start_metrics(config, shared=Path(folder))
        try:
            yield
        finally:
            observer.stop()
            os.environ.pop(FOLDER_VARIABLE, None)


def shared_instruments() -> Instruments | None:
    """What this process counts with inside of `shared_metrics`; None where metrics are off."""
    if FOLDER_VARIABLE not in os.environ:
        return None
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only where it is wanted

    from backbeat.metrics.instruments import Instruments  # noqa: PLC0415

    return Instruments(CollectorRegistry())
