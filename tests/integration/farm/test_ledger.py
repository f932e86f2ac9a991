"""The rules of who works on what, on a real Redis."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
import redis
from tests.farm_field import RedisServer, free_port, wait_for

from backbeat.farm.ledger import Claim, Event, Ledger, LedgerUnreachable
from backbeat.farm.stage import FarmStage

INGEST, SEPARATE = FarmStage.INGEST, FarmStage.SEPARATE


def submit(ledger: Ledger, run: str = "run", *, daemon: str = "one", place: str = "/song", priority: int = 0) -> Any:
    return ledger.submit(
        run, daemon=daemon, job_id=f"{daemon}-job", request='{"path": "/r"}', asked="{}", place=place, priority=priority
    )


def claim(ledger: Ledger, stage: FarmStage = INGEST, token: str = "t", run: str = "run") -> Claim | None:
    return ledger.claim(run, stage, token, "worker:1")


def look(ledger: Ledger, *, patience_s: float = 60, max_deaths: int = 1) -> Any:
    return ledger.look("run", patience_s=patience_s, max_deaths=max_deaths, stopped=b"stopped", died=b'{"message": "died"}')


def wait_until_silent(ledger: Ledger) -> Any:
    return wait_for("the claim runs out", lambda: (found := look(ledger)).state != "fine" and found, within_s=10)


def test_a_second_daemon_joins_a_run_and_both_hear_of_its_end(ledger: Ledger) -> None:
    assert submit(ledger).stage is INGEST
    assert submit(ledger, daemon="two").stage is INGEST
    mine = claim(ledger)
    assert mine
    assert ledger.finish(mine, b"the end", 1.0, "finished")
    for daemon in ("one", "two"):
        assert [(event.job_id, event.line) for event in ledger.events(daemon, "0-0", wait_s=0)] == [(f"{daemon}-job", b"the end")]
    assert ledger.runs() == []


def test_two_runs_never_write_to_one_place_at_once(ledger: Ledger) -> None:
    submit(ledger, "old")
    assert submit(ledger, "new").stage is None
    mine = claim(ledger, run="old")
    assert mine
    ledger.finish(mine, b"", 1.0, "finished")
    assert submit(ledger, "new").stage is INGEST


def test_a_stage_is_claimed_by_one(ledger: Ledger) -> None:
    submit(ledger)
    assert claim(ledger, token="a")
    assert claim(ledger, token="b") is None
    assert claim(ledger, token="a"), "who asks again because the answer was lost has it"
    assert claim(ledger, SEPARATE) is None, "nor is another stage than the present one"
    assert claim(ledger, run="unknown") is None


def test_only_who_holds_the_claim_ends_the_stage(ledger: Ledger) -> None:
    submit(ledger)
    first = claim(ledger, token="a")
    assert first
    assert wait_until_silent(ledger).state == "lost"
    second = claim(ledger, token="b")
    assert second
    assert ledger.renew(first) == "lost"
    assert not ledger.advance(first, SEPARATE, 1.0)
    assert not ledger.finish(first, b"", 1.0, "finished")
    ledger.tell(first, b"nobody hears this")
    assert ledger.advance(second, SEPARATE, 1.0)
    assert [row["worker"] for row in ledger.history()] == ["worker:1"], "the stage counts once"
    assert ledger.events("one", "0-0", wait_s=0) == []


def test_a_claim_that_is_renewed_stays(ledger: Ledger) -> None:
    submit(ledger)
    mine = claim(ledger)
    assert mine
    for _ in range(20):
        assert ledger.renew(mine) == "mine"
        assert look(ledger).state == "fine"


def test_the_message_of_a_dead_worker_s_task_is_sent_again_by_one_daemon_only(ledger: Ledger) -> None:
    submit(ledger, priority=7)
    claim(ledger)
    found = wait_until_silent(ledger)
    assert (found.state, found.stage, found.priority, found.worker) == ("lost", INGEST, 7, "worker:1")
    assert look(ledger).state == "fine", "the next daemon that looks has nothing to do"


def test_a_run_that_no_worker_survives_is_given_up_and_kept_for_people_to_see(ledger: Ledger) -> None:
    submit(ledger)
    claim(ledger, token="a")
    wait_until_silent(ledger)
    claim(ledger, token="b")
    assert wait_until_silent(ledger).state == "ended"
    assert [event.line for event in ledger.events("one", "0-0", wait_s=0)] == [b'{"message": "died"}']
    (entry,) = map(json.loads, ledger.dead().values())
    assert (entry["stage"], entry["ears"], json.loads(entry["request"])["path"]) == ("ingest", ["one", "one-job"], "/r")
    submit(ledger)
    assert ledger.dead() == {}, "asked for again it is no longer given up"


def test_a_message_that_nobody_takes_is_sent_again_with_longer_and_longer_pauses(ledger: Ledger) -> None:
    submit(ledger)
    assert look(ledger).state == "fine"
    assert look(ledger, patience_s=0.0).state == "unheard"
    wait_for("the first pause is over", lambda: look(ledger, patience_s=0.05).state == "unheard", within_s=5)
    assert look(ledger, patience_s=1000).state == "fine"


def test_a_waiting_run_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(ledger: Ledger) -> None:
    submit(ledger)
    assert ledger.cancel("run", "one") == "stopped"
    assert claim(ledger) is None
    assert ledger.cancel("run", "one") == "gone"
    submit(ledger)
    mine = claim(ledger)
    assert mine
    assert ledger.cancel("run", "one") == "asked"
    assert ledger.renew(mine) == "cancelled"
    assert submit(ledger).stage is None, "who asks again waits until it has stopped"
    ledger.finish(mine, b"stopped", 1.0, "stopped")
    assert submit(ledger).stage is INGEST


def test_a_run_goes_on_for_the_other_daemon_when_one_cancels(ledger: Ledger) -> None:
    submit(ledger)
    submit(ledger, daemon="two")
    mine = claim(ledger)
    assert mine
    assert ledger.cancel("run", "one") == "left"
    assert ledger.renew(mine) == "mine"
    ledger.finish(mine, b"the end", 1.0, "finished")
    assert ledger.events("one", "0-0", wait_s=0) == []
    assert len(ledger.events("two", "0-0", wait_s=0)) == 1


def test_a_daemon_that_cancels_before_it_has_asked_is_told_whether_others_go_on(ledger: Ledger) -> None:
    """Else it would clear away the records that another daemon's run is made of."""
    assert ledger.cancel("run", "two") == "gone"
    submit(ledger)
    assert ledger.cancel("run", "two") == "left"
    assert len(ledger.runs()) == 1


