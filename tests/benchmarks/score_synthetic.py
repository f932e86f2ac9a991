"""How well hits become notation where the notation is known.

    python tests/benchmarks/score_synthetic.py [--loose MS] [--seeds N] [--each]

Plays the phrases of `tests/score_rhythms.py` with strokes 0, 5 and 10 ms (standard deviation) beside their places, and quantises
them on the true beats; on beats that are 5 ms loose and 12 ms late, which are first moved to the onsets as in a job; and on
those with 5 % of the strokes missing and 3 % that nobody played, at random times. Prints one row for each kind: the share of
strokes that are written where they belong, of beats in which all of them are, the share of phrases that are rightly called
straight, swung in eighths or swung in sixteenths, the median and the largest error of their swing ratio, and F-measures of grace
notes, of the strokes of rolls and of ghost notes (or +n: so many where there are none). The last line is the speed on a track of
ten minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY / "tests")]

from backbeat.pipeline.grid_to_onsets import grid_to_onsets  # noqa: E402
from backbeat.pipeline.hits_to_score import hits_to_score  # noqa: E402
from backbeat.records import BeatGrid, Role, Score  # noqa: E402
from score_rhythms import FUNK, PHRASES, Known, Phrase, blurred, misheard, play_phrase  # noqa: E402

ROLLED = (Role.ROLL, Role.ROLLED)


@dataclass
class Counts:
    """Right, wrong and missing hits of one role."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    def add(self, true: bool, found: bool) -> None:
        self.right += true and found
        self.wrong += found and not true
        self.missing += true and not found

    def __str__(self) -> str:
        if self.right + self.missing == 0:
            return f"+{self.wrong}" if self.wrong else "-"
        return f"{2 * self.right / (2 * self.right + self.wrong + self.missing):.3f}"


@dataclass
class Tally:
    """What is counted over the phrases of a kind."""

    places: list[bool] = field(default_factory=list)
    beats: list[bool] = field(default_factory=list)
    feels: list[bool] = field(default_factory=list)
    ratio_errors: list[float] = field(default_factory=list)
    graces: Counts = field(default_factory=Counts)
    rolls: Counts = field(default_factory=Counts)
    ghosts: Counts = field(default_factory=Counts)

    def row(self) -> str:
        errors = f"{np.median(self.ratio_errors):.2f} {np.max(self.ratio_errors):.2f}" if self.ratio_errors else "-"
        marks = "".join(f"{counts!s:>8}" for counts in (self.graces, self.rolls, self.ghosts))
        return f"{np.mean(self.places):>8.3f}{np.mean(self.beats):>8.3f}{np.mean(self.feels):>7.2f}{errors:>11}{marks}"


def compare(known: Known, score: Score, phrase: Phrase, tally: Tally) -> None:
    """Add one score, note by note."""
    beats: dict[tuple[int, int], bool] = {}
    for truth, note in zip(known.truths, score.notes, strict=True):
        tally.graces.add(truth.role is Role.GRACE, note.role is Role.GRACE)
        tally.rolls.add(truth.role is Role.ROLLED, note.role in ROLLED)
        tally.ghosts.add(truth.is_ghost, note.is_ghost)
        if truth.position is not None:
            right = (score.bars[note.bar].number - 1, note.position) == (truth.bar, truth.position)
            tally.places.append(right)
            beat = (truth.bar, int(truth.position * phrase.meter.unit / 4))
            beats[beat] = beats.get(beat, True) and right
    tally.beats += beats.values()
    unit = phrase.swing_unit if phrase.swing > 1 else 0
    tally.feels.append(score.feel.swing_unit == unit)
    if unit and score.feel.swing_unit == unit:
        tally.ratio_errors.append(abs(score.feel.swing_ratio - phrase.swing))


def measure(phrases: Iterable[Phrase], loose_ms: float, *, tracked: bool, heard: bool, seeds: Sequence[int]) -> dict[str, Tally]:
    tallies: dict[str, Tally] = {}
    for phrase in phrases:
        for seed in seeds:
            known = play_phrase(phrase, loose_ms=loose_ms, seed=seed)
            known = misheard(known, seed=seed) if heard else known
            grid = grid_to_onsets(blurred(known.grid, seed=seed), known.hits).grid if tracked else known.grid
            score = hits_to_score(known.hits, grid, title="known", duration_s=known.duration_s)
            compare(known, score, phrase, tallies.setdefault(phrase.kind, Tally()))
    return tallies


def speed() -> tuple[int, float]:
    """Hits, and seconds of one core, of ten minutes of sixteenths at 130 BPM."""
    known = play_phrase(Phrase(name="long", kind="speed", bars=(FUNK,), bpm=130, count=325), loose_ms=8.0)
    started_s = time.process_time()
    grid: BeatGrid = grid_to_onsets(known.grid, known.hits).grid
    hits_to_score(known.hits, grid, title="long", duration_s=known.duration_s)
    return len(known.hits), time.process_time() - started_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loose", type=float, action="append", help="milliseconds; default: 0, 5 and 10")
    parser.add_argument("--seeds", type=int, default=2, help="how often each phrase is played; default: 2")
    parser.add_argument("--each", action="store_true", help="a row for each phrase")
    chosen = parser.parse_args()
    phrases = [Phrase(**{**vars(phrase), "kind": phrase.name}) for phrase in PHRASES] if chosen.each else PHRASES
    for tracked, heard, how in (
        (False, False, "true beats"),
        (True, False, "beats 5 ms loose and 12 ms late"),
        (True, True, "beats 5 ms loose and 12 ms late, 5 % missing, 3 % false"),
    ):
        for loose_ms in chosen.loose or (0.0, 5.0, 10.0):
            print(f"\nstrokes {loose_ms:g} ms loose, {how}")
            print(f"{'':26}{'places':>8}{'beats':>8}{'feel':>7}{'ratio':>11}{'graces':>8}{'rolls':>8}{'ghosts':>8}")
            for kind, tally in measure(phrases, loose_ms, tracked=tracked, heard=heard, seeds=range(chosen.seeds)).items():
                print(f"{kind:26}{tally.row()}", flush=True)
    speed()  # what is cached on first use
    hits, seconds = speed()
    print(f"\nten minutes, {hits} hits: {seconds:.2f} s of one core")


if __name__ == "__main__":
    main()
