"""Work on other threads whose mistakes are seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

log = logging.getLogger(__name__)


def in_background(pool: Executor, work: Callable[..., object], *arguments: Any) -> None:
    """Have it done by `pool`. An error that it does not handle is a mistake of ours and goes to the log, not to nobody."""
    pool.submit(work, *arguments).add_done_callback(_tell)


def _tell(done: Future[object]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("Backbeat made a mistake", exc_info=error)
