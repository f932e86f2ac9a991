"""Accuracy, speed and memory of `backbeat transcribe` on real recordings: the figures in the README come from here.

    uv run --all-extras python tests/benchmarks/recordings.py            # the seven recordings, stems and mixes
    uv run --all-extras python tests/benchmarks/recordings.py --noise 60 # an hour of noise: is memory bounded?

Needs the shared folder with recordings beside the checkout. Each line is one command in a process of its own, with a
fresh cache. Speed is the recordings' length over the time the stages took; cold start is the rest of the process's time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
RATE_HZ = 44_100
ENGINES = {"drum": ("annoteator seed", "annoteator tuned", "net"), "mix": ("net",)}
"""What is measured on stems and on full mixes; AnNOTEator's network was made for stems only."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One process: what it said of each recording, its wall time and its peak memory."""

    lines: list[dict]
    wall_s: float
    peak_mb: float


def transcribe(recordings: list[Path], out: Path, *options: str) -> Run:
    """Run `backbeat transcribe --json` with a cache of its own and measure it."""
    environment = {
        **os.environ,
        "BACKBEAT_JOBS_DATA_FOLDER": str(out / "data"),
        "MODEL_URI": (SHARED / "models/annoteator/complete_network.h5").as_uri(),
    }
    command = [sys.executable, "-m", "backbeat", "transcribe", "--json", "--pdf", "none", "--out", str(out), *options]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen([*command, *map(str, recordings)], stdout=said, stderr=complaints, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        said.seek(0)
        complaints.seek(0)
        if status:
            raise SystemExit(complaints.read().decode())
        lines = [json.loads(line) for line in said.read().splitlines()]
    return Run(lines=lines, wall_s=wall_s, peak_mb=usage.ru_maxrss / 1024)


def seconds_of(recordings: list[Path]) -> float:
    return sum(sf.info(path).duration for path in recordings)


def stage_s(run: Run) -> dict[str, float]:
    """Seconds in each stage, all recordings together."""
    totals: dict[str, float] = {}
    for line in run.lines:
        for stage, took_s in line["timings_s"].items():
            totals[stage] = totals.get(stage, 0.0) + took_s
    return totals


def score(references: Path, answers: Path) -> dict:
    """The shared scorer's figures for a folder of MIDI files."""
    command = [sys.executable, str(SHARED / "eval/score.py"), str(references), str(answers)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def row(name: str, found: dict, run: Run | None = None, audio_s: float = 0.0) -> None:
    classes = "  ".join(f"{found['per_class'][c]:.3f}" for c in ("KD", "SD", "HH", "CY"))
    line = f"{name:34}  F {found['F']:.3f}  P {found['P']:.3f}  R {found['R']:.3f}  | {classes}"
    if run:
        stages = stage_s(run)
        busy_s = sum(stages.values())
        detail = "  ".join(f"{stage} {audio_s / max(took, 1e-3):.0f}x" for stage, took in stages.items())
        line += f"\n{'':36}{audio_s / busy_s:.1f} s of audio per s ({detail}); "
        line += f"cold start {run.wall_s - busy_s:.1f} s; peak {run.peak_mb:.0f} MB"
    print(line, flush=True)


def accuracy(folder: str) -> None:
    recordings = sorted((SHARED / "eval/dev" / folder).glob("*.flac"))
    audio_s = seconds_of(recordings)
    references = SHARED / "eval/dev/ref"
    print(f"{len(recordings)} recordings, {audio_s:.0f} s ({folder}); classes KD SD HH CY")
    for peer in ("annoteator_stem", "adtof_stem") if folder == "drum" else ("adtof_mix",):
        row(f"peer {peer}", score(references, SHARED / "eval/peers" / peer))
    for engine in ENGINES[folder]:
        with tempfile.TemporaryDirectory() as out:
            name, *compat = engine.split()
            options = ["--engine", name, "--separation", "none"]
            if compat:  # its network hears clips whose length depends on the tempo
                options += ["--compat", *compat, "--beats", "madmom"]
            run = transcribe(recordings, Path(out), *options)
            row(engine, score(references, Path(out)), run, audio_s)


def noise(minutes: float) -> None:
    """Noise is the worst case: something happens everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "noise.wav"
        generator = np.random.default_rng(0)
        with sf.SoundFile(path, "w", RATE_HZ, 2, "PCM_16") as file:
            for _ in range(round(minutes * 60)):
                file.write(generator.normal(0, 0.1, (RATE_HZ, 2)).astype(np.float32))
        run = transcribe([path], Path(folder), "--separation", "none", "--beats", "librosa")
    busy_s = sum(stage_s(run).values())
    print(f"{minutes:g} minutes of noise: {run.lines[0]['hits']} hits in {busy_s:.0f} s, peak {run.peak_mb:.0f} MB", flush=True)


def start_times() -> None:
    """What a user waits for before anything happens; the best of five."""
    for words in (["--help"], ["jobs", "list"]):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            subprocess.run([sys.executable, "-m", "backbeat", *words], check=True, capture_output=True)
            times.append(time.perf_counter() - started)
        print(f"backbeat {' '.join(words)}: {min(times):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=float, metavar="MINUTES", help="only: that much noise")
    options = parser.parse_args()
    if options.noise:
        noise(options.noise)
        return
    start_times()
    accuracy("drum")
    accuracy("mix")


if __name__ == "__main__":
    main()
