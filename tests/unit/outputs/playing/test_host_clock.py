"""From what a host sends to the notes that sound: a scripted host, and time that passes only by waiting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.midi_host import CONTINUE, START, STOP, TICK, Host, jittered
from tests.scripted_time import PATIENCE_S, ScriptedTime, TimedPort

from backbeat.errors import MidiPortError, PlayRefused
from backbeat.outputs.live_midi import MidiPlayer
from backbeat.outputs.playing.hit_source import HitList
from backbeat.outputs.playing.host_clock import HostClock, host_clock_for, transport_for
from backbeat.outputs.playing.midi_clock import MidiClock
from backbeat.outputs.playing.mtc import MidiTimecode
from backbeat.outputs.playing.performance import ALL_NOTES_OFF, NOTE_OFF, NOTE_ON
from backbeat.outputs.playing.transport import FreeRun
from backbeat.records import Hit, Hits, hits_from_rows
from backbeat.values import ClockSource, Instrument

BPM = 120.0
NOTES = {Instrument.KICK: 36}
Script = list[tuple[float, tuple[int, ...]]]


def kicks(*times_s: float) -> Hits:
    return hits_from_rows([Hit(time_s, Instrument.KICK, 1 + n, 1.0) for n, time_s in enumerate(times_s)], engine="test")


def played(script: Script, hits: Hits, follower: MidiClock | MidiTimecode | None = None, offset_s: float = 0.0) -> Script:
    """What was sent while a result, whose MIDI file is in 120 BPM, followed the script to its end."""
    clock = ScriptedTime(script)
    port = TimedPort(clock)
    host = HostClock(follower or MidiClock(), open_input=clock.open_input, clock=clock)
    player = MidiPlayer(open_port=lambda: port, clock=clock)
    transport = transport_for(host, from_s=0, loop_end_s=None, midi_bpm=BPM, offset_s=offset_s)
    player.play(HitList(hits), NOTES, transport=transport)
    assert clock.over.wait(PATIENCE_S)
    player.stop()
    host.close()
    assert clock.closed == 1
    sounding: list[tuple[int, ...]] = []
    for _, message in port.sent:
        if message[0] == NOTE_ON:
            assert not sounding, "a note ends before the next"
            sounding.append(message)
        elif message[0] == NOTE_OFF:
            sounding.pop()
    assert not sounding
    return port.sent


def struck(sent: Script) -> list[tuple[float, int]]:
    """When, and which of the hits."""
    return [(at_s, message[2] - 1) for at_s, message in sent if message[0] == NOTE_ON]


def test_at_the_tempo_of_the_midi_file_hits_come_as_they_were_recorded() -> None:
    host = Host(now_s=3.0)
    host.say(START)
    host.clock(96, BPM, from_quarter=0)
    sent = played(host.script, kicks(0.0, 0.111, 0.5, 1.3337))
    assert [at_s for at_s, _ in struck(sent)] == pytest.approx([3.0, 3.111, 3.5, 4.3337], abs=1e-3)


@pytest.mark.parametrize("bpm", [40.0, 90.0, 240.0])
def test_at_another_tempo_they_keep_their_place_in_the_bar(bpm: float) -> None:
    host = Host()
    host.clock(10, bpm)
    host.say(START)
    host.clock(24 * 8, bpm, from_quarter=0)
    times_s = [0.0, 0.25, 0.333, 1.0, 1.25, 2.9]
    sent = played(host.script, kicks(*times_s))
    ideal_s = [host.time_of(time_s * BPM / 60) for time_s in times_s]
    assert [at_s for at_s, _ in struck(sent)] == pytest.approx(ideal_s, abs=1e-3)


def test_a_gliding_tempo_carries_them_along() -> None:
    host = Host()
    host.say(START)
    host.clock(24 * 4, 120, from_quarter=0)
    host.clock(24 * 8, 120, to_bpm=160, from_quarter=4)
    host.clock(24 * 4, 160, from_quarter=12)
    times_s = list(np.arange(0, 7.5, 0.0625))
    sent = struck(played(host.script, kicks(*times_s)))
    ideal_s = [host.time_of(time_s * 2) for time_s in times_s]
    assert len(sent) == len(times_s)
    assert np.abs(np.array([at_s for at_s, _ in sent]) - ideal_s).max() < 0.004


def test_jitter_of_the_ticks_does_not_land_on_the_hits() -> None:
    host = Host()
    host.say(START)
    host.clock(24 * 100, BPM, from_quarter=0)
    late_s = np.random.default_rng(1).normal(0.004, 0.001, len(host.script))
    times_s = list(np.arange(1, 49, 0.0789))
    sent = struck(played(jittered(host.script, late_s), kicks(*times_s)))
    off_s = np.array([at_s for at_s, _ in sent]) - times_s - 0.004
    assert len(off_s) == len(times_s)
    assert np.sqrt(np.mean(off_s**2)) < 0.0004
    assert np.abs(off_s).max() < 0.0015


def test_stop_silences_at_once_and_start_begins_from_the_top() -> None:
    host = Host()
    host.say(START)
    host.clock(25, BPM)
    host.say(STOP)
    stopped_s = host.now_s
    host.clock(48, BPM)
    host.say(START)
    again_s = host.now_s
    host.clock(30, BPM)
    sent = played(host.script, kicks(0.0, 0.5, 0.6, 0.9))
    assert [n for _, n in struck(sent)] == [0, 1, 0, 1, 2]
    assert next(at_s for at_s, message in sent if message == ALL_NOTES_OFF) == pytest.approx(stopped_s)
    assert struck(sent)[2][0] == pytest.approx(again_s, abs=1e-3)
    ends = [at_s for at_s, message in sent if message[0] == NOTE_OFF]
    assert ends[1] == pytest.approx(stopped_s), "the second kick still sounded"


def test_continue_goes_on_and_a_jump_goes_elsewhere() -> None:
    host = Host()
    host.say(START)
    host.clock(12, BPM)
    host.say(STOP)
    host.now_s += 2
    host.say(CONTINUE)
    host.clock(12, BPM)  # to 0.5 s
    host.song_position(16)  # quarter 4: 2 s
    host.clock(12, BPM)
    host.song_position(0)
    host.clock(12, BPM)
    host.say(STOP)
    sent = struck(played(host.script, kicks(0.0, 0.3, 1.0, 2.0, 2.1)))
    assert [n for _, n in sent] == [0, 1, 3, 4, 0]
    assert sent[1][0] == pytest.approx(0.25 + 2 + 0.05, abs=1e-3)
    assert sent[2][0] == pytest.approx(2.5, abs=1e-3)


def test_a_clock_that_stays_away_ends_what_sounds_and_strikes_nothing_more() -> None:
    host = Host()
    host.say(START)
    host.clock(48, BPM)
    sent = played(host.script, kicks(0.0, 0.95, 1.2, 1.5, 2.0))
    assert [n for _, n in struck(sent)] == [0, 1, 2], "bridged for a quarter of a second"
    assert sent[-2][1] == ALL_NOTES_OFF, "before it was stopped"


def test_the_recording_may_begin_later_in_the_song() -> None:
    host = Host()
    host.say(START)
    host.clock(24 * 8, BPM)
    sent = struck(played(host.script, kicks(0.0, 0.5), offset_s=2.0))
    assert [at_s for at_s, _ in sent] == pytest.approx([2.0, 2.5], abs=1e-3)


def test_time_code_is_followed_from_an_offset() -> None:
    host = Host()
    host.full_frame(90_000, 1)
    host.now_s += 1
    host.timecode(90_000, 200, 1)
    host.now_s += 5
    host.timecode(90_025, 60, 1)
    sent = struck(played(host.script, kicks(0.0, 0.3, 1.0, 1.5, 1.9), MidiTimecode(), offset_s=3600.0))
    assert [n for _, n in sent] == [0, 1, 2, 3, 4, 3], "the second time it is known only after two frames where it is"
    assert [at_s for at_s, _ in sent][:5] == pytest.approx([1.0, 1.3, 2.0, 2.5, 2.9], abs=1e-3)
    assert sent[5][0] == pytest.approx(host.now_s - 0.1, abs=1e-3)


def test_messages_in_pieces_with_ticks_between_their_bytes_are_put_together() -> None:
    clock = ScriptedTime([])
    host = HostClock(MidiTimecode(), open_input=clock.open_input, clock=clock)
    host.open()
    host.open()  # hears already
    for part in ([0xF0, 0x7F, 0x7F, 0xF8, 0x01], [0x01, 0xFE, 0x21, 0, 0, 0, 0xF7], [0x36, 0x40], [0xF9], [0xF1, 0x00]):
        clock.deliver(part)
    rolling = host.rolling(0.0)
    assert rolling is not None
    assert rolling.position_s == 3600
    host.close()
    host.close()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just(TICK),
            st.sampled_from([START, CONTINUE, STOP, (0xF2, 0, 0), (0xF2, 7, 1), (0xF0, 1), (0xF7,), (0x90, 36)]),
            st.lists(st.integers(0, 255), min_size=1, max_size=4).map(tuple),
        ),
        max_size=120,
    ),
    st.lists(st.floats(0, 0.3), min_size=120, max_size=120),
)
def test_whatever_comes_in_no_note_is_left_sounding(messages: list[tuple[int, ...]], gaps_s: list[float]) -> None:
    times = np.cumsum(gaps_s)
    script = [(float(at_s), message) for at_s, message in zip(times, messages, strict=False)]
    played(script, kicks(*np.arange(0, 20, 0.03)))


@pytest.mark.parametrize(("from_s", "loop_end_s", "what"), [(1.0, None, "a place to begin at"), (0.0, 9.0, "a loop")])
def test_a_place_or_a_loop_of_its_own_is_refused(from_s: float, loop_end_s: float | None, what: str) -> None:
    host = HostClock(MidiClock(), open_input=ScriptedTime([]).open_input)
    with pytest.raises(PlayRefused, match=what):
        transport_for(host, from_s=from_s, loop_end_s=loop_end_s, midi_bpm=BPM, offset_s=0)


def test_a_port_that_cannot_be_had_is_told() -> None:
    def no_port(name: str | None, on_message: object) -> ScriptedTime:
        raise MidiPortError(f"no {name}")

    host = HostClock(MidiClock(), "Keystation", open_input=no_port)
    with pytest.raises(MidiPortError, match="no Keystation"):
        transport_for(host, from_s=0, loop_end_s=None, midi_bpm=BPM, offset_s=0)


def test_without_a_host_playing_keeps_its_own_time() -> None:
    assert host_clock_for(ClockSource.INTERNAL, None) is None
    assert isinstance(transport_for(None, from_s=3, loop_end_s=None, midi_bpm=BPM, offset_s=0), FreeRun)
    assert all(host_clock_for(source, None) for source in (ClockSource.MIDI, ClockSource.MTC))
