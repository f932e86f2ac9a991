"""What `backbeat top` sees of a farm, on a real Redis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.farm_field import free_port

from backbeat.errors import FarmUnreachable
from backbeat.farm.farm_view import LedgerView
from backbeat.farm.ledger import Ledger
from backbeat.farm.stage import FarmStage
from backbeat.pipeline.request import Request
from backbeat.service.worker_messages import request_to_json
from backbeat.settings import Settings


def submit(ledger: Ledger, name: str) -> None:
    path = Path(f"/bounces/{name}.wav")
    request = Request(path=path, fingerprint="1" * 64, out_base=path.with_suffix(".drums"), settings=Settings())
    text = json.dumps(request_to_json(request))
    ledger.submit(name, daemon="one", job_id=name, request=text, asked=text, place=f"/{name}", priority=0)


def test_waiting_tasks_are_counted_by_queue_and_workers_are_seen_with_what_they_do(ledger: Ledger) -> None:
    for name in ("kick", "snare", "hat"):
        submit(ledger, name)
    mine = ledger.claim("kick", FarmStage.INGEST, "token", "studio:77")
    assert mine
    assert ledger.advance(mine, FarmStage.SEPARATE, 1.0)
    assert ledger.claim("snare", FarmStage.INGEST, "token", "attic:12")
    view = LedgerView(ledger)
    assert [(worker.name, worker.doing) for worker in view.workers()] == [("attic:12", "ingest, snare.wav")]
    assert {str(queue.name): queue.waiting for queue in view.queues()} == {"heavy-compute": 1, "default": 1}


def test_a_redis_that_does_not_answer_is_said_to_be_so() -> None:
    view = LedgerView(Ledger(f"redis://127.0.0.1:{free_port()}/0", claim_s=1.0))
    with pytest.raises(FarmUnreachable, match="does not answer"):
        view.workers()
