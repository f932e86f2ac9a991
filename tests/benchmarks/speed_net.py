"""How fast the built-in engines are beside the others, and how much memory each takes, on a four-minute drum stem.

    python tests/benchmarks/speed_net.py [--recording FILE] [--minutes 4] [--cores 2] [--runs 3] [--engine hits/net]

Each engine reads the same stereo WAV file and does all of its work (features, model, picking) in a process of its own, one
after the other. Printed for each: how long its import and its loading take, seconds of audio per second (the median of the
runs, reading included), the same per second of processor time, how many times as fast the hit engine `net` is by either, and
the peak memory of the process as the system counts it. Processor time hardly depends on what else the machine
does; the clock does. By default the recording is the drum stems of the shared folder beside the repository, one after another.
An engine that is not installed is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile
from long_recording import RATE_HZ, long_recording

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

from backbeat.engines.protocols import BeatHint, EngineOptions  # noqa: E402
from backbeat.engines.registry import ENGINES, EngineKind, engine_info, open_beat_engine, open_hit_engine  # noqa: E402
from backbeat.intake.fingerprint import fingerprint  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.pipeline.beat_grid import grid_from_tempo  # noqa: E402
from backbeat.pipeline.file_to_audio import AudioLimits, file_to_audio  # noqa: E402
from backbeat.records import Audio, DrumStem  # noqa: E402
from backbeat.values import FOUR_FOUR, Compat, StemOrigin  # noqa: E402

SHARED = REPOSITORY.parent / "shared"
REFERENCE = "hits/net"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recording", type=Path, help="default: the shared drum stems, one after another")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--cores", type=int, default=2, help="how many the engines may use (Linux)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--engine", action="append", help=f"default: all, which are {', '.join(engine_names())}")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.engine[0], args.measure, args.runs)))
        return
    names = [REFERENCE, *(name for name in args.engine or engine_names() if name != REFERENCE)]
    cores = limit_cores(args.cores)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        soundfile.write(path, long_recording(args.recording, args.minutes), RATE_HZ, subtype="PCM_24")  # as DAWs bounce
        print(f"{args.minutes:g} minutes of stereo at {RATE_HZ / 1000:g} kHz, {cores} cores, median of {args.runs} runs")
        print(f"others' load on the machine before: {os.getloadavg()[0]:.1f}")
        show(in_own_process(name, path, args.runs) for name in names)


def engine_names() -> list[str]:
    hits = [f"hits/{info.name}" for info in ENGINES if info.kind is EngineKind.HITS and info.name != "annoteator"]
    beats = [f"beats/{info.name}" for info in ENGINES if info.kind is EngineKind.BEATS]
    return [*hits, *(f"hits/annoteator:{compat}" for compat in Compat), *beats]


def limit_cores(wanted: int) -> int:
    """Bind this process and those that it starts to so many cores; returns how many there are."""
    if not hasattr(os, "sched_setaffinity"):
        return os.cpu_count() or 1
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:wanted])
    return len(os.sched_getaffinity(0))


def in_own_process(name: str, path: Path, runs: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--engine", name, "--measure", str(path), "--runs", str(runs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return {"engine": name, "problem": (done.stderr.strip().splitlines() or ["it ended without an answer"])[-1]}
    row: dict[str, Any] = json.loads(lines[-1])
    return row


def show(rows: Iterable[dict[str, Any]]) -> None:
    """Print each row as it comes; the first is the one that the others are compared with."""
    print(f"\n{'':24} {'':8} {'':9} {'seconds of audio per second':^27} {'net is faster':^17}")
    print(f"{'engine':24} {'import':>8} {'load':>9} {'clock':>13} {'processor':>13} {'clock':>8} {'proc.':>8} {'peak':>9}")
    net: dict[str, Any] = {}
    for row in rows:
        if "problem" in row:
            print(f"{row['engine']:24} not measured: {row['problem']}", flush=True)
            continue
        net = net or row
        times = f"{row['import_s']:6.2f} s {row['load_s']:7.3f} s {row['speed']:13.0f} {row['processor_speed']:13.0f}"
        ratios = [f"{net[key] / row[key]:7.1f}x" for key in ("speed", "processor_speed")]
        print(f"{row['engine']:24} {times} {' '.join(ratios)} {row['peak_mb']:6.0f} MB", flush=True)


def measure(name: str, path: Path, runs: int) -> dict[str, Any]:
    """For a process of its own: open the engine and let it work `runs` times on `path`."""
    kind, _, engine_name = name.partition("/")
    engine_name, _, compat = engine_name.partition(":")
    started_s = time.perf_counter()
    import_module(engine_info(engine_name, EngineKind(kind)).module)
    imported_s = time.perf_counter()
    work = WORKS[EngineKind(kind)](engine_name, EngineOptions(compat=Compat(compat or Compat.TUNED)))
    loaded_s = time.perf_counter()
    content = fingerprint(path, Unwatched())  # the daemon takes it before the job begins
    beginning = first_seconds(path)
    clock_s, processor_s = [], []
    for _ in range(runs):
        work(beginning)  # what is loaded or compiled on first use, and nothing of the last run is remembered
        begun_s, begun_processor_s = time.perf_counter(), time.process_time()
        duration_s = listen(work, path, content)
        clock_s.append(time.perf_counter() - begun_s)
        processor_s.append(time.process_time() - begun_processor_s)
    return {
        "engine": name,
        "import_s": imported_s - started_s,
        "load_s": loaded_s - imported_s,
        "speed": duration_s / median(clock_s),
        "processor_speed": duration_s / median(processor_s),
        "peak_mb": peak_bytes() / 1_000_000,
    }


def listen(work: Callable[[Audio], object], path: Path, content: str) -> float:
    """Read the recording and let the engine work on it; returns the recording's length in seconds."""
    limits = AudioLimits(max_minutes=180)
    audio = file_to_audio(path, fingerprint=content, channels=1, limits=limits, monitor=Unwatched())
    work(audio)
    return audio.duration_s


