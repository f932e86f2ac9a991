"""FluidSynth plays our MIDI files: after ten minutes without a click its strokes are still where the drummer's were."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.drifting_drummer import CHANGING, Drummer, drummer
from tests.fluidsynth_player import SOUND_FONT, FloatArray, beginnings_s, nearest_errors_s, played_by_fluidsynth

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import Score
from backbeat.values import FOUR_FOUR

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav")


@pytest.fixture(scope="module")
def fluidsynth(need_program: Callable[..., str]) -> str:
    if not SOUND_FONT.is_file():
        reason = f"{SOUND_FONT} (Debian: fluid-soundfont-gm) is not installed"
        if os.environ.get("CI"):
            pytest.fail(f"{reason}, and CI must not skip these tests")
        pytest.skip(reason)
    return need_program("fluidsynth")


def scored(played: Drummer) -> Score:
    return hits_to_score(played.hits, played.grid, title="song", duration_s=played.duration_s)


def errors_ms(fluidsynth: str, data: bytes, wanted_s: FloatArray, folder: Path) -> FloatArray:
    """Of what FluidSynth plays, for each wanted time; NaN where there is no stroke."""
    midi = folder / "song.mid"
    midi.write_bytes(data)
    found_s = beginnings_s(played_by_fluidsynth(fluidsynth, midi, folder / "song.wav"))
    return nearest_errors_s(wanted_s, found_s) * 1000


def check_ten_minutes(error_ms: FloatArray, strokes: int) -> None:
    """Every stroke is there; all are late by the few milliseconds that the sounds take to begin, and at no time later."""
    assert len(error_ms) > 2000
    assert strokes == len(error_ms)
    assert not np.isnan(error_ms).any()
    assert np.median(error_ms) == pytest.approx(2.5, abs=4)
    assert np.percentile(np.abs(error_ms - np.median(error_ms)), 95) < 5
    assert np.abs(error_ms).max() < 10


def test_the_steady_file_stays_with_the_recording_for_ten_minutes(fluidsynth: str, tmp_path: Path) -> None:
    played = drummer(duration_s=600, start_s=0.37)
    data = score_to_midi(scored(played), STYLE, tempo_bpm=97.3, meter=FOUR_FOUR)
    wanted_s = np.unique(played.hits.time_s)
    check_ten_minutes(errors_ms(fluidsynth, data, wanted_s, tmp_path), len(wanted_s))


def test_the_file_with_a_tempo_map_stays_with_the_recording_for_ten_minutes(fluidsynth: str, tmp_path: Path) -> None:
    played = drummer(duration_s=600, start_s=0.37, meters=CHANGING)
    wanted_s = np.unique(played.hits.time_s)
    check_ten_minutes(errors_ms(fluidsynth, score_to_tempomap_midi(scored(played), STYLE), wanted_s, tmp_path), len(wanted_s))


def test_wholly_quantised_strokes_are_on_the_places_between_the_bar_lines_that_were_played(
    fluidsynth: str, tmp_path: Path
) -> None:
    played = drummer(duration_s=60)
    score = scored(played)
    places_s = np.unique(
        [
            score.bars[note.bar].start_s + float(note.sounding / 4) * (score.bars[note.bar].end_s - score.bars[note.bar].start_s)
            for note in score.notes
        ]
    )
    assert {note.sounding * 2 % 1 for note in score.notes} == {Fraction(0)}  # eighth notes
    error_ms = errors_ms(fluidsynth, score_to_tempomap_midi(score, replace(STYLE, quantize=100)), places_s, tmp_path)
    assert not np.isnan(error_ms).any()
    assert np.abs(error_ms).max() < 10
