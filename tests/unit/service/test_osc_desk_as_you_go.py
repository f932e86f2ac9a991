"""Hits of jobs that still run: sent as they are heard, and played."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backbeat.config.schema import Config, JobsConfig, OscConfig
from backbeat.intake.osc_requests import message_to_request
from backbeat.jobs.job import Job
from backbeat.monitor import Unwatched
from backbeat.osc import OscMessage, Peer
from backbeat.osc_row import parse_osc_rows
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.records import Hit
from backbeat.service.hits_announcer import HitsAnnouncer
from backbeat.service.live_desk import LiveDesk
from backbeat.service.osc_desk import OscDesk
from backbeat.service.worker_messages import Heard
from backbeat.values import ClockSource, Instrument

ASKER, LATER, LIGHTS = Peer("127.0.0.1", 7001), Peer("127.0.0.1", 7002), Peer("127.0.0.1", 9000)
HITS = [Hit(0.1 * n, (Instrument.KICK, Instrument.SNARE)[n % 2], 100, 0.75) for n in range(8)]
ROWS = parse_osc_rows([{"to": "127.0.0.1:9000", "address": "/drum", "arguments": ["time", "instrument"]}])


class Port:
    def __init__(self) -> None:
        self.sent: list[tuple[int, ...]] = []

    def send(self, message) -> None:
        self.sent.append(tuple(message))

    def close(self) -> None:
        pass

    @property
    def strokes(self) -> list[int]:
        return [note for status, note, _ in self.sent if status == 0x99]


class Desk:
    """An OscDesk in an office, and a job of it that runs."""

    def __init__(self, office, config: Config) -> None:
        self.office, self.bench, self.port = office, office.bench, Port()
        announcer = self.bench.announcer
        announcer.hits = HitsAnnouncer(self.bench.sender, rows=config.osc.send, as_you_go=config.osc.as_you_go)
        self.desk = OscDesk(
            config=config,
            loop=office.loop,
            store=self.bench.store,
            desk=self.bench.desk,
            announcer=announcer,
            sender=self.bench.sender,
            player=MidiPlayer(open_port=lambda: self.port),
            pool=office.pool,
            monitor=Unwatched(),
            user_presets=None,
            live=LiveDesk(config=config.live, sender=self.bench.sender, pool=office.pool, monitor=Unwatched(), user_presets=None),
        )

    def tell(self, address: str, *arguments: object, sender: Peer = ASKER) -> None:
        request = message_to_request(OscMessage(address=address, arguments=arguments), sender)
        self.office.ask(lambda: self.desk.answer(request))

    def begin(self, **asked: object) -> Job:
        return self.office.ask(lambda: self.bench.submit(self.bench.request(), **asked)).job

    def hear(self, job: Job, first: int, last: int) -> None:
        message = Heard(job_id=job.id, first=first, hits=tuple(HITS[first:last]))
        self.office.ask(lambda: self.bench.desk.receive(message))

    def heard(self, by: Peer, count: int, address: str = "/backbeat/hit") -> list[tuple]:
        return self.bench.socket.wait_for(address, by=by, count=count)

    def until(self, is_so: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + 20
        while not is_so():
            assert time.monotonic() < deadline_s, self.port.sent
            time.sleep(0.005)


def times(messages: list[tuple]) -> list[float]:
    return [pytest.approx(message[2], abs=1e-6) for message in messages]


@pytest.fixture
def make_desk(office, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(midi_clock: ClockSource = ClockSource.INTERNAL, **osc: object) -> Desk:
        config = Config(inbox=tmp_path, jobs=JobsConfig(data_folder=tmp_path / "data"), osc=OscConfig(**osc))
        made.append(Desk(office, replace(config, midi=replace(config.midi, clock=midi_clock))))
        return made[-1]

    yield make
    for desk in made:
        desk.tell("/backbeat/stop")


# Sent as they are heard


def test_without_being_asked_for_no_hits_are_sent(make_desk) -> None:
    desk = make_desk(send=ROWS)
    job = desk.begin(reply_to=ASKER)
    desk.hear(job, 0, 4)
    desk.office.ask(desk.bench.finish)
    desk.heard(ASKER, 1, "/backbeat/done")
    assert desk.bench.socket.heard("/backbeat/hit", by=ASKER) == []
    assert desk.bench.socket.heard(by=LIGHTS) == []


def test_hits_of_a_running_job_come_to_who_asks_those_that_are_there_at_once_and_each_once(make_desk) -> None:
    desk = make_desk(send=ROWS)
    job = desk.begin()
    desk.hear(job, 0, 3)
    desk.tell("/backbeat/hits", job.id)
    assert times(desk.heard(ASKER, 3)) == [0.0, 0.1, 0.2]
    desk.tell("/backbeat/hits", job.id)
    desk.hear(job, 3, 8)
    hits = desk.heard(ASKER, 8)
    assert times(hits) == [hit.time_s for hit in HITS]
    assert hits[1][1:] == (job.id, pytest.approx(0.1), "snare", 38, 100, pytest.approx(0.75))
    assert times([("", *message) for message in desk.heard(LIGHTS, 8, "/drum")]) == [hit.time_s for hit in HITS]
    assert desk.bench.socket.heard("/backbeat/hit") == [], "not to those who did not ask"


def test_as_you_go_all_who_are_interested_get_all_hits_once_before_the_last_word(make_desk) -> None:
    desk = make_desk(as_you_go=True, send=ROWS)
    job = desk.begin(reply_to=ASKER)
    desk.hear(job, 0, 2)
    desk.tell("/backbeat/subscribe", 7002)
    desk.hear(job, 2, 6)
    desk.hear(job, 6, 8)
    desk.office.ask(desk.bench.finish)
    for peer in (ASKER, LATER, desk.bench.subscriber):
        desk.heard(peer, 1, "/backbeat/done")
        said = desk.bench.socket.heard("/backbeat/hit", "/backbeat/done", by=peer)
        assert [message[0] for message in said] == ["/backbeat/hit"] * 8 + ["/backbeat/done"]
        assert times(said[:8]) == [hit.time_s for hit in HITS], "who subscribed in the middle too"
    assert len(desk.heard(LIGHTS, 8, "/drum")) == 8


def test_a_job_that_is_begun_again_sends_no_hit_twice(make_desk) -> None:
    desk = make_desk(as_you_go=True)
    job = desk.begin()
    desk.hear(job, 0, 5)
    desk.office.ask(desk.bench.die)
    desk.bench.now_s += 1e6
    desk.office.until(lambda: desk.bench.worker.job_id)
    desk.hear(job, 0, 3)
    desk.hear(job, 3, 8)
    assert times(desk.heard(desk.bench.subscriber, 8)) == [hit.time_s for hit in HITS]
    assert len(desk.bench.socket.heard("/backbeat/hit")) == 8


def test_hits_that_the_runner_did_not_tell_come_from_the_result(make_desk) -> None:
    desk = make_desk(as_you_go=True)
    desk.begin()
    desk.office.ask(desk.bench.finish)
    desk.heard(desk.bench.subscriber, 1, "/backbeat/done")
    said = desk.bench.socket.heard("/backbeat/hit", "/backbeat/done")
    assert [message[0] for message in said][-1] == "/backbeat/done"
    assert times(said[:-1]) == [0.0, 0.05]


@pytest.mark.parametrize(("end", "address"), [("fail", "/backbeat/failed"), ("stopped", "/backbeat/cancelled")])
def test_how_a_followed_job_came_to_nothing_is_told_after_its_hits(make_desk, end, address) -> None:
    desk = make_desk()
    job = desk.begin()
    desk.tell("/backbeat/hits", job.id)
    desk.hear(job, 0, 4)
    if end == "stopped":
        desk.tell("/backbeat/cancel", job.id)
    desk.office.ask(getattr(desk.bench, end))
    desk.heard(ASKER, 1, address)
    said = desk.bench.socket.heard("/backbeat/hit", address, by=ASKER)
    assert [message[0] for message in said] == ["/backbeat/hit"] * 4 + [address]


# Played


def test_a_running_job_is_played_from_its_first_hits_on_and_those_that_come_later_join(make_desk) -> None:
    desk = make_desk()
    job = desk.begin()
    desk.tell("/backbeat/play", job.id)
    assert desk.port.sent == [], "it waits"
    desk.hear(job, 0, 3)
    desk.until(lambda: len(desk.port.strokes) >= 2)
    desk.hear(job, 3, 8)
    desk.office.ask(desk.bench.finish)
    desk.until(lambda: len(desk.port.strokes) == 8)
    assert desk.port.strokes == [36, 38] * 4


def test_a_running_job_is_played_from_a_place(make_desk) -> None:
    desk = make_desk()
    job = desk.begin()
    desk.tell("/backbeat/play", job.id, 0.35)
    desk.hear(job, 0, 8)
    desk.office.ask(desk.bench.finish)
    desk.until(lambda: len(desk.port.strokes) == 4)


@pytest.mark.parametrize(("end", "address"), [("fail", "/backbeat/failed"), ("stopped", "/backbeat/cancelled")])
def test_when_the_job_comes_to_nothing_it_falls_silent_and_says_so(make_desk, end, address) -> None:
    desk = make_desk()
    job = desk.begin()
    desk.tell("/backbeat/play", job.id)
    desk.hear(job, 0, 8)
    desk.until(lambda: len(desk.port.strokes) >= 1)
    if end == "stopped":
        desk.tell("/backbeat/cancel", job.id)
    desk.office.ask(getattr(desk.bench, end))
    desk.heard(ASKER, 1, address)
    assert desk.port.sent[-1] == (0xB9, 123, 0), "all notes off"
    assert len(desk.port.strokes) < 8


def test_what_is_played_instead_is_not_silenced_by_the_job_that_fails(make_desk) -> None:
    desk = make_desk()
    done = desk.begin()
    desk.office.ask(desk.bench.finish)
    running = desk.office.ask(lambda: desk.bench.submit(desk.bench.request("other.wav"))).job
    desk.tell("/backbeat/play", running.id)
    desk.tell("/backbeat/play", done.id)
    desk.office.ask(desk.bench.fail)
    desk.until(lambda: len(desk.port.strokes) == 2)


def test_a_running_job_is_not_looped(make_desk) -> None:
    desk = make_desk()
    job = desk.begin()
    desk.tell("/backbeat/play", job.id, 0.0, 1)
    ((_, about, sentence),) = desk.heard(ASKER, 1, "/backbeat/error")
    assert about == "/backbeat/play"
    assert "without the loop" in sentence