def peak_bytes() -> int:
    """The most memory that this process ever had. Linux's `ru_maxrss` would begin with that of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM:"))


def first_seconds(path: Path) -> Audio:
    samples = soundfile.read(path, frames=5 * RATE_HZ, dtype="float32", always_2d=True)[0].mean(axis=1)
    return Audio(samples=samples[np.newaxis], sample_rate_hz=RATE_HZ, path=path, fingerprint="")


def hits_work(name: str, options: EngineOptions) -> Callable[[Audio], object]:
    engine = open_hit_engine(name, options, SharedModels())

    def work(audio: Audio) -> object:
        stem = DrumStem(samples=audio.mono(), sample_rate_hz=audio.sample_rate_hz, origin=StemOrigin.GIVEN, reason="benchmark")
        grid = grid_from_tempo(  # beats are the other engines' business
            120.0, FOUR_FOUR, first_beat_s=0.0, duration_s=audio.duration_s, confidence=1.0, bpm_unreliable=False, engine="given"
        )
        return engine.hits(stem, grid, Unwatched())

    return work


def beats_work(name: str, options: EngineOptions) -> Callable[[Audio], object]:
    engine = open_beat_engine(name, options, SharedModels())
    return lambda audio: engine.beats(audio.mono(), audio.sample_rate_hz, BeatHint(), Unwatched())


WORKS = {EngineKind.HITS: hits_work, EngineKind.BEATS: beats_work}


class SharedModels:
    """Model files from the shared folder."""

    net_weights = None  # those of the package

    def path(self, name: str) -> Path:
        return SHARED / "models" / name / "complete_network.h5"

    def folder(self, name: str) -> Path:
        return SHARED / "models" / name


if __name__ == "__main__":
    main()