def test_a_cancelled_run_whose_worker_died_has_stopped(ledger: Ledger) -> None:
    submit(ledger)
    claim(ledger)
    ledger.cancel("run", "one")
    assert wait_until_silent(ledger).state == "ended"
    assert [event.line for event in ledger.events("one", "0-0", wait_s=0)] == [b"stopped"]


def test_events_are_heard_from_where_one_was_last(ledger: Ledger) -> None:
    submit(ledger)
    mine = claim(ledger)
    assert mine
    assert ledger.last_event("one") == "0-0"
    for n in range(3):
        ledger.tell(mine, b"%d" % n)
    first, *rest = ledger.events("one", "0-0", wait_s=0.1)
    assert isinstance(first, Event)
    assert ledger.events("one", first.id, wait_s=0.1) == rest
    assert ledger.events("one", ledger.last_event("one"), wait_s=0.05) == []


def test_a_redis_that_is_not_there_is_said_to_be_so() -> None:
    nowhere = Ledger(f"redis://127.0.0.1:{free_port()}/0", claim_s=1)
    with pytest.raises(LedgerUnreachable):
        nowhere.ping()


def test_a_redis_that_lets_nobody_ask_whether_it_keeps_what_it_has_is_believed(redis_server: RedisServer) -> None:
    with closing(redis.Redis.from_url(redis_server.url)) as owner:
        owner.execute_command("ACL", "SETUSER", "guest", "on", ">word", "~*", "&*", "+@all", "-info")
    with closing(Ledger(redis_server.url.replace("//", "//guest:word@"), claim_s=1)) as guest:
        assert guest.keeps_what_it_has()
