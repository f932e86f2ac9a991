"""Playing what is still being heard: begins with the first hits, waits where none are known, and sends each once."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from backbeat.errors import PlayRefused
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.playing.as_heard import AsHeard, transport_as_heard
from backbeat.outputs.playing.growing_hits import GrowingHits
from backbeat.outputs.playing.host_clock import FollowedHost, HostClock
from backbeat.outputs.playing.midi_clock import MidiClock
from backbeat.outputs.playing.mtc import MidiTimecode
from backbeat.outputs.playing.transport import LEAD_IN_S
from backbeat.records import Hit
from backbeat.values import Instrument

HITS = [Hit(0.5 * n, Instrument.KICK, 100, 0.9) for n in range(10)]
PATIENCE_S = 10.0


def test_it_stands_until_something_is_known_beyond_its_place() -> None:
    hits = GrowingHits()
    transport = AsHeard(hits, 0.7)
    transport.begin(0.0, threading.Event())
    assert transport.rolling(0.0) is None
    hits.add(HITS[:2], 0)
    assert transport.rolling(1.0) is None
    hits.add(HITS[2:4], 2)
    rolling = transport.rolling(2.0)
    assert rolling
    assert (rolling.from_s, rolling.time_of(0.7), rolling.until_s) == (0.7, 2.0 + LEAD_IN_S, pytest.approx(2.8 + LEAD_IN_S))


def test_it_rolls_on_without_a_jump_while_more_becomes_known() -> None:
    hits = GrowingHits()
    hits.add(HITS[:2], 0)
    transport = AsHeard(hits)
    first = transport.rolling(0.0)
    hits.add(HITS[2:], 2)
    second = transport.rolling(0.4)
    assert first
    assert second
    assert (second.run, second.at_s) == (first.run, first.at_s)
    assert second.until_s > first.until_s
    hits.complete()
    last = transport.rolling(0.5)
    assert last
    assert last.until_s == math.inf


def test_where_it_has_overtaken_the_hearing_it_goes_on_from_the_last_hit_that_was_known() -> None:
    hits = GrowingHits()
    hits.add(HITS[:2], 0)
    transport = AsHeard(hits)
    assert transport.rolling(0.0)
    assert transport.rolling(0.5 + LEAD_IN_S) is None
    assert transport.rolling(7.0) is None
    hits.add(HITS[2:], 2)
    again = transport.rolling(8.0)
    assert again
    assert (again.run, again.from_s, again.time_of(0.5)) == (2, 0.5, 8.0 + LEAD_IN_S)


class HeldClock:
    """Time that passes only by waiting for a time; who waits for ever really waits, and `is_idle` says so."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.idle = threading.Event()

    def now(self) -> float:
        return self.time_s

    def wait_until(self, time_s: float, stopped: threading.Event) -> bool:
        if time_s == math.inf:
            self.idle.set()
            stopped.wait(PATIENCE_S)
        if stopped.is_set():
            return False
        self.time_s = max(self.time_s, time_s)
        return True


class Port:
    def __init__(self, clock: HeldClock) -> None:
        self._clock = clock
        self.strokes_s: list[float] = []

    def send(self, message) -> None:
        if message[0] == 0x99:
            self.strokes_s.append(self._clock.now())

    def close(self) -> None:
        pass


@contextmanager
def played(hits: GrowingHits, from_s: float = 0.0) -> Iterator[tuple[HeldClock, Port, threading.Event]]:
    clock, over = HeldClock(), threading.Event()
    port = Port(clock)
    player = MidiPlayer(open_port=lambda: port, clock=clock)
    player.play(hits, {Instrument.KICK: 36}, transport=AsHeard(hits, from_s), on_end=lambda _: over.set())
    yield clock, port, over
    player.close()


def eventually(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


def test_every_hit_is_struck_once_in_time_from_where_it_waited() -> None:
    hits = GrowingHits()
    with played(hits) as (clock, port, over):
        assert clock.idle.wait(PATIENCE_S)
        hits.add(HITS[:4], 0)
        eventually(lambda: len(port.strokes_s) == 3)
        clock.idle.clear()
        hits.add(HITS[4:7], 4)
        eventually(lambda: len(port.strokes_s) == 6)
        hits.add(HITS[7:], 7)
        hits.complete()
        assert over.wait(PATIENCE_S)
    assert len(port.strokes_s) == 10
    steps = [later - earlier for earlier, later in zip(port.strokes_s, port.strokes_s[1:], strict=False)]
    assert min(steps) >= 0.5 - 1e-9
    assert steps[:2] == pytest.approx([0.5, 0.5])


def test_when_it_is_lost_it_is_over() -> None:
    hits = GrowingHits()
    with played(hits) as (clock, port, over):
        assert clock.idle.wait(PATIENCE_S)
        hits.lose()
        assert over.wait(PATIENCE_S)
    assert port.strokes_s == []


def test_a_place_beyond_the_end_is_over_when_the_job_is() -> None:
    hits = GrowingHits()
    hits.add(HITS, 0)
    with played(hits, from_s=60.0) as (clock, port, over):
        assert clock.idle.wait(PATIENCE_S)
        hits.complete()
        assert over.wait(PATIENCE_S)
    assert port.strokes_s == []


class Port0:
    def close(self) -> None:
        pass


def host(follower: MidiClock | MidiTimecode) -> HostClock:
    return HostClock(follower, open_input=lambda _name, _hear: Port0())


def test_by_itself_it_waits_for_the_hits_and_with_a_host_the_host_says_when() -> None:
    options = {"from_s": 0.0, "loop": False, "midi_bpm": None, "offset_s": 0.0}
    assert isinstance(transport_as_heard(GrowingHits(), None, **options), AsHeard)
    assert isinstance(transport_as_heard(GrowingHits(), host(MidiTimecode()), **options), FollowedHost)
    assert isinstance(transport_as_heard(GrowingHits(), host(MidiClock()), **{**options, "midi_bpm": 99.0}), FollowedHost)


def test_what_only_the_result_can_tell_is_refused_with_what_to_do() -> None:
    with pytest.raises(PlayRefused, match="loop"):
        transport_as_heard(GrowingHits(), None, from_s=0.0, loop=True, midi_bpm=None, offset_s=0.0)
    with pytest.raises(PlayRefused, match="counts beats"):
        transport_as_heard(GrowingHits(), host(MidiClock()), from_s=0.0, loop=False, midi_bpm=None, offset_s=0.0)
