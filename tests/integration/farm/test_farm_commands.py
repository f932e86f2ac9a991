"""What people see of a farm: `backbeat farm`, `backbeat doctor`, mistakes in the config."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from tests.farm_field import RedisServer, free_port

from backbeat.farm.ledger import Ledger
from backbeat.farm.stage import FarmStage
from backbeat.jobs.job import JobState, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.pipeline.request import Request
from backbeat.service.worker_messages import request_to_json
from backbeat.settings import Settings


class Person:
    """Types commands."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.data = folder / "data"
        self._config = folder / "config.toml"
        self._config.write_text(
            f"""
[jobs]
data_folder = "{self.data}"
[queue]
backend = "celery"
broker = "{broker}"
storage = "{folder / "storage"}"
name = "studio"
""",
            "utf-8",
        )

    def types(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "backbeat", *words, "--config", str(self._config)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def person(tmp_path: Path, redis_server: RedisServer) -> Person:
    return Person(tmp_path, redis_server.url)


def test_a_recording_that_was_given_up_is_listed_and_done_again_on_request(
    person: Person, redis_server: RedisServer, tmp_path: Path
) -> None:
    request = Request(path=tmp_path / "song.wav", fingerprint="f", out_base=tmp_path / "song.drums", settings=Settings())
    person.data.mkdir()
    with Store(person.data / "jobs.sqlite") as store:
        store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER)
        job = store.claim()
        assert job
        store.fail(job.id, "worker_died", "Every worker ended.", "")
    asked = json.dumps(request_to_json(request))
    with closing(Ledger(redis_server.url, claim_s=1)) as ledger:
        ledger.submit("run", daemon="studio", job_id=job.id, request=asked, asked=asked, place="/song", priority=0)
        code, said = person.types("farm", "status")
        assert (code, "song.wav" in said, "1 recording(s) in the farm, 0 being worked on" in said) == (0, True, True), said
        claim = ledger.claim("run", FarmStage.INGEST, "t", "w:1")
        assert claim
        ledger.finish(claim, b'{"message": "Every worker ended."}', 1.0, "failed", is_dead=True)
        code, said = person.types("farm", "dead")
        assert code == 0
        assert "song.wav: Every worker ended." in said
        code, said = person.types("farm", "dead", "--retry")
        assert (code, "1 of them tried again." in said) == (0, True), said
        assert ledger.dead() == {}
    with Store(person.data / "jobs.sqlite") as store:
        again = store.job(job.id)
        assert again
        assert again.state is JobState.QUEUED


def test_doctor_looks_at_the_broker_and_the_storage(person: Person, tmp_path: Path) -> None:
    _, said = person.types("doctor")
    assert "recording(s) in the farm" in said
    assert f"{tmp_path / 'storage'}: can be written" in said


def test_a_broker_that_does_not_answer_is_named_with_what_to_do(tmp_path: Path) -> None:
    person = Person(tmp_path, f"redis://:secret@127.0.0.1:{free_port()}/0")
    code, said = person.types("farm", "status")
    assert code == 1
    assert "does not answer" in said
    assert "queue.broker" in said
    assert "secret" not in said
