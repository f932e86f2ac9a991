"""How well a beat engine finds beats, bars and meters where the answer is known.

    python tests/benchmarks/beats_synthetic.py [--engine net] [--bank FOLDER] [--each] [--stated right|120]
    python tests/benchmarks/beats_synthetic.py --reliable

Plays the rhythms of `tests/rhythms.py` (meters, swing, ramps, half and double time) with synthetic sounds or, with --bank, on the
four kits that nothing is trained on. Prints one row for each kind: F-measures of beats and downbeats (mir_eval, 70 ms), how often
the meter and the octave of the tempo are right, and the speed. With --stated the file states its tempo, or 120 BPM
although it has another.

--reliable: how often a grid is right (beats F above 0.85, in any octave) by its confidence: the same rhythms up to 30 ms loose,
with strokes left out, in noise, 5 to 30 s long, and `tests/beatless.py`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mir_eval
import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY)]

from tests.beatless import BEATLESS  # noqa: E402
from tests.rhythms import RATE_HZ, RHYTHMS, FloatArray, Played, Rhythm, play, synthesise  # noqa: E402

from backbeat.engines.protocols import BeatHint, EngineOptions  # noqa: E402
from backbeat.engines.registry import ENGINES, EngineKind, open_beat_engine  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.pipeline.audio_to_beats import audio_to_beats  # noqa: E402

NAMES = [info.name for info in ENGINES if info.kind is EngineKind.BEATS]
Sound = Callable[[Played, int], FloatArray]
BANDS = (0.0, 0.25, 0.5, 0.7, 0.85, 1.01)
RIGHT_F = 0.85


class NoModels:
    """Beat engines bring their own."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


def kit_sound(bank: Path) -> Sound:
    """Plays on the held-out kits of a bank, in turns."""
    from backbeat.training.playing.performance import play as play_kit  # noqa: PLC0415
    from backbeat.training.playing.strokes import Stroke  # noqa: PLC0415
    from backbeat.training.sounds.bank import VALIDATION, load_bank  # noqa: PLC0415 - only with --bank
    from backbeat.training.sounds.kit import draw_kit  # noqa: PLC0415
    from backbeat.values import Instrument  # noqa: PLC0415

    sounds = load_bank(bank, VALIDATION)
    instruments = {
        "k": Instrument.KICK,
        "s": Instrument.SNARE,
        "h": Instrument.HIHAT_CLOSED,
        "r": Instrument.RIDE,
        "c": Instrument.CRASH,
        "t": Instrument.TOM_LOW,
    }

    def sound(played: Played, seed: int) -> FloatArray:
        rng = np.random.default_rng(seed)
        strokes = [Stroke(time_s, instruments[letter], int(level * 125)) for time_s, letter, level in played.strokes]
        samples = round(played.duration_s * RATE_HZ)
        tracks = play_kit(rng, draw_kit(rng, sounds), strokes, start_s=0.0, samples=samples).tracks
        total = np.sum(list(tracks.values()), axis=0)
        return (0.5 * total / np.abs(total).max()).astype(np.float32)

    return sound


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=NAMES, action="append", help="default: net")
    parser.add_argument("--bank", type=Path, help="drum bank whose held-out kits are played")
    parser.add_argument("--each", action="store_true", help="a row for each rhythm, too")
    parser.add_argument("--stated", choices=("right", "120"), help="the tempo that the file states")
    parser.add_argument("--reliable", action="store_true", help="how far the confidence can be believed, instead")
    chosen = parser.parse_args()
    sound: Sound = kit_sound(chosen.bank) if chosen.bank else synthesise
    for name in chosen.engine or ["net"]:
        if chosen.reliable:
            measure_reliability(name)
        else:
            measure(name, sound, each=chosen.each, stated=chosen.stated)


def stated_bpm(rhythm: Rhythm, stated: str | None) -> float | None:
    return None if stated is None else rhythm.bpm if stated == "right" else float(stated)


def is_same_tempo(rhythm: Rhythm, stated: str | None) -> bool:
    octaves = np.log2((stated_bpm(rhythm, stated) or rhythm.bpm) / rhythm.bpm)
    return stated == "120" and abs(octaves - round(octaves)) < 0.1


