"""The sensitivity of a finished job is changed in the running daemon."""

from __future__ import annotations

import json
import shutil

import mido

DONE_WITHIN_S = 240


def test_a_finished_job_is_picked_again_after_its_recording_is_gone(running, client, drum_loop_wav, wait_for):
    path = running.inbox / "pick.wav"
    shutil.copy(drum_loop_wav, path)

    def done(count: int) -> dict:
        wait_for("done", lambda: len(client.heard("/backbeat/done")) == count, within_s=DONE_WITHIN_S)
        return json.loads(path.with_name("pick.drums.json").read_bytes())

    client.subscribe()
    client.send("/backbeat/transcribe", str(path), "engine", "net", "beats", "none", "bpm", "120")
    first = done(1)
    (job,) = running.job_list()
    path.unlink()

    client.send("/backbeat/repick", job["job"], "sensitivity", "0")
    fewer = done(2)
    assert 0 < len(fewer["hits"]) < len(first["hits"])
    assert fewer["settings"]["sensitivity"] == "0"
    assert set(fewer["timings"]) == {"midi", "notation"}, "nothing was read and nothing was heard"
    notes = [m for m in mido.MidiFile(path.with_name("pick.drums.mid")) if m.type == "note_on" and m.velocity > 0]
    assert len(notes) == len(fewer["hits"])

    client.send("/backbeat/repick", job["job"], "sensitivity", "50")
    assert done(3)["hits"] == first["hits"]
    assert len(running.job_list()) == 2, "the first job is found again"

    answer = running.ask("/backbeat/repick", job["job"], "bpm", "93")
    assert answer[:2] == ["/backbeat/error", "/backbeat/repick"]
