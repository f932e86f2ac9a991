"""Whole jobs through daemons' runners and workers, on a real Redis; only Celery is a list."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.farm_field import wait_for
from tests.integration.farm.conftest import InProcessFarm

from backbeat.errors import Cancelled
from backbeat.farm.ledger import Ledger, LedgerUnreachable
from backbeat.farm.path_map import PathMap
from backbeat.farm.stage import FarmStage
from backbeat.farm.storage import Storage
from backbeat.farm.workplace import SharedFolders
from backbeat.monitor import Unwatched
from backbeat.outputs.read_result import read_document
from backbeat.pipeline.request import Request
from backbeat.pipeline.run import run_request
from backbeat.service.finished_result import finished_result
from backbeat.service.worker_messages import Failed, Finished, Progress, Stopped, Written
from backbeat.values import OutputKind, Stage

ALL = list(FarmStage)
DONE_ONCE = ["ingest done", "separate done", "hear done", "export finished"]


def whole(farm: InProcessFarm, request: Request) -> None:
    assert farm.work(times=4) == ALL
    assert isinstance(farm.wait_for_end(), Finished)
    assert finished_result(request)


def test_a_job_goes_through_four_tasks_and_is_told_as_a_local_one(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    whole(farm, request)
    assert farm.stages() == DONE_ONCE
    messages = farm.heard["one"]
    assert all(message.job_id == "job" for message in messages)
    assert [message.kind for message in messages if isinstance(message, Written)][-1] is OutputKind.JSON
    assert {message.stage for message in messages if isinstance(message, Progress)} >= set(Stage) - {Stage.NOTATION}
    end = farm.ends()[-1]
    assert end.outputs[OutputKind.JSON] == request.output(OutputKind.JSON)
    assert end.summary["hits"] > 0
    assert farm.leftovers() == [], "records are removed when the job has ended"


def test_the_result_is_that_of_the_local_path(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    whole(farm, request)
    here = read_document(request.output(OutputKind.JSON))
    midi = request.output(OutputKind.MIDI).read_bytes()
    fresh = replace(farm.tools, cache=replace(farm.tools.cache, folder=loop.parent / "analyses"))
    run_request(request, tools=fresh, monitor=Unwatched(), announce=lambda _kind, _path: None)
    there = read_document(request.output(OutputKind.JSON))
    assert {**here, "timings": None} == {**there, "timings": None}
    assert here["timings"].keys() == there["timings"].keys()
    assert request.output(OutputKind.MIDI).read_bytes() == midi


def test_what_was_heard_before_is_not_heard_again(field_of_work: InProcessFarm, loop: Path) -> None:
    farm = field_of_work
    runner = farm.daemon()
    runner.submit("job", farm.request(loop))
    farm.work(times=4)
    farm.wait_for_end()
    runner.submit("again", farm.request(loop, sensitivity="70"))
    assert farm.work(times=2) == [FarmStage.INGEST, FarmStage.EXPORT]
    assert isinstance(farm.wait_for_end(count=2), Finished)


def test_a_kept_stem_comes_out_of_the_farm(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop, keep_stem="true")
    farm.daemon().submit("job", request)
    whole(farm, request)
    assert request.output(OutputKind.STEM).stat().st_size > 1000


def test_a_task_that_is_delivered_twice_does_its_work_once(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    for stage in ALL:
        ((_, run),) = wait_for("the task", lambda: list(farm.sent), within_s=10)
        farm.sent.append((stage, run))
        farm.work(times=2)
    assert isinstance(farm.wait_for_end(), Finished)
    assert farm.stages() == DONE_ONCE
    assert len(farm.ends()) == 1


def test_the_same_recording_asked_for_by_two_daemons_is_done_once_and_both_hear_of_it(
    field_of_work: InProcessFarm, loop: Path
) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon("one").submit("first", request)
    farm.wait_for_run(lambda run: run["stage"] == "ingest")
    farm.daemon("two").submit("second", request)
    wait_for("the second has joined", lambda: len(farm.sent) == 2, within_s=10)
    farm.work(times=5)
    ends = farm.wait_for_end("one"), farm.wait_for_end("two")
    assert [(type(end), end.job_id) for end in ends] == [(Finished, "first"), (Finished, "second")]
    assert farm.stages() == DONE_ONCE


def test_a_daemon_that_asks_when_the_result_is_there_hears_so_without_work(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    whole(farm, request)
    written = request.output(OutputKind.JSON).stat().st_mtime_ns
    farm.daemon("two").submit("later", request)
    assert farm.work() == [FarmStage.INGEST]
    assert isinstance(farm.wait_for_end("two"), Finished)
    assert request.output(OutputKind.JSON).stat().st_mtime_ns == written


# Workers die, messages are lost, Redis forgets


@pytest.mark.parametrize("stage", [FarmStage.HEAR, FarmStage.EXPORT])
def test_the_task_of_a_worker_that_died_is_done_by_another(field_of_work: InProcessFarm, loop: Path, stage: FarmStage) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    before = ALL.index(stage)
    farm.work(times=before)
    _, run = wait_for("the task", lambda: farm.sent and farm.sent.pop(0), within_s=10)
    assert farm.ledger.claim(run, stage, "dies with it", "victim:1")
    assert farm.work(times=4 - before) == ALL[before:]
    assert isinstance(farm.wait_for_end(), Finished)
    assert farm.stages() == DONE_ONCE
    assert finished_result(request)


def test_a_stage_whose_record_is_there_is_not_done_again(field_of_work: InProcessFarm, loop: Path) -> None:
    """The worker died between writing the record and saying so."""
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    farm.work(times=3)
    run = farm.ledger.runs()[0]["id"]
    (record,) = (farm.folder / "storage").glob(f"*/{run}/analysis")
    written = record.stat().st_mtime_ns
    farm.ledger._redis.hset(f"{farm.ledger._prefix}run:{run}", "stage", "hear")
    farm.sent[:] = [(FarmStage.HEAR, run)]
    farm.work()
    assert record.stat().st_mtime_ns == written
    farm.work()
    assert isinstance(farm.wait_for_end(), Finished)


def test_a_recording_that_kills_every_worker_fails_and_is_listed_as_given_up(field_of_work: InProcessFarm, loop: Path) -> None:
    farm = field_of_work
    farm.daemon(max_deaths=1).submit("job", farm.request(loop))
    for attempt in range(2):
        _, run = wait_for("the task", lambda: farm.sent and farm.sent.pop(0), within_s=10)
        assert farm.ledger.claim(run, FarmStage.INGEST, f"token {attempt}", "victim:1")
    end = farm.wait_for_end()
    assert isinstance(end, Failed)
    assert (end.job_id, end.code, end.retry) == ("job", "worker_died", False)
    (entry,) = map(json.loads, farm.ledger.dead().values())
    assert entry["ears"] == ["one", "job"]


def test_a_message_that_was_lost_is_sent_again(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon(patience_s=0.2).submit("job", request)
    wait_for("the first message", lambda: farm.sent, within_s=10)
    farm.sent.clear()
    assert farm.work() == [FarmStage.INGEST]
    while FarmStage.EXPORT not in farm.work():
        farm.sent.clear()
    assert isinstance(farm.wait_for_end(), Finished)
    assert farm.stages() == DONE_ONCE


def test_a_redis_that_has_forgotten_everything_is_told_again(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    farm.work(times=2)
    for key in farm.ledger._redis.scan_iter(f"{farm.ledger._prefix}*"):
        farm.ledger._redis.delete(key)
    farm.sent.clear()
    assert farm.work(times=4) == ALL
    assert isinstance(farm.wait_for_end(), Finished)
    assert finished_result(request)


def test_a_daemon_that_comes_back_finds_its_job_where_it_is(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    first = farm.daemon()
    first.submit("job", request)
    farm.work(times=2)
    first.stop(5)
    farm.daemon().submit("job", request)
    wait_for("it is asked for again", lambda: len(farm.sent) == 2, within_s=10)
    assert farm.work(times=3) == [FarmStage.HEAR, FarmStage.HEAR, FarmStage.EXPORT]
    assert isinstance(farm.wait_for_end(), Finished)
    assert farm.stages() == DONE_ONCE


class CutLedger:
    """A ledger whose connection can be cut."""

    def __init__(self, ledger: Ledger) -> None:
        self.is_cut = False
        self._ledger = ledger

    def __getattr__(self, name: str) -> object:
        if self.is_cut:
            raise LedgerUnreachable("cut")
        return getattr(self._ledger, name)

    def close(self) -> None:
        pass


def test_jobs_wait_while_redis_cannot_be_reached(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    ledger = CutLedger(farm.ledger)
    runner = farm.daemon(ledger=ledger)
    assert runner.capacity > 0
    ledger.is_cut = True
    wait_for("it notices", lambda: runner.capacity == 0, within_s=10)
    runner.submit("job", request)
    ledger.is_cut = False
    assert farm.work(times=4) == ALL
    assert isinstance(farm.wait_for_end(), Finished)


def test_how_a_job_ended_while_the_daemon_was_cut_off_is_heard_afterwards(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    ledger = CutLedger(farm.ledger)
    runner = farm.daemon(ledger=ledger)
    loop.unlink()
    runner.submit("job", request)
    wait_for("the task", lambda: farm.sent, within_s=10)
    ledger.is_cut = True
    wait_for("it notices", lambda: runner.capacity == 0, within_s=10)
    farm.work()
    ledger.is_cut = False
    assert isinstance(farm.wait_for_end(), Failed)
    assert (farm.sent, farm.ledger.runs(), farm.stages()) == ([], [], ["ingest failed"]), "it is not done again"


# Cancelling, failing


def test_a_waiting_job_is_cancelled_at_once(field_of_work: InProcessFarm, loop: Path) -> None:
    farm = field_of_work
    runner = farm.daemon()
    runner.submit("job", farm.request(loop))
    assert farm.work() == [FarmStage.INGEST]
    wait_for("the next task waits", lambda: farm.sent, within_s=10)
    runner.cancel("job")
    assert farm.wait_for_end() == Stopped(job_id="job")
    farm.work()
    assert farm.stages() == ["ingest done"], "its message finds nothing to do"
    assert farm.leftovers() == []


def test_a_running_job_hears_of_its_cancelling(field_of_work: InProcessFarm, loop: Path) -> None:
    """A worker that would go on for ever, but for asking whether it is still wanted."""
    farm = field_of_work
    runner = farm.daemon()
    runner.submit("job", farm.request(loop))
    worker = farm.worker()
    endless = threading.Thread(target=_endless, args=(farm, worker), daemon=True)
    endless.start()
    farm.wait_for_run(lambda run: bool(run["token"]))
    runner.cancel("job")
    assert farm.wait_for_end() == Stopped(job_id="job")
    endless.join(10)
    assert farm.stages() == ["ingest stopped"]
    assert farm.ledger.runs() == []


def _endless(farm: InProcessFarm, worker: object) -> None:
    from backbeat.farm.heartbeat import Heartbeat  # noqa: PLC0415
    from backbeat.farm.tasks import JOB, STOPPED  # noqa: PLC0415
    from backbeat.service.worker_channel import JobMonitor  # noqa: PLC0415

    class Silent:
        def send(self, message: object) -> None:
            pass

    stage, run = wait_for("the task", lambda: farm.sent and farm.sent.pop(0), within_s=10)
    claim = farm.ledger.claim(run, stage, "token", "w:1")
    assert claim
    with Heartbeat(farm.ledger, claim, 0.1) as heartbeat, suppress(Cancelled):
        monitor = JobMonitor(JOB, Silent(), heartbeat)
        while True:
            monitor.check()
    farm.ledger.finish(claim, STOPPED, 1.0, "stopped")


def test_a_worker_that_was_silent_for_too_long_does_not_count(field_of_work: InProcessFarm, loop: Path) -> None:
    """Its machine slept, say: another has the task when it wakes, and it gives up by itself."""
    from backbeat.farm.heartbeat import Heartbeat  # noqa: PLC0415

    farm, request = field_of_work, field_of_work.request(loop)
    farm.daemon().submit("job", request)
    stage, run = wait_for("the task", lambda: farm.sent and farm.sent.pop(0), within_s=10)
    sleeper = farm.ledger.claim(run, stage, "sleeper", "w:1")
    assert sleeper
    farm.work(times=1)
    with Heartbeat(farm.ledger, sleeper, 0.1) as heartbeat:
        wait_for("it hears of it", lambda: heartbeat.is_lost, within_s=10)
        assert "the job" in heartbeat
    farm.work(times=3)
    assert isinstance(farm.wait_for_end(), Finished)


class Stuck(SharedFolders):
    """Its work begins when it is let go."""

    def __init__(self, storage: Storage, let_go: threading.Event) -> None:
        super().__init__(storage, PathMap(()))
        self._let_go = let_go

    @contextmanager
    def at(self, request: Request, run: str, stage: FarmStage) -> Iterator[Request]:
        self._let_go.wait(60)
        with super().at(request, run, stage) as here:
            yield here


def test_a_task_that_takes_too_long_fails_its_job_also_while_it_hangs(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request, let_go = field_of_work, field_of_work.request(loop), threading.Event()
    farm.daemon().submit("job", request)
    worker = replace(farm.worker(workplace=Stuck(farm.workplace.storage, let_go)), limit_s=0.3)
    hanging = threading.Thread(target=farm.work, args=(worker,), daemon=True)
    hanging.start()
    end = farm.wait_for_end()
    assert isinstance(end, Failed)
    assert (end.job_id, end.code, end.retry) == ("job", "took_too_long", False)
    assert hanging.is_alive(), "it does not let go"
    assert list(farm.ledger.dead()) == [request.identity]
    let_go.set()
    hanging.join(30)
    assert (farm.stages(), farm.sent) == (["ingest failed"], []), "what it did in the end does not count"


def test_a_failure_that_would_repeat_itself_ends_the_job_and_leaves_nothing(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    loop.unlink()
    farm.daemon().submit("job", request)
    farm.work()
    end = farm.wait_for_end()
    assert isinstance(end, Failed)
    assert (end.job_id, end.code, end.retry) == ("job", "missing", False)
    assert farm.leftovers() == []
    assert farm.ledger.dead() == {}, "a recording that is not there is nothing that the farm did"


def test_a_failure_that_may_pass_keeps_what_was_done_for_the_next_try(field_of_work: InProcessFarm, loop: Path) -> None:
    farm, request = field_of_work, field_of_work.request(loop)
    runner = farm.daemon()
    runner.submit("job", request)
    farm.work(times=3)
    request.output(OutputKind.MIDI).mkdir()
    farm.work()
    end = farm.wait_for_end()
    assert isinstance(end, Failed)
    assert (end.code, end.retry) == ("output", True)
    assert "analysis" in farm.leftovers()
    request.output(OutputKind.MIDI).rmdir()
    runner.submit("job", request)
    assert farm.work(times=2) == [FarmStage.INGEST, FarmStage.EXPORT]
    assert isinstance(farm.wait_for_end(count=2), Finished)
    assert farm.leftovers() == []
