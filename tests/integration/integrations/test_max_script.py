"""The script of the Max for Live device, run by node in a stand-in for Max and Live; its result file is a real one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backbeat.outputs.note_map import load_note_map
from backbeat.resources import integrations_folder

SCRIPT = integrations_folder() / "ableton" / "backbeat.js"
STAND_IN = Path(__file__).resolve().parents[2] / "max_stand_in.js"
NOTES = load_note_map("ableton-drum-rack").notes
FILE = "/Users/eva/My Music/loop 1.wav"
TO_DAEMON, TO_STATUS, TO_PROGRESS, TO_BUTTON = range(4)
HITS = [(0.5, "kick", 100), (1.0, "snare", 90), (1.0, "hihat_closed", 60), (1.02, "hihat_closed", 70), (1.5, "ride_bell", 80)]


@pytest.fixture(scope="session")
def node() -> str:
    """Debian: nodejs. Without it the tests are skipped, and fail under CI."""
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("node is not installed, and CI must not skip these tests")
        pytest.skip("node is not installed")
    return found


def audio_clip(**changed: Any) -> dict[str, Any]:
    return {
        "name": "loop", "is_audio_clip": 1, "file_path": FILE, "warping": 0, "warp_markers": "", "looping": 0,
        "loop_start": 0.0, "loop_end": 4.0, "start_marker": 0.0, "end_marker": 4.0,
    } | changed  # fmt: skip


def live_set(clip: dict[str, Any] | None = None, slots: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    """Track 1 with an audio clip in its second slot, which is selected; the device is on track 2."""
    audio = {"has_midi_input": 0, "clip_slots": [{}, {"clip": clip or audio_clip()}, {}]}
    drums = {"has_midi_input": 1, "clip_slots": slots or [{}, {}, {}]}
    return {
        "tempo": 120.0, "signature_numerator": 4, "signature_denominator": 4, "tracks": [audio, drums],
        "selected": "live_set tracks 0 clip_slots 1 clip", "device_track": "live_set tracks 1",
    } | changed  # fmt: skip


class Outcome:
    def __init__(self, said: dict[str, Any]) -> None:
        self.out: list[list[Any]] = said["out"]
        self.set: dict[str, Any] = said["set"]
        self.calls: list[list[Any]] = said["calls"]

    def at(self, outlet: int) -> list[Any]:
        return [message[1:] for message in self.out if message[0] == outlet]

    @property
    def status(self) -> str:
        """The sentence that stands in the device at the end."""
        return str(self.at(TO_STATUS)[-1][1])

    def clip(self, slot: int) -> dict[str, Any]:
        made: dict[str, Any] = self.set["tracks"][1]["clip_slots"][slot]["clip"]
        return made

    def notes(self, slot: int) -> list[tuple[int, float, int]]:
        return [(note["pitch"], round(note["start_time"], 6), note["velocity"]) for note in self.clip(slot)["notes"]]


@pytest.fixture
def run(node: str) -> Callable[..., Outcome]:
    def run_steps(*steps: list[Any], live: dict[str, Any] | None = None, **more: Any) -> Outcome:
        scenario = json.dumps({"set": live or live_set(), "steps": [["bang"], *steps], **more})
        done = subprocess.run(
            [node, str(STAND_IN), str(SCRIPT)], input=scenario, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return Outcome(json.loads(done.stdout))

    return run_steps


@pytest.fixture
def result(tmp_path: Path) -> Callable[..., str]:
    def write(hits: list[tuple[float, str, int]] = HITS, duration_s: float = 4.0) -> str:
        rows = [{"time": time, "instrument": instrument, "midi_velocity": velocity} for time, instrument, velocity in hits]
        path = tmp_path / "löop 1.drums.json"
        path.write_text(
            json.dumps({"source": "Größe/łoop", "duration_seconds": duration_s, "hits": rows}, ensure_ascii=False), "utf-8"
        )
        return str(path)

    return write


def message(address: str, *arguments: Any) -> list[Any]:
    return ["message", f"/backbeat/{address}", *arguments]


PRESS = ["message", "transcribe"]
ACCEPTED = message("accepted", "7", "/real/place/loop 1.wav")


def done(json_path: str, *, bpm: float = 120.0) -> list[Any]:
    return message("done", "7", "/a.mid", "", "", json_path, bpm, 0.9, 5)


def test_the_button_sends_the_file_of_the_selected_clip_with_the_tempo_of_the_set(run: Callable[..., Outcome]) -> None:
    told = run(PRESS, live=live_set(tempo=97.5))
    assert told.at(TO_DAEMON) == [
        ["/backbeat/subscribe", 9754],
        ["/backbeat/transcribe", FILE, "preset", "ableton-drum-rack", "host_bpm", 97.5],
    ]
    assert told.at(TO_BUTTON) == [["text", "Cancel"]]
    assert told.status == "Asking Backbeat ..."


def test_a_tempo_that_backbeat_does_not_know_is_not_sent(run: Callable[..., Outcome]) -> None:
    assert run(PRESS, live=live_set(tempo=999.0)).at(TO_DAEMON)[1][2:] == ["preset", "ableton-drum-rack"]


def test_a_path_with_spaces_that_max_cuts_up_is_put_together_again(run: Callable[..., Outcome]) -> None:
    assert run(PRESS, cut_texts=True).at(TO_DAEMON)[1][1] == FILE


def test_progress_is_shown_in_words_and_as_a_bar_that_only_grows(run: Callable[..., Outcome]) -> None:
    told = run(
        PRESS, ACCEPTED, *(message("progress", "7", stage, 0.5) for stage in ("read", "beats", "hits", "midi", "notation"))
    )
    assert told.status == "Backbeat: writing the notation ..."
    bar = [value for (value,) in told.at(TO_PROGRESS)]
    assert bar == sorted(bar) == [0, 0, 8, 42, 58, 75, 92]


def test_the_hits_become_notes_on_the_audio_in_a_clip_beside_the_audio_clip(
    run: Callable[..., Outcome], result: Callable[..., str]
) -> None:
    told = run(PRESS, ACCEPTED, done(result()))
    assert told.notes(1) == [(36, 1.0, 100), (38, 2.0, 90), (42, 2.0, 60), (42, 2.04, 70), (51, 3.0, 80)]
    clip = told.clip(1)
    assert clip["notes"][2]["duration"] == pytest.approx(0.04), "a note ends before its pad is struck again"
    assert (clip["name"], clip["loop_end"], clip["end_marker"], clip["looping"]) == ("Backbeat: loop 1", 8.0, 8.0, 0)
    assert told.status == "5 notes are in slot 2."
    assert told.at(TO_PROGRESS)[-1] == [100]
    assert told.at(TO_BUTTON)[-1] == ["text", "Transcribe"]
    assert told.at(TO_DAEMON)[-1] == ["/backbeat/unsubscribe", 9754]


def test_many_notes_are_added_in_portions(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    hits = [(round(0.11 * n, 2), "snare", 1 + n % 127) for n in range(1003)]
    told = run(PRESS, ACCEPTED, done(result(hits, 111.0)))
    assert told.notes(1) == [(38, round(time * 2, 6), velocity) for time, _, velocity in hits]
    assert sum(call[2] == "add_new_notes" for call in told.calls) == 6


def test_a_second_run_fills_the_same_clip_again(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    old = {
        "name": "Backbeat: loop 1", "is_audio_clip": 0, "looping": 1,
        "loop_start": 4.0, "loop_end": 64.0, "start_marker": 0.0, "end_marker": 64.0,
        "notes": [{"pitch": 127, "start_time": 1.0, "duration": 1, "velocity": 9}],
    }  # fmt: skip
    told = run(PRESS, ACCEPTED, done(result()), live=live_set(slots=[{}, {}, {"clip": old}]))
    assert [note[0] for note in told.notes(2)] == [36, 38, 42, 42, 51]
    assert (told.clip(2)["loop_start"], told.clip(2)["loop_end"]) == (0.0, 8.0)
    assert told.set["tracks"][1]["clip_slots"][1] == {}


def test_a_clip_of_the_users_is_left_alone(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    mine = {"name": "Fill", "is_audio_clip": 0, "notes": [{"pitch": 40, "start_time": 0}]}
    told = run(PRESS, ACCEPTED, done(result()), live=live_set(slots=[{"clip": mine}, {"clip": dict(mine)}, {}]))
    assert (told.clip(0), told.clip(1)) == (mine, mine)
    assert len(told.notes(2)) == 5
    full = run(PRESS, ACCEPTED, done(result()), live=live_set(slots=[{"clip": mine}]))
    assert full.status == "There is no free clip slot on this track: add a scene."
    assert full.clip(0) == mine


def test_under_a_warped_clip_the_notes_follow_its_warp_markers_and_its_loop(
    run: Callable[..., Outcome], result: Callable[..., str]
) -> None:
    markers = [(0.25, 0.0), (1.0, 2.0), (1.5, 4.0)]
    told_markers = json.dumps({"warp_markers": [{"sample_time": s, "beat_time": beat} for s, beat in markers]})
    clip = audio_clip(
        warping=1, warp_markers=told_markers, looping=1, loop_start=2.0, loop_end=4.0, start_marker=-0.5, end_marker=12.0
    )
    told = run(PRESS, ACCEPTED, done(result([(0.0, "kick", 80), *HITS]), bpm=93.0), live=live_set(clip))
    starts = [start for _, start, _ in told.notes(1)]
    assert starts == pytest.approx([-2 / 3, 2 / 3, 2.0, 2.0, 2.08, 4.0], abs=1e-5)
    made = told.clip(1)
    assert [made[name] for name in ("looping", "loop_start", "loop_end", "start_marker", "end_marker")] == [
        1,
        2.0,
        4.0,
        -0.5,
        12.0,
    ]
    assert told.status == "6 notes are in slot 2.", "no remark on the tempo: the audio follows the set"


def test_a_clip_whose_warp_markers_live_does_not_tell_is_taken_at_the_tempo_of_the_set(
    run: Callable[..., Outcome], result: Callable[..., str]
) -> None:
    told = run(PRESS, ACCEPTED, done(result()), live=live_set(audio_clip(warping=1, warp_markers="nonsense")))
    assert told.notes(1)[0] == (36, 1.0, 100)


def test_another_tempo_is_remarked(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    told = run(PRESS, ACCEPTED, done(result(), bpm=93.04), live=live_set(tempo=100.0))
    assert told.status.endswith("The set runs at 100 BPM, the recording at 93: the notes lie on the audio, not on the grid.")
    assert told.notes(1)[0][1] == pytest.approx(0.5 * 100 / 60, abs=1e-5)


@pytest.mark.parametrize(
    ("live", "says"),
    [
        (live_set(selected=""), "Select an audio clip first"),
        (live_set(audio_clip(is_audio_clip=0)), "That is a MIDI clip"),
        (live_set(audio_clip(file_path="")), "does not tell the file"),
    ],
)
def test_what_cannot_be_sent_is_explained_and_nothing_is_sent(
    run: Callable[..., Outcome], live: dict[str, Any], says: str
) -> None:
    told = run(PRESS, live=live)
    assert says in told.status
    assert told.at(TO_DAEMON) == []


def test_a_device_on_an_audio_track_says_where_it_belongs(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    told = run(PRESS, ACCEPTED, done(result()), live=live_set(device_track="live_set tracks 0"))
    assert told.status == "Put this device on a MIDI track, before the Drum Rack."


def test_a_daemon_that_does_not_answer_and_one_that_falls_silent_are_told_apart(run: Callable[..., Outcome]) -> None:
    assert run(PRESS, ["wait", 4999]).status == "Asking Backbeat ..."
    assert "start it with backbeat run" in run(PRESS, ["wait", 5000]).status
    silent = run(PRESS, ACCEPTED, ["wait", 60000], message("progress", "7", "hits", 0.1), ["wait", 119999])
    assert silent.status == "Backbeat: hearing the drums ..."
    assert "nothing for two minutes" in run(PRESS, ACCEPTED, ["wait", 120000]).status


@pytest.mark.parametrize(
    ("news", "says"),
    [
        (message("error", "/backbeat/transcribe", "The folder is not a root."), "The folder is not a root."),
        (message("failed", "7", "unreadable", "It is no audio."), "It is no audio."),
        (message("cancelled", "7"), "Cancelled."),
        (message("done", "7", "", "", "", "/nowhere.json", 120.0, 0.9, 1), "The result cannot be read: /nowhere.json"),
    ],
)
def test_what_goes_wrong_is_shown_and_the_button_is_ready_again(run: Callable[..., Outcome], news: list[Any], says: str) -> None:
    told = run(PRESS, *([] if news[1].endswith("error") else [ACCEPTED]), news)
    assert told.status == says
    assert told.at(TO_BUTTON)[-1] == ["text", "Transcribe"]
    assert told.set["tracks"][1]["clip_slots"] == [{}, {}, {}]


def test_news_of_other_jobs_and_of_other_requests_is_passed_over(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    others = [
        message("accepted", "3", "/elsewhere/other.wav"), message("progress", "3", "hits", 0.5),
        message("failed", "3", "x", "no"), message("error", "/backbeat/play", "no port"),
        message("hit", "3", 0.1, "kick", 36, 100, 0.9), ["wait", 1],
    ]  # fmt: skip
    assert run(PRESS, *others).status == "Asking Backbeat ..."
    foreign = message("done", "3", "", "", "", result(), 120.0, 0.9, 1)
    assert run(PRESS, ACCEPTED, foreign).status == "Backbeat is on it."
    assert run(ACCEPTED, done(result())).set["tracks"][1]["clip_slots"] == [{}, {}, {}], "nobody asked"


def test_pressing_again_cancels_the_job(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    told = run(PRESS, ACCEPTED, PRESS, done(result()))
    assert ["/backbeat/cancel", "7"] in told.at(TO_DAEMON)
    assert told.status == "Cancelled."
    assert told.set["tracks"][1]["clip_slots"] == [{}, {}, {}]
    assert ["/backbeat/cancel", "7"] not in run(PRESS, PRESS).at(TO_DAEMON)


def test_a_clip_in_the_arrangement_gets_the_first_free_slot(run: Callable[..., Outcome], result: Callable[..., str]) -> None:
    live = live_set(slots=[{"clip": {"name": "Fill", "is_audio_clip": 0, "notes": []}}, {}, {}])
    live["tracks"][0]["arrangement_clips"] = [audio_clip()]
    live["selected"] = "live_set tracks 0 arrangement_clips 0"
    assert len(run(PRESS, ACCEPTED, done(result()), live=live).notes(1)) == 5
