"""MuseScore is the judge of our MusicXML: what it plays back is what was in the score."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import mido
import numpy as np
import pytest

from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_musicxml import score_to_musicxml
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import BeatGrid, Hit, Score, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument

LABELS = {
    "KD": Instrument.KICK,
    "SD": Instrument.SNARE,
    "SDG": Instrument.SNARE,
    "SDNS": Instrument.SNARE,
    "SST": Instrument.SIDE_STICK,
    "CHH": Instrument.HIHAT_CLOSED,
    "OHH": Instrument.HIHAT_OPEN,
    "PHH": Instrument.HIHAT_PEDAL,
    "RDC": Instrument.RIDE,
    "RDB": Instrument.RIDE_BELL,
    "CRC": Instrument.CRASH,
    "CHC": Instrument.CHINA,
}  # fmt: skip - a table


def played_by_musescore(score: Score, folder: Path, musescore: str) -> list[tuple[float, int, int]]:
    """Beat, note and velocity of every note that MuseScore puts into a MIDI file of the score, sorted."""
    source, midi = folder / "in.musicxml", folder / "out.mid"
    source.write_bytes(score_to_musicxml(score))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = [musescore, "-o", str(midi), str(source)]
    subprocess.run(command, env=environment, check=True, timeout=120, capture_output=True)
    file = mido.MidiFile(midi)
    notes = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                assert message.channel == 9
                notes.append((round(tick / file.ticks_per_beat, 3), message.note, message.velocity))
    return sorted(notes)


def in_score(score: Score) -> list[tuple[float, int, int]]:
    notes = load_note_map("general-midi").notes
    starts = [sum((bar.length for bar in score.bars[:n]), Fraction(0)) for n in range(len(score.bars))]
    return sorted((round(float(starts[n.bar] + n.position), 3), notes[n.instrument], n.velocity) for n in score.notes)


def annotated_score(shared: Path, name: str) -> Score:
    """A real performance: the reference annotation of a recording as perfect hits on a perfect grid."""
    dev = shared / "eval" / "dev"
    rows = [line.split() for line in (dev / "ref_subclass" / f"{name}.txt").read_text().splitlines()]
    hits = [Hit(float(time), LABELS[label], 60 + n % 60, 1.0) for n, (time, label) in enumerate(rows) if label in LABELS]
    beats = np.loadtxt(dev / "ref_beats" / f"{name}.beats")
    numbers = beats[:, 1].astype(np.int64)
    bars = int((numbers == 1).sum() + (numbers[0] != 1))
    grid = BeatGrid(
        times_s=beats[:, 0],
        numbers=numbers,
        meters=(FOUR_FOUR,) * bars,
        tempo_bpm=float(60 / np.median(np.diff(beats[:, 0]))),
        confidence=1.0,
        bpm_unreliable=False,
        engine="reference",
    )
    return hits_to_score(hits_from_rows(hits, engine="reference"), grid, title=name, duration_s=float(beats[-1, 0]))


@pytest.fixture(scope="module")
def musescore(need_program: Callable[..., str]) -> str:
    return need_program("musescore3", "mscore3", "mscore")


def test_the_groove_with_every_drum_comes_back(groove: Score, tmp_path: Path, musescore: str) -> None:
    assert {note.instrument for note in groove.notes} == set(Instrument)
    assert played_by_musescore(groove, tmp_path, musescore) == in_score(groove)


@pytest.mark.parametrize("name", ["Britpop", "Reggae", "Zeppelin"])
def test_a_real_performance_comes_back(shared: Path, name: str, tmp_path: Path, musescore: str) -> None:
    score = annotated_score(shared, name)
    assert len(score.notes) > 50
    assert played_by_musescore(score, tmp_path, musescore) == in_score(score)
