from __future__ import annotations

import mido
import pytest
from tests.midi_host import CONTINUE, START, STOP, TICK, Host

from backbeat.outputs.playing.midi_clock import MidiClock
from backbeat.outputs.playing.transport import Rolling


def heard(host: Host) -> MidiClock:
    clock = MidiClock()
    hear(clock, host)
    return clock


def hear(clock: MidiClock, host: Host) -> None:
    for at_s, message in host.script:
        clock.receive(mido.Message.from_bytes(message), at_s)
    host.script.clear()


def place(clock: MidiClock, at_s: float) -> float:
    """In quarter notes."""
    rolling = clock.rolling(at_s)
    assert rolling is not None
    return rolling.position_s + (at_s - rolling.at_s) * rolling.rate


def test_the_song_starts_with_the_first_tick_after_start() -> None:
    host = Host()
    host.clock(48, 120)
    host.say(START)
    clock = heard(host)
    assert clock.rolling(host.now_s) is None, "the first tick is still to come"
    host.now_s += 0.010
    host.clock(24, 120)
    hear(clock, host)
    assert place(clock, host.now_s) == pytest.approx(1.0, abs=1e-6)
    rolling = clock.rolling(host.now_s)
    assert rolling is not None
    assert (rolling.from_s, rolling.rate) == (0.0, pytest.approx(2.0))


def test_ticks_without_a_start_are_no_playing() -> None:
    host = Host()
    host.clock(96, 120)
    assert heard(host).rolling(host.now_s) is None


def test_continue_goes_on_where_it_was_stopped_and_a_song_position_sets_where() -> None:
    host = Host()
    host.say(START)
    host.clock(30, 100)
    host.say(STOP)
    clock = heard(host)
    assert clock.rolling(host.now_s) is None
    host.clock(50, 100)
    host.say(CONTINUE)
    host.clock(1, 100)
    hear(clock, host)
    assert place(clock, host.now_s) == pytest.approx(31 / 24, abs=1e-6)
    host.say(STOP)
    host.song_position(1000)
    host.say(CONTINUE)
    host.clock(6, 100)
    hear(clock, host)
    assert place(clock, host.now_s) == pytest.approx(250.25, abs=1e-6)
    rolling = clock.rolling(host.now_s)
    assert rolling is not None
    assert rolling.from_s == 250


def test_a_start_after_a_song_position_is_from_the_top() -> None:
    host = Host()
    host.song_position(64)
    host.say(START)
    host.clock(12, 120)
    assert place(heard(host), host.now_s) == pytest.approx(0.5, abs=1e-6)


def test_a_jump_while_it_rolls_is_another_run_and_a_position_that_is_right_is_not() -> None:
    host = Host()
    host.say(START)
    host.clock(24, 120)
    clock = heard(host)
    first = run(clock.rolling(host.now_s))
    host.song_position(4)
    host.clock(25, 120)
    host.song_position(8)  # a tick after it was there
    host.clock(23, 120)
    hear(clock, host)
    assert run(clock.rolling(host.now_s)) == first
    assert place(clock, host.now_s) == pytest.approx(3, abs=1e-6)
    host.song_position(0)
    host.clock(1, 120)
    hear(clock, host)
    assert run(clock.rolling(host.now_s)) != first
    assert place(clock, host.now_s) == pytest.approx(1 / 24, abs=1e-6)


def run(rolling: Rolling | None) -> int:
    assert rolling is not None
    return rolling.run


def test_a_clock_that_stays_away_stands_and_goes_on_where_it_was_when_it_comes_back() -> None:
    host = Host()
    host.say(START)
    host.clock(48, 120)
    clock = heard(host)
    assert clock.rolling(host.now_s + 0.2) is not None, "bridged for a moment"
    assert clock.rolling(host.now_s + 0.3) is None
    host.now_s += 5
    host.clock(2, 120)
    hear(clock, host)
    assert place(clock, host.now_s) == pytest.approx(50 / 24, abs=1e-6)


def test_a_slow_clock_has_not_stopped() -> None:
    host = Host()
    host.say(START)
    host.clock(48, 20)  # 125 ms
    clock = heard(host)
    assert clock.rolling(host.now_s + 0.3) is not None


def test_lost_ticks_do_not_put_it_back() -> None:
    host = Host()
    host.say(START)
    host.clock(120, 120)
    lost = host.script[60:64]
    host.script = [sent for sent in host.script if sent not in lost]
    assert place(heard(host), host.now_s) == pytest.approx(5, abs=1e-3)


def test_other_messages_mean_nothing() -> None:
    clock = MidiClock()
    for message in ((0x90, 36, 100), (0xFE,), (0xF1, 0x24), (0xF6,), (0xF0, 0x7F, 0x7F, 1, 1, 0, 0, 0, 0, 0xF7), (0xFF,)):
        assert not clock.receive(mido.Message.from_bytes(message), 0.0)
    assert clock.receive(mido.Message.from_bytes(TICK), 0.0)


def test_a_start_out_of_step_with_the_ticks_before_is_in_step_with_those_after() -> None:
    host = Host()
    host.clock(100, 120)
    host.now_s += 0.009
    host.say(START)
    host.clock(1, 90)
    clock = heard(host)
    assert clock.rolling(host.now_s) is not None
    assert clock.rolling(host.now_s).at_s == pytest.approx(host.now_s - 60 / 90 / 24)  # type: ignore[union-attr]
    host.clock(23, 90)
    hear(clock, host)
    assert place(clock, host.now_s) == pytest.approx(1, abs=1e-6)
