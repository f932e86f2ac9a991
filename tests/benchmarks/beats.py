"""How well and how fast each beat engine finds beats and downbeats on real recordings.

    python tests/benchmarks/beats.py [--engine madmom] [--part drum] [--bpm-known] [--stated BPM]

Needs the shared folder beside the repository: eval/dev/{drum,mix} and eval/dev/ref_beats. Prints one row for each
recording and the means: F-measure of beats and of downbeats (mir_eval, 70 ms, the whole recording), the tempo found and
its confidence, and how many seconds of audio are done in a second. Grids are compared as the pipeline hands them on,
extended over the recording, without the beat after its end.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import mir_eval
import numpy as np
import soundfile

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

from backbeat.engines.protocols import BeatHint, EngineOptions  # noqa: E402
from backbeat.engines.registry import ENGINES, EngineKind, open_beat_engine  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.pipeline.audio_to_beats import audio_to_beats  # noqa: E402
from backbeat.pipeline.beat_grid import tempo_of_beats  # noqa: E402

DEV = REPOSITORY.parent / "shared" / "eval" / "dev"
NAMES = [info.name for info in ENGINES if info.kind is EngineKind.BEATS]


class NoModels:
    """Beat engines bring their own."""

    def path(self, name: str) -> Path:
        raise FileNotFoundError(name)

    folder = path


def f_measure(reference_s: np.ndarray, found_s: np.ndarray) -> float:
    return float(mir_eval.beat.f_measure(reference_s, found_s))


def measure(engine_name: str, part: str, *, bpm_known: bool, stated_bpm: float | None) -> None:
    engine = open_beat_engine(engine_name, EngineOptions(), NoModels())
    rows = []
    for path in sorted((DEV / part).glob("*.flac")):
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        reference = np.loadtxt(DEV / "ref_beats" / f"{path.stem}.beats")
        hint = BeatHint(bpm=tempo_of_beats(reference[:, 0]) if bpm_known else None, stated_bpm=stated_bpm)
        mono = samples.mean(axis=1, dtype=np.float32)
        if not rows:
            engine.beats(mono[: 5 * rate_hz], rate_hz, hint, Unwatched())  # what is loaded or compiled on first use
        started_s = time.perf_counter()
        grid = audio_to_beats(mono, rate_hz, hint, [(engine_name, lambda: engine)], Unwatched())
        speed = len(mono) / rate_hz / (time.perf_counter() - started_s)
        heard = grid.times_s < len(mono) / rate_hz
        beats_f = f_measure(reference[:, 0], grid.times_s[heard])
        downbeats_f = f_measure(reference[reference[:, 1] == 1, 0], grid.times_s[heard & (grid.numbers == 1)])
        rows.append((beats_f, downbeats_f, speed))
        flag = " unreliable" if grid.bpm_unreliable else ""
        print(
            f"{engine_name:8} {part:5} {path.stem:12} beats {beats_f:.3f}  downbeats {downbeats_f:.3f}  "
            f"{grid.tempo_bpm:6.2f} BPM ({tempo_of_beats(reference[:, 0]):6.2f})  "
            f"confidence {grid.confidence:.2f}{flag}  {speed:5.1f} x real time"
        )
    beats_f, downbeats_f, speed = np.mean(rows, axis=0)
    print(f"{engine_name:8} {part:5} {'MEAN':12} beats {beats_f:.3f}  downbeats {downbeats_f:.3f}  {speed:5.1f} x real time\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=NAMES, action="append", help="default: all")
    parser.add_argument("--part", choices=("drum", "mix"), action="append", help="default: both")
    parser.add_argument("--bpm-known", action="store_true", help="give the engines the reference's tempo")
    parser.add_argument("--stated", type=float, metavar="BPM", help="give them this as the tempo that the file states")
    chosen = parser.parse_args()
    if not DEV.is_dir():
        parser.exit(1, "The shared folder with real recordings is not beside the repository.\n")
    for engine_name in chosen.engine or NAMES:
        for part in chosen.part or ("drum", "mix"):
            measure(engine_name, part, bpm_known=chosen.bpm_known, stated_bpm=chosen.stated)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
