"""MuseScore imports our MIDI files: the same bars, meters and notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.drifting_drummer import CHANGING, Drummer, drummer
from tests.musescore_importer import MuseScoreImport, imported_by_musescore

from backbeat.outputs.midi.style import MidiStyle
from backbeat.outputs.note_map import load_note_map
from backbeat.outputs.score_to_midi import score_to_midi, score_to_tempomap_midi
from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import Score
from backbeat.values import FOUR_FOUR, MidiLayout

STYLE = MidiStyle(notes=load_note_map("general-midi").notes, source="song.wav", quantize=100)


@pytest.fixture(scope="module")
def musescore(need_program: Callable[..., str]) -> str:
    return need_program("musescore3", "mscore3", "musescore")


def imported(musescore: str, data: bytes, folder: Path) -> MuseScoreImport:
    midi = folder / "song.mid"
    midi.write_bytes(data)
    return imported_by_musescore(musescore, midi, folder)


def scored(played: Drummer) -> Score:
    return hits_to_score(played.hits, played.grid, title="song", duration_s=played.duration_s)


def written(score: Score, *, after: int = 0) -> list[tuple[int, Fraction, int]]:
    """The score's notes as MuseScore tells them, `after` bars of silence."""
    return sorted((note.bar + after, note.position, STYLE.notes[note.instrument]) for note in score.notes)


def test_bars_meters_and_notes_of_a_drummer_without_a_click_are_those_of_the_score(musescore: str, tmp_path: Path) -> None:
    score = scored(drummer(duration_s=60, meters=CHANGING))
    found = imported(musescore, score_to_tempomap_midi(score, STYLE), tmp_path)
    assert [(bar.meter, bar.length) for bar in found.bars] == [(str(bar.meter), bar.length) for bar in score.bars]
    assert list(found.notes) == written(score)


def test_true_times_have_the_same_bars_and_as_many_strokes_of_each_drum_in_each(musescore: str, tmp_path: Path) -> None:
    score = scored(drummer(duration_s=60, meters=CHANGING))
    found = imported(musescore, score_to_tempomap_midi(score, replace(STYLE, quantize=0)), tmp_path)
    assert [(bar.meter, bar.length) for bar in found.bars] == [(str(bar.meter), bar.length) for bar in score.bars]
    assert Counter((bar, note) for bar, _, note in found.notes) == Counter((bar, note) for bar, _, note in written(score))


def test_a_silence_before_the_first_downbeat_is_a_bar_of_its_own(musescore: str, tmp_path: Path) -> None:
    score = scored(drummer(duration_s=20, start_s=0.37))
    found = imported(musescore, score_to_tempomap_midi(score, STYLE), tmp_path)
    assert [bar.length for bar in found.bars] == [Fraction(1), *(bar.length for bar in score.bars)]
    assert list(found.notes) == written(score, after=1)


def test_a_drummer_with_a_click_has_the_same_score_in_the_steady_file(musescore: str, tmp_path: Path) -> None:
    score = scored(drummer(duration_s=60, drift=0))
    found = imported(musescore, score_to_midi(score, STYLE, tempo_bpm=112, meter=FOUR_FOUR), tmp_path)
    assert {(bar.meter, bar.length) for bar in found.bars} == {("4/4", Fraction(4))}
    assert len(found.bars) == len(score.bars)
    assert list(found.notes) == written(score)


@pytest.mark.parametrize(
    ("layout", "parts"), [(MidiLayout.DRUMS, 1), (MidiLayout.TYPE_0, 1), (MidiLayout.INSTRUMENTS, 14)], ids=str
)
def test_no_stroke_of_any_drum_is_lost_in_any_layout(
    musescore: str, tmp_path: Path, groove: Score, layout: MidiLayout, parts: int
) -> None:
    found = imported(musescore, score_to_tempomap_midi(groove, replace(STYLE, layout=layout)), tmp_path)
    assert Counter(note for _, _, note in found.notes) == Counter(STYLE.notes[note.instrument] for note in groove.notes)
    assert len(found.parts) == parts


def test_a_lead_in_is_empty_bars_before_the_same_music(musescore: str, tmp_path: Path) -> None:
    score = scored(drummer(duration_s=20))
    found = imported(musescore, score_to_tempomap_midi(score, replace(STYLE, lead_in=2)), tmp_path)
    assert len(found.bars) == len(score.bars) + 2
    assert list(found.notes) == written(score, after=2)
