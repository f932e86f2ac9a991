"""Ardour imports our MIDI files with their tempo maps: bar lines and strokes lie on its timeline where they were played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.ardour_importer import ArdourImport, imported_by_ardour
from tests.ardour_program import PROGRAMS
from tests.drifting_drummer import CHANGING, Drummer, drummer

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import Score
from backbeat.values import FOUR_FOUR, MidiLayout

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav")


@pytest.fixture(scope="module", autouse=True)
def _ardour(need_program: Callable[..., str]) -> None:
    for program in PROGRAMS:
        need_program(program)


def scored(played: Drummer) -> Score:
    return hits_to_score(played.hits, played.grid, title="song", duration_s=played.duration_s)


def imported(data: bytes, folder: Path) -> ArdourImport:
    midi = folder / "song.mid"
    midi.write_bytes(data)
    (folder / "ardour").mkdir()
    return imported_by_ardour(midi, folder / "ardour")


def check_strokes(found: ArdourImport, played: Drummer, *, within_s: float) -> None:
    """The same strokes with the same velocities at the same times."""
    heard = sorted((STYLE.notes[hit.instrument], hit.time_s, hit.velocity) for hit in played.hits)
    there = sorted((note, time_s, velocity) for time_s, _, note, velocity in found.notes)
    assert [(note, velocity) for note, _, velocity in there] == [(note, velocity) for note, _, velocity in heard]
    assert [time_s for _, time_s, _ in there] == pytest.approx([time_s for _, time_s, _ in heard], abs=within_s)


def test_bar_lines_and_strokes_stay_with_the_recording_for_ten_minutes(tmp_path: Path) -> None:
    played = drummer(duration_s=600, start_s=0.37)
    found = imported(score_to_tempomap_midi(scored(played), STYLE), tmp_path)
    bars_s = np.array([time_s for time_s, _ in found.bars[1 : len(played.bars_s) + 1]])
    assert len(bars_s) > 270
    assert np.abs(bars_s - played.bars_s).max() < 0.001
    assert {meter for _, meter in found.bars[1:]} == {"4/4"}
    check_strokes(found, played, within_s=0.001)


def test_meters_are_those_of_the_score(tmp_path: Path) -> None:
    """Ardour 7 puts tempos on the nearest quarter note, and bars of 7/8 end between two: it strays, but does not drift."""
    played = drummer(duration_s=120, meters=CHANGING)
    found = imported(score_to_tempomap_midi(scored(played), STYLE), tmp_path)
    bars = len(played.grid.meters)
    assert [meter for _, meter in found.bars[:bars]] == [str(meter) for meter in played.grid.meters]
    assert [time_s for time_s, _ in found.bars[:bars]] == pytest.approx(played.bars_s[:bars], abs=0.020)
    check_strokes(found, played, within_s=0.020)


def test_the_steady_file_has_a_track_for_each_drum_and_their_strokes_at_their_times(tmp_path: Path) -> None:
    played = drummer(duration_s=600, start_s=0.37)
    style = replace(STYLE, layout=MidiLayout.INSTRUMENTS)
    found = imported(score_to_midi(scored(played), style, tempo_bpm=97.3, meter=FOUR_FOUR), tmp_path)
    assert len(found.tracks) == 4
    for name in ("Kick", "Snare", "Tom low", "Hihat closed"):
        assert any(name in track for track in found.tracks)
    check_strokes(found, played, within_s=0.002)
