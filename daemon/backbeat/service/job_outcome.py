"""However a job ends, in a worker process or on a farm, it becomes one message."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from backbeat.errors import BackbeatError, Cancelled, JobError
from backbeat.service.worker_messages import Failed, Stopped

_log = logging.getLogger(__name__)

T = TypeVar("T")


def outcome_of(job_id: str, work: Callable[[], T]) -> T | Stopped | Failed:
    """What `work` answers, or the message for what it raised. Only KeyboardInterrupt and its like come through."""
    try:
        return work()
    except Cancelled:
        return Stopped(job_id=job_id)
    except BackbeatError as error:
        retry = isinstance(error, JobError) and error.retry
        return Failed(job_id=job_id, code=error.code, message=error.message, advice=error.advice, retry=retry)
    except MemoryError:
        _log.exception("out of memory")
        return _out_of_memory(job_id)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the worker loop: foreign code must not end it
        _log.exception("the job failed unexpectedly")
        return _internal(job_id, error)


def describe(error: BaseException) -> str:
    """The error's kind and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _out_of_memory(job_id: str) -> Failed:
    return Failed(
        job_id=job_id,
        code="out_of_memory",
        message="There was not enough memory for this recording.",
        advice="Close other programs, or split the recording into shorter files.",
        retry=False,
    )


def _internal(job_id: str, error: BaseException) -> Failed:
    return Failed(
        job_id=job_id,
        code="internal",
        message=f"Backbeat made a mistake: {describe(error)}.",
        advice="The log has the details. Please report it, with the log and if you can with the recording.",
        retry=False,
    )
