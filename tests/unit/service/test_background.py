from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from backbeat.service.background import in_background


def test_an_error_that_work_does_not_handle_is_in_the_log_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    def fails(what: str) -> None:
        raise RuntimeError(what)

    with caplog.at_level(logging.ERROR), ThreadPoolExecutor(1) as pool:
        in_background(pool, fails, "no such thing")
    (record,) = caplog.records
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no such thing"


def test_what_is_done_or_cancelled_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), ThreadPoolExecutor(1) as pool:
        in_background(pool, str, "fine")
        pool.shutdown(cancel_futures=True)
    assert not caplog.records
