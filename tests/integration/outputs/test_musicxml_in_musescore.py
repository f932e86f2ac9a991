"""MuseScore is the judge of our MusicXML: what it plays back is what was in the score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.drum_scores import page_of_everything
from tests.musescore_player import Played, differences, played_by_musescore, wanted_of
from tests.score_rhythms import PHRASES, play_phrase

from backbeat.pipeline.hits_to_score import hits_to_score
from backbeat.records import BeatGrid, Hit, Role, Score, hits_from_rows
from backbeat.values import FOUR_FOUR, Instrument

RECORDINGS = ("80sRock", "Britpop", "Reggae", "Rock", "Rockabilly", "Shadows", "Zeppelin")
LABELS = {
    "KD": Instrument.KICK,
    "SD": Instrument.SNARE,
    "SDG": Instrument.SNARE,
    "SDNS": Instrument.SNARE,
    "SST": Instrument.SIDE_STICK,
    "CHH": Instrument.HIHAT_CLOSED,
    "OHH": Instrument.HIHAT_OPEN,
    "PHH": Instrument.HIHAT_PEDAL,
    "HFT": Instrument.TOM_LOW,
    "LFT": Instrument.TOM_LOW,
    "MHT": Instrument.TOM_HIGH,
    "HIT": Instrument.TOM_HIGH,
    "LMT": Instrument.TOM_MID,
    "RDC": Instrument.RIDE,
    "RDB": Instrument.RIDE_BELL,
    "CRC": Instrument.CRASH,
    "CHC": Instrument.CHINA,
    "SPC": Instrument.SPLASH,
}  # fmt: skip - a table


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


def phrase_scores() -> dict[str, Score]:
    """Of each kind of the synthetic suite the last phrase, played 5 ms loose."""
    last = {phrase.kind: phrase for phrase in PHRASES}
    scores = {}
    for kind, phrase in last.items():
        known = play_phrase(replace(phrase, count=6), loose_ms=5)
        name = "".join(letter if letter.isalnum() else "_" for letter in kind)
        scores[name] = hits_to_score(known.hits, known.grid, title=phrase.name, duration_s=known.duration_s)
    return scores


def check(scores: dict[str, Score], played: dict[str, list[Played]]) -> None:
    found = {name: differences(wanted_of(score), played[name]) for name, score in scores.items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.fixture(scope="module")
def musescore(need_program: Callable[..., str]) -> str:
    return need_program("musescore3", "mscore3", "mscore")


def test_every_drum_and_every_sign_comes_back(groove: Score, tmp_path: Path, musescore: str) -> None:
    scores = {"groove": groove, "everything": page_of_everything()}
    assert {note.instrument for note in groove.notes} == set(Instrument)
    assert {note.role for note in scores["everything"].notes} == set(Role)
    check(scores, played_by_musescore(scores, tmp_path, musescore))


def test_real_performances_come_back(shared: Path, tmp_path: Path, musescore: str) -> None:
    scores = {name: annotated_score(shared, name) for name in RECORDINGS}
    assert min(len(score.notes) for score in scores.values()) > 50
    check(scores, played_by_musescore(scores, tmp_path, musescore))


def test_the_synthetic_suite_comes_back(tmp_path: Path, musescore: str) -> None:
    scores = phrase_scores()
    written = [note for score in scores.values() for note in score.notes]
    assert {bar.meter.beats / bar.meter.unit for score in scores.values() for bar in score.bars} >= {1, 3 / 4, 5 / 4, 7 / 8}
    assert {note.role for note in written} == set(Role)
    assert any(score.feel.is_swung for score in scores.values())
    check(scores, played_by_musescore(scores, tmp_path, musescore))


def test_a_note_that_is_lost_late_or_too_loud_would_be_found(groove: Score) -> None:
    wanted = wanted_of(groove)
    played = [note.played for note in wanted]
    assert differences(wanted, played) == []
    assert len(differences(wanted, played[1:])) == 1
    for changed in (replace(played[0], at=played[0].at + 0.2), replace(played[0], velocity=played[0].velocity + 3)):
        assert len(differences(wanted, [changed, *played[1:]])) == 2
    assert differences(wanted, [*played, played[0]]) == [f"not wanted: {played[0]}"]
