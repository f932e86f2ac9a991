"""A day with the daemon: bounces, messages, mistakes. One daemon serves the whole module."""

from __future__ import annotations

import json
import os
import shutil
import time
import xml.etree.ElementTree as ET
from importlib.resources import files
from pathlib import Path

import jsonschema
import mido
import numpy as np
import pytest
import soundfile as sf

DONE_WITHIN_S = 120
DAEMON_CONFIG = {"watch": "give_up_s = 1.5"}


def copy_slowly(source: Path, target: Path, *, over_s: float) -> None:
    """As a DAW writes: in pieces, with a header that is right from the start."""
    data = source.read_bytes()
    piece = max(1, len(data) // 20)
    with target.open("wb") as file:
        for start in range(0, len(data), piece):
            file.write(data[start : start + piece])
            file.flush()
            time.sleep(over_s / 20)


def jobs_of(running, path: Path) -> list[dict]:
    return [job for job in running.job_list() if Path(job["path"]) == path]


def test_a_slow_bounce_becomes_one_job_with_midi_notation_and_json(running, client, shared, wait_for):
    recording = shared / "eval" / "dev" / "drum" / "Rock.flac"
    bounce = running.bounces / "Rock.flac"
    client.subscribe()
    copy_slowly(recording, bounce, over_s=3)
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)

    (job,) = jobs_of(running, bounce)
    assert job["state"] == "done"
    assert client.heard("/backbeat/accepted")
    assert {line.split('"')[3] for line in client.heard("/backbeat/ready")} == {"midi", "tempomap", "musicxml", "json"}
    stages = {line.split('"')[3] for line in client.heard("/backbeat/progress")}
    assert {"read", "separate", "beats", "hits", "midi", "notation"} <= stages

    result = json.loads((running.bounces / "Rock.drums.json").read_bytes())
    schema = json.loads(files("backbeat.outputs").joinpath("result.schema.json").read_text("utf-8"))
    jsonschema.validate(result, schema)
    notes = [m for m in mido.MidiFile(running.bounces / "Rock.drums.mid") if m.type == "note_on" and m.velocity > 0]
    assert len(notes) == len(result["hits"]) > 60
    assert {m.channel for m in notes} == {9}
    written = ET.parse(running.bounces / "Rock.drums.musicxml").iter("note")
    assert sum(note.find("rest") is None for note in written) == len(notes)
    assert not [path.name for path in running.bounces.iterdir() if path.name.endswith(".part")]


def test_a_file_in_the_inbox_is_done_when_a_script_asks_for_it(running, client, drum_loop_wav, wait_for):
    path = running.inbox / "asked.wav"
    shutil.copy(drum_loop_wav, path)
    client.subscribe()
    client.send("/backbeat/transcribe", str(path), "host_bpm", "96", "preset", "general-midi")
    (line,) = wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    assert str(running.inbox / "asked.drums.mid") in line
    tempo = next(m.tempo for m in mido.MidiFile(running.inbox / "asked.drums.mid") if m.type == "set_tempo")
    assert tempo == 625_000, "the host's 96 BPM"


def test_the_same_again_is_announced_at_once_and_missing_files_are_made_again(running, client, drum_loop_wav, wait_for):
    path = running.inbox / "again.wav"
    shutil.copy(drum_loop_wav, path)
    client.subscribe()
    client.send("/backbeat/transcribe", str(path))
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    (job,) = jobs_of(running, path)
    client.send("/backbeat/transcribe", str(path))
    wait_for("done again", lambda: len(client.heard("/backbeat/done")) == 2, within_s=5)
    (same,) = jobs_of(running, path)
    assert (same["job"], same["attempts"]) == (job["job"], job["attempts"])

    midi = running.inbox / "again.drums.mid"
    midi.unlink()
    client.send("/backbeat/transcribe", str(path))
    wait_for("the MIDI is back", midi.exists, within_s=DONE_WITHIN_S)


@pytest.mark.parametrize("how", ["outside", "symlink", "dots", "missing", "folder"])
def test_only_files_under_the_roots_are_taken_over_osc(running, client, tmp_path, drum_loop_wav, wait_for, how):
    secret = tmp_path / "secret.wav"
    shutil.copy(drum_loop_wav, secret)
    link = running.inbox / "link.wav"
    link.unlink(missing_ok=True)
    link.symlink_to(secret)
    path = {
        "outside": secret,
        "symlink": link,
        "dots": running.inbox / ".." / ".." / secret.name,
        "missing": running.inbox / "nothing.wav",
        "folder": running.inbox,
    }[how]
    client.subscribe()
    before = running.job_list()
    answer = running.ask("/backbeat/transcribe", str(path))
    assert answer[0] == "/backbeat/error"
    assert "/backbeat/transcribe" in answer[1]
    assert len(running.job_list()) == len(before)
    assert not list(tmp_path.glob("secret.drums*"))


def test_a_bounce_over_an_old_name_supersedes_the_job_that_runs(running, client, shared, drum_loop_wav, wait_for):
    bounce = running.bounces / "take.flac"
    client.subscribe()
    shutil.copy(shared / "eval" / "dev" / "drum" / "Britpop.flac", bounce)
    wait_for("it runs", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "running"], within_s=60)
    samples, rate = sf.read(drum_loop_wav)
    sf.write(bounce, samples, rate)
    wait_for("the new one is done", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "done"], within_s=DONE_WITHIN_S)
    assert sorted(job["state"] for job in jobs_of(running, bounce)) == ["done", "superseded"]
    result = json.loads((running.bounces / "take.drums.json").read_bytes())
    assert result["duration_seconds"] == pytest.approx(len(samples) / rate, abs=0.01)


