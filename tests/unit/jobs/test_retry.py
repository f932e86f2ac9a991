"""Which failures are tried again."""

from __future__ import annotations

import pytest

from backbeat import errors
from backbeat.jobs.retry import INTERRUPTED, LONGEST_DELAY_S, RULES, next_attempt


def all_job_errors(kind: type[errors.JobError] = errors.JobError) -> list[type[errors.JobError]]:
    return [kind, *(error for child in kind.__subclasses__() for error in all_job_errors(child))]


@pytest.mark.parametrize(
    ("code", "delays_s"),
    [
        ("worker_died", [2.0, None]),
        ("output", [5.0, 20.0, None]),
        ("changed", [3.0, None]),
        (INTERRUPTED, [0.0] * 19 + [None]),
        ("unreadable", [None]),
        ("never heard of", [None]),
    ],
)
def test_each_failure_is_tried_as_often_as_the_table_says(code: str, delays_s: list[float | None]) -> None:
    for attempts, delay_s in enumerate(delays_s, start=1):
        expected = None if delay_s is None else 1000.0 + delay_s
        assert next_attempt(code, attempts, now=1000.0) == expected


def test_every_error_that_says_a_retry_helps_has_a_rule() -> None:
    assert {error.code for error in all_job_errors() if error.retry} <= RULES.keys()


def test_no_delay_is_longer_than_what_the_store_takes_for_a_wrong_clock() -> None:
    longest = max(rule.delay_after(attempts) for rule in RULES.values() for attempts in range(1, rule.max_attempts))
    assert longest < LONGEST_DELAY_S
