"""A farm whose computers share no folder: recordings and results go through an object store (moto in S3's place)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.farm_field import free_port
from tests.integration.farm.conftest import InProcessFarm

from backbeat.errors import StorageError
from backbeat.farm.stage import FarmStage
from backbeat.farm.storage import ObjectStorage
from backbeat.farm.workplace import ThroughStorage
from backbeat.service.finished_result import finished_result
from backbeat.service.worker_messages import Failed, Finished, Written
from backbeat.values import OutputKind

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer(port=free_port(), verbose=False)
    server.start()
    before = {name: os.environ.get(name) for name in KEYS}
    os.environ.update(KEYS)
    yield f"http://127.0.0.1:{server._port}"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def storage(address: str, request: pytest.FixtureRequest) -> ObjectStorage:
    bucket = f"bucket-{abs(hash(request.node.name)) % 10**8}"
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket=bucket)
    return ObjectStorage(f"s3://{bucket}/backbeat", endpoint_url=address)


def objects(storage: ObjectStorage) -> list[str]:
    storage._files.invalidate_cache()
    return sorted(storage._files.find(storage._root))


def test_a_job_goes_through_the_store_and_its_results_arrive_beside_the_recording(
    field_of_work: InProcessFarm, storage: ObjectStorage, loop: Path
) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    workplace = ThroughStorage(storage)
    farm.daemon(workplace=workplace).submit("job", request)
    assert farm.work(farm.worker(workplace=workplace), times=4) == list(FarmStage)
    end = farm.wait_for_end()
    assert isinstance(end, Finished), end
    assert finished_result(request), "with the names that the files have here"
    assert [message.kind for message in farm.heard["one"] if isinstance(message, Written)][-1] is OutputKind.JSON
    assert [path for path in loop.parent.iterdir() if path.suffix == ".part"] == []
    assert objects(storage) == [], "nothing stays in the store"


def test_a_recording_that_is_gone_before_it_is_sent_fails_as_missing(
    field_of_work: InProcessFarm, storage: ObjectStorage, loop: Path
) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    loop.unlink()
    farm.daemon(workplace=ThroughStorage(storage)).submit("job", request)
    end = farm.wait_for_end()
    assert isinstance(end, Failed)
    assert (end.code, end.retry) == ("missing", False)


def test_a_store_that_does_not_answer_is_an_error_that_may_pass(address: str) -> None:
    gone = ObjectStorage("s3://no-such-bucket-here/backbeat", endpoint_url=address)
    with pytest.raises(StorageError, match="cannot be reached") as caught, gone.writing("a/b") as file:
        file.write(b"x")
    assert caught.value.retry
    with pytest.raises(StorageError, match="cannot be reached"), gone.reading("a/b"):
        pass
