"""s3:// against moto's server, a stand-in that speaks S3 over HTTP."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from backbeat.errors import ModelError
from backbeat.models.download import Retry
from backbeat.models.resolver import HDF5_MAGIC, ModelSettings, ModelState, ModelStore

MODEL = HDF5_MAGIC + b"a network" * 100_000
BUCKET = "models"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()
    server.stop()


def store_of(tmp_path: Path, key: str, sha256: str | None = None) -> ModelStore:
    settings = ModelSettings(cache_dir=tmp_path / "cache", uri=f"s3://{BUCKET}/{key}", sha256=sha256)
    return ModelStore(settings, retry=Retry(first_wait_s=0.0))


def test_a_model_comes_from_s3_and_is_checked(s3: Any, tmp_path: Path):
    s3.put_object(Bucket=BUCKET, Key="v1.0.0/complete network.h5", Body=MODEL)
    store = store_of(tmp_path, "v1.0.0/complete%20network.h5", hashlib.sha256(MODEL).hexdigest())
    told: list[tuple[int, int | None]] = []
    path = store.fetch("annoteator", lambda done, total: told.append((done, total)))
    assert path.read_bytes() == MODEL
    assert told[-1] == (len(MODEL), len(MODEL))
    assert store.entries()[0].state is ModelState.READY


def test_an_object_with_another_checksum_is_refused(s3: Any, tmp_path: Path):
    s3.put_object(Bucket=BUCKET, Key="net.h5", Body=MODEL)
    with pytest.raises(ModelError, match="should be 0000"):
        store_of(tmp_path, "net.h5", "0" * 64).path("annoteator")


def test_a_missing_object_is_said_with_what_to_check(s3: Any, tmp_path: Path):
    with pytest.raises(ModelError, match=r"S3 refused s3://models/nowhere\.h5") as caught:
        store_of(tmp_path, "nowhere.h5").path("annoteator")
    assert "bucket" in caught.value.advice


def test_an_address_without_key_is_refused(s3: Any, tmp_path: Path):
    with pytest.raises(ModelError, match="not an S3 address"):
        store_of(tmp_path, "").path("annoteator")