def test_a_running_job_is_cancelled_over_osc_within_two_seconds(running, client, shared, wait_for):
    bounce = running.inbox / "cancel_me.flac"
    shutil.copy(shared / "eval" / "dev" / "drum" / "Shadows.flac", bounce)
    client.subscribe()
    client.send("/backbeat/transcribe", str(bounce))
    (job,) = wait_for("it runs", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "running"], within_s=60)
    client.send("/backbeat/cancel", job["job"])
    wait_for("cancelled", lambda: client.heard("/backbeat/cancelled"), within_s=10)
    assert jobs_of(running, bounce)[0]["state"] == "cancelled"
    assert not (running.inbox / "cancel_me.drums.json").exists()


def test_a_running_job_is_cancelled_from_the_command_line(running, shared, wait_for):
    bounce = running.bounces / "cancel_too.flac"
    shutil.copy(shared / "eval" / "dev" / "drum" / "Shadows.flac", bounce)
    (job,) = wait_for("it runs", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "running"], within_s=60)
    assert running.jobs("cancel", job["job"]).returncode == 0
    wait_for("cancelled", lambda: jobs_of(running, bounce)[0]["state"] == "cancelled", within_s=10)


def test_bad_bounces_become_failed_jobs_and_the_daemon_goes_on(running, drum_loop_wav, wait_for):
    (running.bounces / "letter.wav").write_text("Dear drummer,\n" * 100)
    whole = drum_loop_wav.read_bytes()
    (running.bounces / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (running.bounces / "empty.wav").touch()
    for name, code in (("letter.wav", "unreadable"), ("cut.wav", "truncated"), ("empty.wav", "unreadable")):
        path = running.bounces / name
        (job,) = wait_for(f"{name} has failed", lambda path=path: jobs_of(running, path), within_s=30)
        assert (job["state"], job["error"]["code"]) == ("failed", code)
        assert job["error"]["advice"]
    assert running.ask("/backbeat/ping")[0] == "/backbeat/pong"


def test_malformed_packets_and_a_flood_do_no_harm(running, wait_for):
    for packet in (b"", b"\0", b"/backbeat", b"#bundle\0" + b"\xff" * 40, os.urandom(8000), b"/x\0\0,ssss\0\0\0"):
        running.send_raw(packet)
    for _ in range(3000):
        running.send_raw(b"/backbeat/ping\0\0,\0\0\0")
    wait_for("it still answers", running.pongs, within_s=20)


def test_hits_are_played_over_osc(running, client, drum_loop_wav, wait_for):
    path = running.inbox / "play.wav"
    shutil.copy(drum_loop_wav, path)
    client.subscribe()
    client.send("/backbeat/transcribe", str(path))
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    job = jobs_of(running, path)[0]["job"]
    client.send("/backbeat/play", job)
    wait_for("hits", lambda: client.heard("/backbeat/hit"), within_s=10)
    client.send("/backbeat/stop")
    heard = len(client.heard("/backbeat/hit"))
    result = json.loads((running.inbox / "play.drums.json").read_bytes())
    assert heard < len(result["hits"])


def test_silence_gives_an_empty_part_and_not_a_failure(running, wait_for):
    bounce = running.bounces / "silence.wav"
    sf.write(bounce, np.zeros(44_100 * 3, np.float32), 44_100)
    wait_for("done", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "done"], within_s=DONE_WITHIN_S)
    assert json.loads((running.bounces / "silence.drums.json").read_bytes())["hits"] == []
    assert not [m for m in mido.MidiFile(running.bounces / "silence.drums.mid") if m.type == "note_on"]


def test_our_own_stem_is_not_taken_for_a_bounce_but_a_users_file_of_that_name_is(running, client, drum_loop_wav, wait_for):
    """`song.drums.wav` is a legitimate name: the store tells whose it is."""
    bounce = running.bounces / "stemmed.wav"
    shutil.copy(drum_loop_wav, bounce)
    wait_for("done", lambda: [j for j in jobs_of(running, bounce) if j["state"] == "done"], within_s=DONE_WITHIN_S)
    client.subscribe()
    client.send("/backbeat/transcribe", str(bounce), "keep_stem", "true")
    stem = running.bounces / "stemmed.drums.wav"
    wait_for("done", lambda: client.heard("/backbeat/done"), within_s=DONE_WITHIN_S)
    assert stem.exists()
    # Whatever lands after it is taken after it: once that is done, the stem would have been taken too.
    later = running.bounces / "later.wav"
    samples, rate = sf.read(drum_loop_wav)
    sf.write(later, samples * 0.5, rate)
    wait_for(
        "the later one is done", lambda: [j for j in jobs_of(running, later) if j["state"] == "done"], within_s=DONE_WITHIN_S
    )
    assert jobs_of(running, stem) == []
    sf.write(stem, samples * 0.25, rate)
    wait_for("the user's is done", lambda: [j for j in jobs_of(running, stem) if j["state"] == "done"], within_s=DONE_WITHIN_S)
    assert (running.bounces / "stemmed.drums.drums.mid").exists()
