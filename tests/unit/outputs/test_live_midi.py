from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backbeat.errors import MidiPortError
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.midi_port import best_port
from backbeat.outputs.playing.hit_source import HitList
from backbeat.outputs.playing.performance import ALL_NOTES_OFF, NOTE_OFF, NOTE_ON
from backbeat.outputs.playing.transport import FreeRun
from backbeat.records import Hit, Hits, hits_from_rows
from backbeat.values import Instrument

KICK, SNARE = Instrument.KICK, Instrument.SNARE
NOTES = {KICK: 36, SNARE: 38}
PATIENCE_S = 10.0


def hits(*rows: tuple[float, Instrument, int]) -> Hits:
    return hits_from_rows([Hit(time_s, instrument, velocity, 1.0) for time_s, instrument, velocity in rows], engine="test")


class FakeClock:
    """Time that passes only by waiting; `stop_at_s` holds it there until the player is stopped."""

    def __init__(self, stop_at_s: float | None = None) -> None:
        self.time_s = 100.0
        self._hold_at_s = None if stop_at_s is None else 100.0 + stop_at_s
        self.holding = threading.Event()

    def now(self) -> float:
        return self.time_s

    def wait_until(self, time_s: float, stopped: threading.Event) -> bool:
        if self._hold_at_s is not None and time_s > self._hold_at_s:
            self.holding.set()
            stopped.wait(PATIENCE_S)
        if stopped.is_set():
            return False
        self.time_s = max(self.time_s, time_s)
        return True


class FakePort:
    def __init__(self, clock: FakeClock, *, fails_after: int | None = None) -> None:
        self._clock = clock
        self._fails_after = fails_after
        self.sent: list[tuple[float, tuple[int, ...]]] = []
        self.closed = False

    def send(self, message: Sequence[int]) -> None:
        if self._fails_after is not None and len(self.sent) >= self._fails_after:
            raise MidiPortError("the cable was pulled")
        self.sent.append((round(self._clock.now() - 100.05, 6), tuple(message)))

    def close(self) -> None:
        self.closed = True


class Bench:
    def __init__(self, *, stop_at_s: float | None = None, fails_after: int | None = None, silent: bool = False) -> None:
        self.clock = FakeClock(stop_at_s)
        self.ports: list[FakePort] = []
        self.heard: list[tuple[Hit, int]] = []
        self.ended: list[MidiPortError | None] = []
        self.over = threading.Event()
        self._fails_after = fails_after
        self.player = MidiPlayer(open_port=self._open, clock=self.clock, silent=silent)

    def _open(self) -> FakePort:
        self.ports.append(FakePort(self.clock, fails_after=self._fails_after))
        return self.ports[-1]

    def play(self, played: Hits, from_s: float = 0.0, loop_end_s: float | None = None) -> None:
        self.over.clear()
        self.player.play(
            HitList(played),
            NOTES,
            transport=FreeRun(from_s, loop_end_s),
            on_hit=lambda hit, note: self.heard.append((hit, note)),
            on_end=self._end,
        )

    def _end(self, error: MidiPortError | None) -> None:
        self.ended.append(error)
        self.over.set()

    def wait(self) -> None:
        assert self.over.wait(PATIENCE_S)

    @property
    def sent(self) -> list[tuple[float, tuple[int, ...]]]:
        return [message for port in self.ports for message in port.sent]


def test_hits_are_sent_at_their_times_and_every_note_ends() -> None:
    bench = Bench()
    bench.play(hits((0.0, KICK, 100), (0.0, SNARE, 90), (0.5, KICK, 80)))
    bench.wait()
    assert bench.sent == [
        (0.0, (NOTE_ON, 36, 100)),
        (0.0, (NOTE_ON, 38, 90)),
        (0.1, (NOTE_OFF, 36, 0)),
        (0.1, (NOTE_OFF, 38, 0)),
        (0.5, (NOTE_ON, 36, 80)),
        (0.6, (NOTE_OFF, 36, 0)),
    ]
    assert [(hit.time_s, hit.instrument, note) for hit, note in bench.heard] == [
        (0.0, KICK, 36),
        (0.0, SNARE, 38),
        (0.5, KICK, 36),
    ]
    assert bench.ended == [None]


def test_a_note_ends_before_the_same_drum_is_struck_again() -> None:
    bench = Bench()
    bench.play(hits((0.0, KICK, 100), (0.03, KICK, 50)))
    bench.wait()
    assert [(time_s, message[0]) for time_s, message in bench.sent] == [
        (0.0, NOTE_ON), (0.03, NOTE_OFF), (0.03, NOTE_ON), (0.13, NOTE_OFF),
    ]  # fmt: skip


def test_playing_from_a_time_leaves_out_what_is_before_and_starts_at_once() -> None:
    bench = Bench()
    bench.play(hits((0.0, KICK, 100), (10.0, SNARE, 90), (10.25, KICK, 80)), from_s=10.0)
    bench.wait()
    assert [(t, m[1]) for t, m in bench.sent if m[0] == NOTE_ON] == [(0.0, 38), (0.25, 36)]


def test_an_instrument_without_a_note_is_left_out() -> None:
    bench = Bench()
    bench.play(hits((0.0, Instrument.CHINA, 100), (0.1, KICK, 90)))
    bench.wait()
    assert [note for _, note in bench.heard] == [36]


