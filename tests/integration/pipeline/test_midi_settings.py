"""A whole job on the command line: what is set about MIDI is what the files are like."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import mido
import pytest


def transcribed(recording: Path, out: Path, *options: str) -> dict[str, mido.MidiFile]:
    """Both files of one job, by suffix."""
    command = [
        sys.executable,
        "-m",
        "backbeat",
        "transcribe",
        "--pdf",
        "none",
        "--separation",
        "none",
        "--out",
        str(out),
        *options,
    ]
    environment = {**os.environ, "BACKBEAT_JOBS_DATA_FOLDER": str(out.parent / "data")}
    subprocess.run([*command, str(recording)], check=True, timeout=120, capture_output=True, env=environment)
    base = out / f"{recording.stem}.drums"
    return {suffix: mido.MidiFile(f"{base}{suffix}", charset="utf-8") for suffix in (".mid", ".tempomap.mid")}


def strokes(file: mido.MidiFile) -> list[tuple[float, int, int]]:
    """Seconds from the start of the file, note and velocity, as a player plays them."""
    now_s, found = 0.0, []
    for message in file:
        now_s += message.time
        if message.type == "note_on":
            found.append((now_s, message.note, message.velocity))
    return found


def test_layout_lead_in_and_velocity_curve_of_a_job_are_in_its_files(drum_loop_wav: Path, tmp_path: Path) -> None:
    plain = transcribed(drum_loop_wav, tmp_path / "plain")
    options = ("--midi-layout", "instruments", "--lead-in", "2", "--velocity-curve", "fixed 100", "--host-bpm", "120")
    styled = transcribed(drum_loop_wav, tmp_path / "styled", *options)
    hits = json.loads((tmp_path / "plain" / "loop.drums.json").read_text())["hits"]
    assert len(hits) > 20
    for file in plain.values():
        assert (file.type, len(file.tracks)) == (1, 2)
        assert [time_s for time_s, *_ in strokes(file)] == pytest.approx([hit["time"] for hit in hits], abs=0.001)
        assert {velocity for *_, velocity in strokes(file)} == {hit["midi_velocity"] for hit in hits}
    for file in styled.values():
        assert [track.name for track in file.tracks[1:]] == ["Kick", "Snare", "Hihat closed"]
        assert {velocity for *_, velocity in strokes(file)} == {100}
    lead_in_s = 2 * 4 * 60 / 120
    assert strokes(styled[".mid"])[0][0] == pytest.approx(lead_in_s + hits[0]["time"], abs=0.001)


def test_type_0_and_full_quantising_put_all_on_the_grid_in_one_track(drum_loop_wav: Path, tmp_path: Path) -> None:
    files = transcribed(drum_loop_wav, tmp_path / "out", "--midi-layout", "type-0", "--quantize", "100")
    assert [(file.type, len(file.tracks)) for file in files.values()] == [(0, 1), (0, 1)]
    now, sixteenth = 0, files[".tempomap.mid"].ticks_per_beat // 4
    ticks = []
    for message in files[".tempomap.mid"].tracks[0]:
        now += message.time
        if message.type == "note_on":
            ticks.append(now)
    assert len(ticks) > 20
    assert {tick % sixteenth for tick in ticks} == {0}
