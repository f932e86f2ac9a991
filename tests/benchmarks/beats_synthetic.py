"""How well a beat engine finds beats, bars and meters where the answer is known.

    python tests/benchmarks/beats_synthetic.py [--engine net] [--bank FOLDER] [--each]

Plays the rhythms of `tests/rhythms.py` (meters, swing, ramps, half and double time) with synthetic sounds or, with --bank, on the
four kits that nothing is trained on. Prints one row for each kind: F-measures of beats and downbeats (mir_eval, 70 ms), how often
the meter and the octave of the tempo are right, and the speed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import mir_eval
import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "daemon"), str(REPOSITORY / "tests")]

from backbeat.engines.protocols import BeatHint, EngineOptions  # noqa: E402
from backbeat.engines.registry import ENGINES, EngineKind, open_beat_engine  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.pipeline.audio_to_beats import audio_to_beats  # noqa: E402
from rhythms import RATE_HZ, RHYTHMS, FloatArray, Played, play, synthesise  # noqa: E402

NAMES = [info.name for info in ENGINES if info.kind is EngineKind.BEATS]
Sound = Callable[[Played, int], FloatArray]


class NoModels:
    """Beat engines bring their own."""

    net_weights = None

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


def kit_sound(bank: Path) -> Sound:
    """Plays on the held-out kits of a bank, in turns."""
    from backbeat.training.bank import VALIDATION, load_bank  # noqa: PLC0415 - only with --bank
    from backbeat.training.kit import draw_kit  # noqa: PLC0415
    from backbeat.training.performance import play as play_kit  # noqa: PLC0415
    from backbeat.training.strokes import Stroke  # noqa: PLC0415
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
    chosen = parser.parse_args()
    sound: Sound = kit_sound(chosen.bank) if chosen.bank else synthesise
    for name in chosen.engine or ["net"]:
        measure(name, sound, each=chosen.each)


def measure(name: str, sound: Sound, *, each: bool) -> None:
    engine = open_beat_engine(name, EngineOptions(), NoModels())
    rows: dict[str, list[tuple[float, ...]]] = {}
    for seed, rhythm in enumerate(RHYTHMS):
        played = play(rhythm, seed)
        samples = sound(played, seed)
        started_s = time.perf_counter()
        grid = audio_to_beats(samples, RATE_HZ, BeatHint(), [(name, lambda: engine)], Unwatched())
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


if __name__ == "__main__":
    main()