def test_a_loop_plays_the_same_part_again_and_again_until_it_is_stopped() -> None:
    bench = Bench(stop_at_s=3.5)
    bench.play(hits((0.0, KICK, 100), (1.0, KICK, 90), (1.95, SNARE, 80), (2.5, KICK, 70)), from_s=1.0, loop_end_s=2.0)
    assert bench.clock.holding.wait(PATIENCE_S)
    bench.player.stop()
    ons = [(time_s, message[1]) for time_s, message in bench.sent if message[0] == NOTE_ON]
    assert ons == [(0.0, 36), (0.95, 38), (1.0, 36), (1.95, 38), (2.0, 36), (2.95, 38), (3.0, 36)]
    assert [t for t, m in bench.sent if m[:2] == (NOTE_OFF, 38)] == [1.0, 2.0, 3.0], "nothing sounds across the seam"
    assert bench.sent[-1][1] == ALL_NOTES_OFF


def test_the_shortest_loop_leaves_time_for_others() -> None:
    bench = Bench(stop_at_s=1.0)
    bench.play(hits((1.0, KICK, 100)), from_s=1.0, loop_end_s=1.0)
    assert bench.clock.holding.wait(PATIENCE_S)
    bench.player.stop()
    ons = [message for _, message in bench.sent if message[0] == NOTE_ON]
    assert 15 <= len(ons) <= 21


def test_no_hits_are_over_at_once() -> None:
    bench = Bench()
    bench.play(hits())
    bench.wait()
    assert bench.sent == []


def test_stop_ends_what_sounds_and_then_all_notes() -> None:
    bench = Bench(stop_at_s=1.0)
    bench.play(hits((0.9, KICK, 100), (0.9, SNARE, 100), (5.0, KICK, 100)))
    assert bench.clock.holding.wait(PATIENCE_S)
    assert bench.player.is_playing
    bench.player.stop()
    assert [m for _, m in bench.sent][2:] == [(NOTE_OFF, 36, 0), (NOTE_OFF, 38, 0), ALL_NOTES_OFF]
    assert not bench.player.is_playing
    bench.player.stop()


def test_a_second_play_ends_the_first_and_uses_the_same_port() -> None:
    bench = Bench(stop_at_s=1.0)
    bench.play(hits((0.9, KICK, 100), (5.0, KICK, 100)))
    assert bench.clock.holding.wait(PATIENCE_S)
    bench.play(hits((0.0, SNARE, 77)), from_s=0.0)
    bench.player.stop()
    assert len(bench.ports) == 1
    kinds = [message for _, message in bench.sent]
    assert kinds[:3] == [(NOTE_ON, 36, 100), (NOTE_OFF, 36, 0), ALL_NOTES_OFF]
    assert (NOTE_ON, 36, 100) not in kinds[3:]


def test_a_listener_may_stop_the_playing_from_its_callback() -> None:
    bench = Bench()
    over = threading.Event()
    bench.player.play(
        HitList(hits((0.0, KICK, 100), (1.0, KICK, 100))),
        NOTES,
        on_hit=lambda *_: bench.player.stop(),
        on_end=lambda _: over.set(),
    )
    assert over.wait(PATIENCE_S)
    assert [m for _, m in bench.sent] == [(NOTE_ON, 36, 100), (NOTE_OFF, 36, 0), ALL_NOTES_OFF]


def test_a_port_that_fails_ends_the_playing_with_the_reason_and_is_opened_anew_next_time() -> None:
    bench = Bench(fails_after=1)
    bench.play(hits((0.0, KICK, 100), (0.5, KICK, 100)))
    bench.wait()
    assert str(bench.ended[0]) == "the cable was pulled"
    assert bench.ports[0].closed
    bench.play(hits((0.0, KICK, 100)))
    bench.wait()
    assert len(bench.ports) == 2


def test_the_port_is_opened_with_the_first_play_only_and_closed_on_close() -> None:
    bench = Bench()
    assert bench.ports == []
    for _ in range(2):
        bench.play(hits((0.0, KICK, 100)))
        bench.wait()
    bench.player.close()
    assert [port.closed for port in bench.ports] == [True]


def test_without_a_port_the_hits_are_told_all_the_same() -> None:
    bench = Bench(silent=True)
    bench.play(hits((0.0, KICK, 100), (0.2, SNARE, 90)))
    bench.wait()
    assert bench.ports == []
    assert [note for _, note in bench.heard] == [36, 38]


def test_no_port_to_be_had_is_raised_to_the_caller() -> None:
    def no_port() -> FakePort:
        raise MidiPortError("there is no MIDI output port to play on")

    player = MidiPlayer(open_port=no_port)
    with pytest.raises(MidiPortError, match="no MIDI output port"):
        player.play(HitList(hits((0.0, KICK, 100))), NOTES)
    assert not player.is_playing


@given(st.lists(st.tuples(st.floats(0, 2), st.sampled_from([KICK, SNARE]), st.integers(1, 127)), max_size=40), st.floats(0, 2))
def test_what_is_sent_is_in_order_and_no_note_is_left_sounding(rows: list[tuple[float, Instrument, int]], from_s: float) -> None:
    bench = Bench()
    bench.play(hits(*rows), from_s=from_s)
    bench.wait()
    times = [time_s for time_s, _ in bench.sent]
    assert times == sorted(times)
    assert Counter(hit for hit, _ in bench.heard) == Counter(h for h in hits(*rows) if h.time_s >= from_s)
    sounding: set[int] = set()
    for _, (status, note, _) in bench.sent:
        if status == NOTE_ON:
            assert note not in sounding, "a note ends before it is struck again"
        (sounding.add if status == NOTE_ON else sounding.remove)(note)
    assert sounding == set()


def test_a_port_is_found_by_its_name_or_by_part_of_it() -> None:
    names = ["Midi Through:0", "loopMIDI Port 2", "loopMIDI Port"]
    assert best_port(names, "loopmidi port") == 2
    assert best_port(names, "loopMIDI") == 1
    assert best_port(names, "Keystation") is None
    assert best_port(names, None) == 0
    assert best_port([], None) is None