def measure(name: str, sound: Sound, *, each: bool, stated: str | None) -> None:
    engine = open_beat_engine(name, EngineOptions(), NoModels())
    rows: dict[str, list[tuple[float, ...]]] = {}
    for seed, rhythm in enumerate(RHYTHMS):
        if is_same_tempo(rhythm, stated):
            continue
        played = play(rhythm, seed)
        hint = BeatHint(stated_bpm=stated_bpm(rhythm, stated))
        samples = sound(played, seed)
        started_s = time.perf_counter()
        grid = audio_to_beats(samples, RATE_HZ, hint, [(name, lambda: engine)], Unwatched())
        speed = played.duration_s / (time.perf_counter() - started_s)
        heard = grid.times_s < played.duration_s
        beats_f = mir_eval.beat.f_measure(played.beats_s, grid.times_s[heard])
        downbeats_f = mir_eval.beat.f_measure(played.beats_s[played.numbers == 1], grid.times_s[heard & (grid.numbers == 1)])
        meter = Counter(map(str, grid.meters)).most_common(1)[0][0]
        right = meter == Counter(played.meters).most_common(1)[0][0]
        quarter_bpm = grid.quarter_bpm
        octave = abs(np.log2(quarter_bpm / rhythm.bpm)) < 0.3
        rows.setdefault(rhythm.kind, []).append((beats_f, downbeats_f, right, octave, speed))
        if each:
            print(
                f"{rhythm.name:24} beats {beats_f:.3f}  downbeats {downbeats_f:.3f}  {meter}  {quarter_bpm:6.1f} BPM "
                f"({rhythm.bpm:g})  confidence {grid.confidence:.2f}{' unreliable' if grid.bpm_unreliable else ''}"
            )
    print(f"{name:28} beats  downbeats  meter  octave   x real time")
    for kind, results in (*rows.items(), ("ALL", [row for some in rows.values() for row in some])):
        beats_f, downbeats_f, right, octave, speed = np.mean(results, axis=0)
        print(f"{kind:28} {beats_f:.3f}  {downbeats_f:.3f}      {right:4.0%}   {octave:4.0%}   {speed:7.0f}")


def measure_reliability(name: str) -> None:
    engine = open_beat_engine(name, EngineOptions(), NoModels())
    rows = []
    for samples, beats_s in trials():
        grid = audio_to_beats(samples, RATE_HZ, BeatHint(), [(name, lambda: engine)], Unwatched())
        heard_s = grid.times_s[grid.times_s < len(samples) / RATE_HZ]
        rows.append((grid.confidence, grid.bpm_unreliable, octave_f(beats_s, heard_s) >= RIGHT_F, beats_s is None))
    confidence, flagged, right, beatless = map(np.array, zip(*rows, strict=True))
    print(f"{name:16} grids   right   of them without a beat")
    for low, high in pairwise(BANDS):
        say_share(f"confidence {low:.2f}-", (confidence >= low) & (confidence < high), right, beatless)
    say_share("flagged", flagged, right, beatless)
    say_share("not flagged", ~flagged, right, beatless)


def say_share(words: str, which: np.ndarray, right: np.ndarray, beatless: np.ndarray) -> None:
    share = right[which].mean() if which.any() else 0.0
    print(f"{words:16} {which.sum():5}   {share:5.0%}   {(which & beatless).sum():5}")


def octave_f(beats_s: np.ndarray | None, heard_s: np.ndarray) -> float:
    """The F-measure against the beats, every other beat or every third, whichever fits best; 0 where there is no beat."""
    if beats_s is None:
        return 0.0
    series = [beats_s, *(beats_s[first::step] for step in (2, 3) for first in range(step))]
    halves = np.interp(np.arange(2 * len(beats_s) - 1) / 2, np.arange(len(beats_s)), beats_s)
    return max(float(mir_eval.beat.f_measure(some_s, heard_s)) for some_s in (*series, halves))


def trials() -> Iterator[tuple[FloatArray, np.ndarray | None]]:
    """Recordings, and their beats."""
    random = np.random.default_rng(5)
    for repeat in range(5):
        for seed, rhythm in enumerate(RHYTHMS):
            changed = replace(rhythm, duration_s=float(random.choice([5, 8, 15, 30])), bpm=rhythm.bpm * random.uniform(0.9, 1.1))
            played = play(changed, seed + 1000 * repeat)
            loose_s, left_out, hiss = (
                random.choice([0, 0.01, 0.02, 0.03]),
                random.choice([0, 0, 0.2, 0.4]),
                random.choice([0, 0.003, 0.03]),
            )
            strokes = sorted(
                (max(time_s + random.normal(0, loose_s), 0.0), letter, level * random.uniform(0.3, 1))
                for time_s, letter, level in played.strokes
                if random.random() >= left_out
            )
            samples = synthesise(replace(played, strokes=tuple(strokes)), seed)
            yield (samples + hiss * random.standard_normal(len(samples))).astype(np.float32), played.beats_s
    for sound in BEATLESS:
        for seed in range(30):
            yield sound(np.random.default_rng(seed), float(random.choice([5, 8, 15, 30]))), None


if __name__ == "__main__":
    main()
