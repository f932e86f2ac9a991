"""How fast the built-in recogniser is, and how much memory it takes, on a four-minute drum stem.

    python tests/benchmarks/speed_net.py [--recording FILE] [--minutes 4]

Reads the file, computes features, runs the network, picks strokes: everything between a bounce and its hits but the beats.
Prints the time to import and to load, seconds of audio per second of three runs, and the peak of memory. By default the
recording is a track of the shared folder beside the repository, repeated.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))
ROCK = REPOSITORY.parent / "shared" / "eval" / "dev" / "drum" / "Rock.flac"
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recording", type=Path, default=ROCK)
    parser.add_argument("--minutes", type=float, default=4.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(repeated(args.recording, args.minutes, Path(folder)))


def repeated(recording: Path, minutes: float, folder: Path) -> Path:
    """A mono WAV file of that length."""
    import numpy as np  # noqa: PLC0415
    import soundfile as sf  # noqa: PLC0415

    samples, rate_hz = sf.read(recording, dtype="float32", always_2d=True)
    path = folder / "long.wav"
    sf.write(path, np.resize(samples.mean(axis=1), int(minutes * 60 * rate_hz)), rate_hz)
    return path


def measure(path: Path) -> None:
    started_s = time.perf_counter()
    from backbeat.engines.net import open_files  # noqa: PLC0415 - its import is part of what is measured
    from backbeat.monitor import Unwatched  # noqa: PLC0415
    from backbeat.training.evaluate import NO_BEATS, read_stem  # noqa: PLC0415

    imported_s = time.perf_counter()
    engine = open_files()
    loaded_s = time.perf_counter()
    print(f"import {imported_s - started_s:.2f} s, load {loaded_s - imported_s:.3f} s")
    for _ in range(RUNS):
        begun_s = time.perf_counter()
        stem = read_stem(path)
        hits = engine.hits(stem, NO_BEATS, Unwatched())
        took_s = time.perf_counter() - begun_s
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        speed = stem.duration_s / took_s
        print(f"{stem.duration_s:.0f} s in {took_s:.2f} s: {speed:.0f} times, {len(hits)} hits, peak {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
