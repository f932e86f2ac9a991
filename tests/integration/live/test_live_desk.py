"""Clips are written beside the daemon's loop, and what goes wrong with them is told and harms no job."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.ableton_stand_in import AbletonStandIn, free_port

from backbeat.config.schema import LiveConfig
from backbeat.errors import PresetError
from backbeat.jobs.job import Job, Origin, Priority
from backbeat.jobs.store import Store
from backbeat.monitor import Unwatched
from backbeat.osc import Peer, packet_to_messages
from backbeat.outputs.osc_sender import OscSender
from backbeat.pipeline.request import Request
from backbeat.service.live_desk import LiveDesk
from backbeat.settings import Settings
from backbeat.values import OutputKind

ASKER, SUBSCRIBER = Peer("127.0.0.1", 7001), Peer("127.0.0.1", 7000)


class Socket:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[Peer, tuple[Any, ...]]] = []

    def sendto(self, data: bytes, address: Any, /) -> int:
        self.sent += [(Peer(*address), (m.address, *m.arguments)) for m in packet_to_messages(data)]
        return len(data)


class Bench:
    def __init__(self, **config: Any) -> None:
        self.socket = Socket()
        sender = OscSender(self.socket)
        sender.subscribe(SUBSCRIBER)
        self.pool = ThreadPoolExecutor(1)
        self.desk = LiveDesk(config=LiveConfig(**config), sender=sender, pool=self.pool, monitor=Unwatched(), user_presets=None)

    def told(self) -> list[tuple[Peer, tuple[Any, ...]]]:
        """All that was said, when all is written."""
        self.pool.shutdown()
        return self.socket.sent


@pytest.fixture
def live() -> Iterator[AbletonStandIn]:
    with AbletonStandIn(tick_s=0.02) as made:
        yield made


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A finished job with one kick."""
    request = Request(path=tmp_path / "a.wav", fingerprint="f", out_base=tmp_path / "a.drums", settings=Settings())
    document = {
        "schema_version": 1, "identity": request.identity, "fingerprint": "f", "source": str(request.path), "outputs": {},
        "detected_bpm": 90.0, "bpm_unreliable": True, "midi_bpm": 90.0, "confidence_score": 0.9, "low_confidence": False,
        "duration_seconds": 2.0, "engine": "test", "warnings": [],
        "hits": [{"time": 0.5, "instrument": "kick", "midi_velocity": 100, "confidence": 0.9}],
    }  # fmt: skip
    request.output(OutputKind.JSON).write_text(json.dumps(document), "utf-8")
    with Store(tmp_path / "jobs.sqlite") as store:
        submitted = store.submit(request, origin=Origin.FOLDER, priority=Priority.FOLDER).job
        store.claim()
        return store.finish(submitted.id, {OutputKind.JSON: request.output(OutputKind.JSON)}, {})


@pytest.fixture
def json_of() -> Callable[[Job], Path]:
    return lambda job: job.request.output(OutputKind.JSON)


def ports(live: AbletonStandIn) -> dict[str, int]:
    return {"send_port": live.send_port, "receive_port": live.receive_port}


def test_who_asked_and_all_subscribers_hear_where_the_clip_is(
    live: AbletonStandIn, job: Job, json_of: Callable[[Job], Path]
) -> None:
    bench = Bench(**ports(live), track="1")
    bench.desk.put(job.id, json_of(job), track=None, slot=2, reply_to=ASKER)
    told = bench.told()
    assert {peer for peer, _ in told} == {ASKER, SUBSCRIBER}
    address, *arguments, remark = told[0][1]
    assert (address, arguments) == ("/backbeat/in_live", [job.id, 1, 2, 1])
    assert remark.startswith("The set runs at 120 BPM, the recording at 90.0 (which is unsure):")
    assert [note.start for note in live.clip(0, 1).notes] == [1.0]


def test_each_job_that_is_done_becomes_a_clip_only_when_it_is_configured(
    live: AbletonStandIn, job: Job, json_of: Callable[[Job], Path]
) -> None:
    for enabled in (False, True):
        bench = Bench(**ports(live), enabled=enabled, track="Kit", slot=3, fire=True)
        bench.desk.job_done(job, {OutputKind.JSON: json_of(job)})
        assert [message[:5] for _, message in bench.told()] == ([("/backbeat/in_live", job.id, 3, 3, 1)] if enabled else [])
    assert live.clip(2, 2).name == "Backbeat: a"


def test_while_live_does_not_answer_nobody_waits_and_the_error_goes_to_who_asked(
    job: Job, json_of: Callable[[Job], Path]
) -> None:
    bench = Bench(send_port=free_port(), receive_port=free_port())
    started = time.monotonic()
    bench.desk.put(job.id, json_of(job), track=None, slot=None, reply_to=ASKER)
    assert time.monotonic() - started < 0.5, "the loop goes on at once"
    ((peer, (address, about, sentence)),) = bench.told()
    assert (peer, address, about) == (ASKER, "/backbeat/error", "/backbeat/to_live")
    assert "Start Live" in sentence


def test_what_goes_wrong_by_itself_is_told_to_the_subscribers(job: Job, json_of: Callable[[Job], Path]) -> None:
    bench = Bench(enabled=True, preset="no-such-map")
    bench.desk.job_done(job, {OutputKind.JSON: json_of(job)})
    ((peer, message),) = bench.told()
    assert (peer, message[:2]) == (SUBSCRIBER, ("/backbeat/error", "/backbeat/to_live"))
    with pytest.raises(PresetError):
        Bench(preset="no-such-map").desk.put(job.id, json_of(job), track=None, slot=None, reply_to=ASKER)


def test_clips_that_are_asked_for_at_once_are_written_one_after_the_other(
    live: AbletonStandIn, job: Job, json_of: Callable[[Job], Path]
) -> None:
    bench = Bench(**ports(live), track="1")
    threads = [
        threading.Thread(
            target=bench.desk.put, args=(job.id, json_of(job)), kwargs={"track": None, "slot": slot, "reply_to": None}
        )
        for slot in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message[3] for _, message in bench.told()) == [1, 2, 3]
