"""A result into a clip, over UDP, in a stand-in for Live with AbletonOSC; ports are free ones."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.ableton_stand_in import AbletonStandIn, Clip, Note, Track, ask_stand_in, free_port, packet

from backbeat.errors import Cancelled, LiveError
from backbeat.live.ableton_osc import AbletonOsc, LiveAddress
from backbeat.live.to_live import InLive, LiveTarget, to_live
from backbeat.monitor import Unwatched
from backbeat.osc import OscMessage, messages_to_bundles
from backbeat.outputs.note_map import load_note_map
from backbeat.records import Hit
from backbeat.settings import Settings
from backbeat.values import Instrument

NOTES = load_note_map("ableton-drum-rack").notes
QUICK_S = 0.02
"""A tick, where the tick is not what is looked at."""

ANSWER_S = 0.3
PATTERN = (Instrument.KICK, Instrument.HIHAT_CLOSED, Instrument.SNARE, Instrument.HIHAT_OPEN)


def groove(count: int) -> list[Hit]:
    return [Hit(round(0.1371 * n, 6), PATTERN[n % 4], 40 + n % 80, 0.9) for n in range(count)]


@pytest.fixture
def result(tmp_path: Path) -> Callable[..., Path]:
    def write(count: int = 12, *, name: str = "song", bpm: float = 120.0, hits: list[Hit] | None = None, **settings: Any) -> Path:
        rows = groove(count) if hits is None else hits
        path = tmp_path / f"{name}.drums.json"
        document = {
            "schema_version": 1, "identity": "i", "fingerprint": "f", "source": f"/bounces/{name}.wav", "outputs": {},
            "detected_bpm": bpm, "bpm_unreliable": False, "midi_bpm": bpm, "confidence_score": 0.9, "low_confidence": False,
            "duration_seconds": max([0.0, *(hit.time_s for hit in rows)]) + 1.0, "engine": "test", "warnings": [],
            "settings": json.loads(Settings().changed(settings).to_json()),
            "hits": [
                {"time": h.time_s, "instrument": h.instrument, "midi_velocity": h.velocity, "confidence": 0.9} for h in rows
            ],
        }  # fmt: skip
        path.write_text(json.dumps(document), "utf-8")
        return path

    return write


def put(live: AbletonStandIn, path: Path, **target: Any) -> InLive:
    address = LiveAddress(send_port=live.send_port, receive_port=live.receive_port)
    return to_live(path, notes=NOTES, target=LiveTarget(**target), address=address, monitor=Unwatched(), answer_s=ANSWER_S)


def held(clip: Clip) -> list[tuple[int, float, int]]:
    return [(note.pitch, note.start, round(note.velocity)) for note in sorted(clip.notes, key=lambda n: (n.start, n.pitch))]


def wanted(hits: list[Hit], tempo: float = 120.0) -> list[tuple[int, Any, int]]:
    return [(NOTES[hit.instrument], pytest.approx(hit.time_s * tempo / 60, abs=1e-3), hit.velocity) for hit in hits]


# The ordinary way


def test_a_track_and_a_clip_are_made_and_every_hit_is_a_note_on_the_audio(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tempo=117.0) as live:
        there = put(live, result(12, bpm=117.1))
        clip = live.clip(2, 0)
    assert (there.track, there.track_name, there.slot, there.note_count, there.remarks) == (3, "Backbeat Drums", 1, 12, ())
    assert held(clip) == wanted(groove(12), 117.0)
    assert (clip.name, clip.length, clip.end_marker, clip.fired) == ("Backbeat: song", 8.0, 8.0, 0)
    assert clip.color != 0
    assert live.errors == []


def test_many_notes_go_in_messages_of_at_most_two_hundred_which_any_system_sends(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        put(live, result(1750))
        assert held(live.clip(2, 0)) == wanted(groove(1750))
    assert live.longest_add == 200
    assert max(live.received_bytes) < 9216
    assert live.errors == []


def test_the_clip_of_an_earlier_run_is_emptied_and_filled_again_in_its_slot(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        first = put(live, result(900))
        live.clip(2, 0).notes.append(Note(127, 1.0, 0.1, 100.0, False))
        second = put(live, result(40))
        clip = live.clip(2, 0)
        assert (first.track, first.slot) == (second.track, second.slot) == (3, 1)
        assert held(clip) == wanted(groove(40)), "note 127, which AbletonOSC's own range forgets, is gone too"
        assert clip.length == 16.0
        assert len(live.tracks) == 3
    assert "/live/clip_slot/create_clip" in live.processed
    assert live.processed.count("/live/clip_slot/create_clip") == 1


def test_a_result_without_hits_makes_an_empty_clip_and_empties_an_older_one(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        put(live, result(30))
        there = put(live, result(hits=[]))
        assert (there.note_count, live.clip(2, 0).notes, live.clip(2, 0).length) == (0, [], 4.0)


def test_the_clip_is_fired_when_asked(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        put(live, result(), fire=True)
        clip = live.clip(2, 0)
        deadline = time.monotonic() + 5
        while not clip.fired and time.monotonic() < deadline:
            time.sleep(QUICK_S)
        assert clip.fired == 1


def test_another_tempo_is_remarked_and_the_notes_stay_on_the_audio(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tempo=90.0, tick_s=QUICK_S) as live:
        there = put(live, result(8, bpm=120.0))
        assert held(live.clip(2, 0)) == wanted(groove(8), 90.0)
    (remark,) = there.remarks
    assert remark.startswith("The set runs at 90 BPM, the recording at 120.0: the notes lie on the audio")


def test_the_velocity_curve_of_the_job_holds(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        put(live, result(8, velocity_curve="fixed 99"))
        assert {note.velocity for note in live.clip(2, 0).notes} == {99.0}


def test_a_clip_of_more_than_an_hour_is_emptied_to_its_end_and_filled(result: Callable[..., Path]) -> None:
    hits = [Hit(time_s, Instrument.SNARE, 90, 1.0) for time_s in (1.0, 4444.0, 4600.125)]
    old = Clip(loop_end=9300.0, name="Backbeat: song", notes=[Note(127, 9001.0, 0.1, 100.0, False)])
    with AbletonStandIn(tracks=[Track("Kit", slots=[old])], tick_s=QUICK_S) as live:
        put(live, result(hits=hits), track="1")
    assert held(old) == wanted(hits)
    assert old.length == 9204.0


# Where it goes


def test_track_and_slot_are_named_by_number_as_on_the_screen_or_by_name(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tracks=[Track("Bass"), Track("Kit"), Track("Vox", has_midi_input=False)], tick_s=QUICK_S) as live:
        assert (put(live, result(), track="2", slot=5).track, live.clip(1, 4).name) == (2, "Backbeat: song")
        by_name = put(live, result(name="other"), track="Kit")
        assert (by_name.track, by_name.slot) == (2, 1)
        assert put(live, result(), track="Percussion").track == 4
        assert [track.name for track in live.tracks] == ["Bass", "Kit", "Vox", "Percussion"]


def test_another_recording_takes_the_next_free_slot_and_when_all_are_full_a_new_scene(result: Callable[..., Path]) -> None:
    with AbletonStandIn(scenes=2, tick_s=QUICK_S) as live:
        slots = [put(live, result(name=name)).slot for name in ("a", "b", "c", "a")]
    assert slots == [1, 2, 3, 1]
    assert live.scenes == 3


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ({"track": "9"}, "The set has 2 tracks"),
        ({"track": "2"}, "Track 2 (Vox) takes no MIDI clips. Choose a MIDI track."),
        ({"track": "1", "slot": 99}, "The set has 8 scenes, so no slot 99. Add scenes in Live."),
        ({"track": "1", "slot": 1}, "a clip of yours (Riff). Choose another slot"),
        ({"track": "1", "slot": 2, "replace": True}, "an audio clip"),
    ],
)
def test_what_cannot_be_written_to_is_said_and_left_alone(result: Callable[..., Path], target: dict[str, Any], says: str) -> None:
    riff = Clip(loop_end=4.0, name="Riff", notes=[Note(60, 0.0, 1.0, 100.0, False)])
    tracks = [Track("Keys", slots=[riff, Clip(loop_end=4.0, is_midi_clip=False)]), Track("Vox", has_midi_input=False)]
    with AbletonStandIn(tracks=tracks, tick_s=QUICK_S) as live:
        with pytest.raises(LiveError) as caught:
            put(live, result(), **target)
        assert len(live.tracks) == 2
    assert says in caught.value.in_words
    assert [note.pitch for note in riff.notes] == [60]
    assert not any("set/" in address or "remove" in address for address in live.processed)


def test_a_clip_of_the_users_is_written_over_when_told_to(result: Callable[..., Path]) -> None:
    riff = Clip(loop_end=4.0, loop_start=2.0, name="Riff", notes=[Note(60, 0.0, 1.0, 100.0, False)])
    with AbletonStandIn(tracks=[Track("Keys", slots=[riff])], tick_s=QUICK_S) as live:
        put(live, result(12), track="1", slot=1, replace=True)
    assert held(riff) == wanted(groove(12))
    assert (riff.name, riff.loop_start, riff.length) == ("Backbeat: song", 0.0, 8.0)


# When things go wrong


class Losing:
    """Loses the first `times` messages to each of some addresses; to all when none is named."""

    def __init__(self, *addresses: str, times: int = 1) -> None:
        self._addresses, self._times = addresses, times
        self.lost: dict[str, int] = {}

    def message(self, message: OscMessage) -> bool:
        return self.answer(message.address)

    def answer(self, address: str) -> bool:
        if self._addresses and address not in self._addresses:
            return False
        self.lost[address] = self.lost.get(address, 0) + 1
        return self.lost[address] <= self._times


def test_the_first_packet_to_every_address_may_be_lost(result: Callable[..., Path]) -> None:
    losing = Losing()
    with AbletonStandIn(tick_s=QUICK_S, lose=losing.message) as live:
        put(live, result(450))
        clip = live.clip(2, 0)
        assert held(clip) == wanted(groove(450))
        assert (clip.name, clip.length) == ("Backbeat: song", 128.0)
    assert [track.name for track in live.tracks] == ["1-MIDI", "2-Audio", "Backbeat Drums"], "nothing was made twice"
    assert losing.lost["/live/clip/add/notes"] > 1


def test_the_first_answer_from_every_address_may_be_lost(result: Callable[..., Path]) -> None:
    losing = Losing()
    with AbletonStandIn(tick_s=QUICK_S, lose_answer=losing.answer) as live:
        put(live, result(450))
        assert held(live.clip(2, 0)) == wanted(groove(450))
        assert len(live.tracks) == 3
    assert len(losing.lost) > 8


def test_a_lost_clearing_of_an_older_clip_is_noticed_and_made_good(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        put(live, result(300))
        losing = Losing("/live/clip/remove/notes")
        live._lose = losing.message  # the weather changes in the middle
        put(live, result(30))
        assert held(live.clip(2, 0)) == wanted(groove(30))
    assert losing.lost["/live/clip/remove/notes"] > 1


def test_notes_that_never_arrive_are_an_error_and_not_silence(result: Callable[..., Path]) -> None:
    losing = Losing("/live/clip/add/notes", times=1000)
    with (
        AbletonStandIn(tick_s=QUICK_S, lose=losing.message) as live,
        pytest.raises(LiveError, match="did not take all notes from beat 0"),
    ):
        put(live, result(30))


def test_a_clip_that_appears_some_ticks_later_is_waited_for(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S, creation_ticks=12) as live:
        put(live, result(30))
        assert held(live.clip(2, 0)) == wanted(groove(30))
    assert live.processed.count("/live/clip_slot/create_clip") == 1


def test_what_live_complains_of_is_in_the_error(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        del live._handlers["/live/clip_slot/get/has_clip"]  # an AbletonOSC that lacks it
        with pytest.raises(LiveError) as caught:
            put(live, result())
    assert "It says: Unknown OSC address: /live/clip_slot/get/has_clip." in caught.value.in_words


def test_without_live_it_says_so_and_what_to_do_within_seconds(result: Callable[..., Path]) -> None:
    address = LiveAddress(send_port=free_port(), receive_port=free_port())
    started = time.monotonic()
    with pytest.raises(LiveError) as caught:
        to_live(result(), notes=NOTES, target=LiveTarget(), address=address, monitor=Unwatched())
    assert time.monotonic() - started < 4.0
    assert caught.value.in_words.startswith(
        f"Ableton Live does not answer on 127.0.0.1, port {address.send_port}. Start Live, and"
    )


def test_another_program_on_the_answer_port_is_named_as_the_trouble(result: Callable[..., Path]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with AbletonStandIn(receive_port=port, tick_s=QUICK_S) as live, pytest.raises(LiveError) as caught:
            put(live, result())
        assert live.processed == []
    assert caught.value.in_words.startswith(f"Another program holds port {port}, the only one at which AbletonOSC answers. Close")


def test_the_answer_port_is_waited_for_while_another_clip_is_being_written_and_then_given_back(
    result: Callable[..., Path],
) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live:
        holder = AbletonOsc(LiveAddress(send_port=live.send_port, receive_port=live.receive_port), Unwatched())
        timer = threading.Timer(0.3, holder.__exit__, (None, None, None))
        timer.start()
        put(live, result(name="a"))
        timer.join()
        put(live, result(name="b"))
        assert live.clip(2, 1).name == "Backbeat: b"


def test_packets_of_strangers_and_nonsense_on_the_answer_port_are_passed_over(result: Callable[..., Path]) -> None:
    with AbletonStandIn(tick_s=QUICK_S) as live, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        over = threading.Event()

        def disturb() -> None:
            while not over.wait(0.005):
                stranger.sendto(packet("/live/song/get/num_tracks", 77), ("127.0.0.1", live.receive_port))
                live._socket.sendto(b"nonsense", ("127.0.0.1", live.receive_port))

        noise = threading.Thread(target=disturb)
        noise.start()
        try:
            put(live, result(30))
        finally:
            over.set()
            noise.join()
        assert held(live.clip(2, 0)) == wanted(groove(30))
        assert len(live.tracks) == 3


def test_a_wait_is_cut_short_when_the_daemon_stops(result: Callable[..., Path]) -> None:
    class Stopping(Unwatched):
        def check(self) -> None:
            raise Cancelled("Backbeat is being stopped.")

    address = LiveAddress(send_port=free_port(), receive_port=free_port())
    started = time.monotonic()
    with pytest.raises(Cancelled):
        to_live(result(), notes=NOTES, target=LiveTarget(), address=address, monitor=Stopping())
    assert time.monotonic() - started < 1.0


# The stand-in keeps to what AbletonOSC documents


def test_the_stand_in_works_through_a_bundle_in_order_within_a_tick_and_answers_at_one_port() -> None:
    with AbletonStandIn() as live:
        messages = [
            OscMessage(address="/live/clip_slot/create_clip", arguments=(0, 0, 4.0), types="iif"),
            OscMessage(address="/live/clip_slot/get/has_clip", arguments=(0, 0), types="ii"),
            OscMessage(address="/live/song/get/tempo"),
        ]
        (bundle,) = messages_to_bundles(messages)
        assert ask_stand_in(live, bundle) == [("/live/clip_slot/get/has_clip", 0, 0, True), ("/live/song/get/tempo", 120.0)]


def test_the_stand_in_answers_wildcards_forgets_note_127_and_says_errors() -> None:
    with AbletonStandIn(tracks=[Track("Keys", slots=[Clip(loop_end=4.0, name="Riff")])], tick_s=QUICK_S) as live:
        clip = live.clip(0, 0)
        answers = ask_stand_in(live, packet("/live/clip/get/*", 0, 0))
        assert {a[0] for a in answers} >= {"/live/clip/get/name", "/live/clip/get/length", "/live/clip/get/notes"}
        ask_stand_in(live, packet("/live/clip/add/notes", 0, 0, 127, 0.0, 1.0, 100, 0, 36, 0.0, 1.0, 100, 0), wait_s=0.2)
        assert ask_stand_in(live, packet("/live/clip/get/notes", 0, 0)) == [
            ("/live/clip/get/notes", 0, 0, 36, 0.0, 1.0, 100.0, False)
        ]
        ask_stand_in(live, packet("/live/clip/remove/notes", 0, 0), wait_s=0.2)
        assert [note.pitch for note in clip.notes] == [127]
        assert ask_stand_in(live, packet("/live/nothing")) == [("/live/error", "Unknown OSC address: /live/nothing")]
        (error,) = ask_stand_in(live, packet("/live/clip/get/name", 0, 3))
        assert error[0] == "/live/error"


def test_the_stand_in_sends_no_answer_above_the_systems_limit() -> None:
    notes = [Note(36, n / 4, 0.1, 100.0, False) for n in range(500)]
    with AbletonStandIn(tracks=[Track("Keys", slots=[Clip(loop_end=400.0, notes=notes)])], tick_s=QUICK_S) as live:
        assert ask_stand_in(live, packet("/live/clip/get/notes", 0, 0)) == [
            ("/live/error", "Socket error: [Errno 40] Message too long")
        ]
