from __future__ import annotations

import errno

import pytest

from backbeat.errors import ModelError
from backbeat.models.download import Retry
from backbeat.models.remote_file import TransferFailed, without_secrets


def retry_noting(waits: list[float], tries: int = 3) -> Retry:
    return Retry(tries=tries, first_wait_s=0.5, sleep=waits.append)


def test_a_transfer_that_works_is_done_once_and_without_waiting():
    waits: list[float] = []
    assert retry_noting(waits).run(lambda: "sum", "model.h5") == "sum"
    assert waits == []


def test_waits_get_longer_and_the_last_failure_is_told():
    waits: list[float] = []
    failures = iter(["first", "second", "third"])

    def once() -> str:
        raise TransferFailed(next(failures))

    with pytest.raises(ModelError, match=r"model.h5 .*3 tries: third"):
        retry_noting(waits).run(once, "model.h5")
    assert waits == [0.5, 1.0]


def test_a_refusal_is_not_tried_again():
    waits: list[float] = []

    def once() -> str:
        raise ModelError("404")

    with pytest.raises(ModelError, match="404"):
        retry_noting(waits).run(once, "model.h5")
    assert waits == []


@pytest.mark.parametrize(("code", "message"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, r"could not be saved in .*models")])
def test_trouble_with_the_disk_says_what_to_do(code: int, message: str):
    def once() -> str:
        raise OSError(code, "no", "/models/file.part")

    with pytest.raises(ModelError, match=message) as caught:
        retry_noting([]).run(once, "model.h5")
    assert caught.value.advice


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("https://me:secret@example.org/a/b.h5?X-Amz-Signature=abc#x", "https://example.org/a/b.h5"),
        ("s3://bucket/key.h5", "s3://bucket/key.h5"),
        ("file:///models/b.h5", "file:///models/b.h5"),
        ("/models/b.h5", "/models/b.h5"),
        ("C:\\models\\b.h5", "C:\\models\\b.h5"),
    ],
)
def test_messages_and_records_hold_no_passwords_or_signatures(uri: str, shown: str):
    assert without_secrets(uri) == shown
