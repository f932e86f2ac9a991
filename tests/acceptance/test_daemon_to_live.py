"""Results of the running daemon become clips: by themselves, over OSC and from the shell. Live is a stand-in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from tests.ableton_stand_in import AbletonStandIn

from backbeat.outputs.note_map import load_note_map

DONE_WITHIN_S = 120
NOTES = load_note_map("ableton-drum-rack").notes
LIVE = """
[live]
enabled = true
send_port = {0.send_port}
receive_port = {0.receive_port}
"""


def in_words(clip) -> list[tuple[int, float]]:
    return sorted((note.pitch, note.start) for note in clip.notes)


def notes_of(result) -> list:
    """What has to be in a clip in a set at 123 BPM."""
    notes = sorted((NOTES[hit["instrument"]], hit["time"] * 123 / 60) for hit in result["hits"])
    return [(pitch, pytest.approx(beat, abs=1e-3)) for pitch, beat in notes]


def test_a_bounce_is_a_clip_in_live_by_itself_and_again_where_one_asks_for_it(
    daemon_factory, osc_factory, drum_loop_wav, wait_for
):
    with AbletonStandIn(tempo=123.0) as live:
        daemon = daemon_factory("to_live", more=LIVE.format(live))
        try:
            daemon.start()
            with osc_factory(daemon) as client:
                client.subscribe()
                shutil.copy(drum_loop_wav, daemon.inbox / "loop.wav")
                client.send(
                    "/backbeat/transcribe", str(daemon.inbox / "loop.wav"), "engine", "net", "beats", "none", "bpm", "123"
                )
                wait_for("the clip", lambda: client.heard("/backbeat/in_live"), within_s=DONE_WITHIN_S)
                (job,) = daemon.job_list()
                result = json.loads((daemon.inbox / "loop.drums.json").read_bytes())
                hits = notes_of(result)
                assert in_words(live.clip(2, 0)) == hits
                assert client.heard("/backbeat/in_live") == [f'/backbeat/in_live siiis "{job["job"]}" 3 1 {len(hits)} ""']

                client.send("/backbeat/to_live", job["job"], 1, 4)
                wait_for("the second clip", lambda: len(client.heard("/backbeat/in_live")) == 2, within_s=20)
                assert in_words(live.clip(0, 3)) == hits

            command = [sys.executable, "-m", "backbeat", "to-live", job["job"], "--config", str(daemon.config)]
            shell = subprocess.run(
                [*command, "--track", "Kit", "--fire"], capture_output=True, text=True, timeout=60, check=False
            )
            assert (shell.returncode, shell.stderr) == (0, "")
            assert shell.stdout == f"Backbeat: loop: {len(hits)} notes on track 4 (Kit), slot 1.\n"
            wait_for("the clip is fired", lambda: live.clip(3, 0).fired == 1, within_s=5)

            live.__exit__(None, None, None)
            answer = daemon.ask("/backbeat/to_live", job["job"], within_s=20)
            assert answer[:2] == ["/backbeat/error", "/backbeat/to_live"]
            assert "does not answer" in str(answer[2])
            assert daemon.pongs()
            assert [job["state"] for job in daemon.job_list()] == ["done"]
            shell = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert shell.returncode == 1
            assert "Start Live" in shell.stderr
        finally:
            daemon.close()
