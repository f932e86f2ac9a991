from __future__ import annotations

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.midi_host import RATES, Host, jittered

from backbeat.outputs.playing.mtc import MidiTimecode


def heard(host: Host) -> MidiTimecode:
    clock = MidiTimecode()
    hear(clock, host)
    return clock


def hear(clock: MidiTimecode, host: Host) -> None:
    for at_s, message in host.script:
        clock.receive(mido.Message.from_bytes(message), at_s)
    host.script.clear()


def place_s(clock: MidiTimecode, at_s: float) -> float:
    rolling = clock.rolling(at_s)
    assert rolling is not None
    return rolling.position_s + (at_s - rolling.at_s) * rolling.rate


@given(st.integers(0, 3), st.integers(0, 20 * 3600 * 24), st.integers(8, 80))
def test_eight_quarter_frames_tell_the_time_and_the_two_frames_that_they_took_are_counted(
    rate: int, frame: int, count: int
) -> None:
    host = Host(now_s=7.0)
    host.timecode(frame, count, rate)
    expected_s = (frame + count / 4) / float(RATES[rate][1])
    assert place_s(heard(host), host.now_s) == pytest.approx(expected_s, abs=1e-5)


def test_seven_are_not_enough_without_a_full_frame() -> None:
    host = Host()
    host.timecode(1000, 7, 1)
    assert heard(host).rolling(host.now_s) is None


def test_after_a_full_frame_the_first_quarter_frame_is_enough() -> None:
    host = Host()
    host.full_frame(90_000, 1)
    clock = heard(host)
    assert clock.rolling(host.now_s) is None, "it is there, and stands"
    host.now_s += 20
    host.timecode(90_000, 1, 1)
    hear(clock, host)
    assert place_s(clock, host.now_s) == pytest.approx(3600.01, abs=1e-3)
    rolling = clock.rolling(host.now_s)
    assert rolling is not None
    assert rolling.from_s == 3600
    host.timecode(90_000, 0, 1)
    run = rolling.run
    host.timecode(90_000, 80, 1)
    host.script = host.script[1:]
    hear(clock, host)
    rolling = clock.rolling(host.now_s)
    assert rolling is not None
    assert rolling.run == run, "what follows agrees"


def test_a_full_frame_that_does_not_fit_is_corrected_by_what_follows() -> None:
    host = Host()
    host.full_frame(16, 3)
    host.timecode(3200, 16, 3)  # its first piece is that of frame 16 too
    assert place_s(heard(host), host.now_s) == pytest.approx((3200 + 4) / 30, abs=1e-3)


def test_it_stops_when_the_quarter_frames_end_and_bridges_a_gap() -> None:
    host = Host()
    host.timecode(0, 400, 3, lost=range(200, 209))
    clock = MidiTimecode()
    runs = set()
    for at_s, message in host.script:
        clock.receive(mido.Message.from_bytes(message), at_s)
        if rolling := clock.rolling(at_s):
            runs.add(rolling.run)
            assert rolling.position_s + (at_s - rolling.at_s) * rolling.rate == pytest.approx(at_s, abs=2e-3)
    assert len(runs) == 1
    assert clock.rolling(host.now_s + 0.05) is not None
    assert clock.rolling(host.now_s + 0.11) is None


@given(st.lists(st.integers(0, 79), max_size=30, unique=True), st.integers(0, 3))
def test_whichever_are_lost_it_is_never_long_at_a_wrong_place(lost: list[int], rate: int) -> None:
    host = Host()
    host.timecode(500, 80, rate, lost=lost)
    host.timecode(520, 24, rate)
    assert place_s(heard(host), host.now_s) == pytest.approx(526 / float(RATES[rate][1]), abs=3e-3)


def test_a_jump_is_another_run_at_the_new_place() -> None:
    host = Host()
    host.timecode(0, 80, 1)
    clock = heard(host)
    first = clock.rolling(host.now_s)
    host.timecode(5000, 8, 1)
    hear(clock, host)
    second = clock.rolling(host.now_s)
    assert first is not None
    assert second is not None
    assert second.run != first.run
    assert place_s(clock, host.now_s) == pytest.approx(5002 / 25, abs=1e-3)
    assert second.from_s == pytest.approx(5002 / 25, abs=0.011)


def test_after_a_stop_the_next_place_is_told_anew() -> None:
    host = Host()
    host.timecode(0, 84, 1)
    clock = heard(host)
    host.now_s += 3
    host.timecode(7000, 4, 1)
    hear(clock, host)
    assert clock.rolling(host.now_s) is None, "nobody knows yet where it went on"
    host.timecode(7001, 4, 1)
    host.script = []
    host.now_s += 3
    host.timecode(7000, 8, 1)
    hear(clock, host)
    assert place_s(clock, host.now_s) == pytest.approx(7002 / 25, abs=1e-3)


def test_backwards_is_silence() -> None:
    host = Host()
    host.timecode(0, 80, 1)
    forth = [message for _, message in host.script]
    clock = heard(host)
    for message in reversed(forth):
        clock.receive(mido.Message.from_bytes(message), host.now_s)
        host.now_s += 0.01
    assert clock.rolling(host.now_s) is None


def test_a_host_at_half_speed_is_followed() -> None:
    host = Host()
    host.timecode(0, 400, 1)
    slow = [(2 * at_s, message) for at_s, message in host.script]
    clock = MidiTimecode()
    for at_s, message in slow:
        clock.receive(mido.Message.from_bytes(message), at_s)
    rolling = clock.rolling(slow[-1][0])
    assert rolling is not None
    assert rolling.rate == pytest.approx(0.5, abs=1e-3)


def test_jitter_does_not_come_through() -> None:
    host = Host()
    host.timecode(0, 4000, 1)
    late_s = np.random.default_rng(1).normal(0, 0.001, 4000)
    clock = MidiTimecode()
    off_s = []
    for (at_s, message), (true_s, _) in zip(jittered(host.script, late_s), host.script, strict=True):
        clock.receive(mido.Message.from_bytes(message), at_s)
        if clock.rolling(at_s) and true_s > 2:
            off_s.append(place_s(clock, true_s) - true_s)
    assert len(off_s) > 3700
    assert np.sqrt(np.mean(np.square(off_s))) < 0.0003


@pytest.mark.parametrize(
    "message",
    [
        (0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x21, 0, 0, 0xF7),  # a byte short
        (0xF0, 0x7F, 0x7F, 0x06, 0x02, 0xF7),  # MMC play
        (0xF0, 0x7E, 0x7F, 0x06, 0x01, 0xF7),
        (0xF0, 0xF7),
        (0xF8,),
        (0xFA,),
        (0x90, 36, 100),
    ],
)
def test_other_messages_mean_nothing(message: tuple[int, ...]) -> None:
    assert not MidiTimecode().receive(mido.Message.from_bytes(message), 0.0)


def test_a_full_frame_with_a_time_that_does_not_exist_stands_without_a_place() -> None:
    clock = MidiTimecode()
    clock.receive(mido.Message.from_bytes((0xF0, 0x7F, 0x7F, 0x01, 0x01, 0x21, 77, 0, 0, 0xF7)), 0.0)
    clock.receive(mido.Message.from_bytes((0xF1, 0x00)), 0.1)
    assert clock.rolling(0.1) is None
