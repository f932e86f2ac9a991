"""How long `backbeat plot` takes, how much memory it needs and how large its files are.

    python tests/benchmarks/picture_speed.py [--minutes 4 10 60] [--runs 3]

The recording is the demo loop again and again (44.1 kHz, 16 bits), and the result names its strokes, so that nothing is
transcribed. Each picture is drawn by a process of its own, from start to end, Python and matplotlib included: median of the clock
and of processor time (on a machine that does other things too, the clock says little), and the peak memory as the system
counts it. The last line is a first picture ever, for which matplotlib looks for the system's fonts.
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
from statistics import median

import numpy as np
import soundfile

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "daemon"))

from backbeat.demo_loop import BARS, BEATS_PER_BAR, LEAD_IN_S, TEMPO_BPM, demo_audio, demo_strokes  # noqa: E402
from backbeat.intake.fingerprint import fingerprint  # noqa: E402
from backbeat.monitor import Unwatched  # noqa: E402
from backbeat.values import Picture  # noqa: E402

BEAT_S = 60.0 / TEMPO_BPM
LOOP_S = BARS * BEATS_PER_BAR * BEAT_S


@dataclass(frozen=True, kw_only=True)
class Run:
    """One process: seconds by the clock and of processor time, MiB at the most."""

    clock_s: float
    processor_s: float
    peak_mib: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, nargs="+", default=[4, 10, 60])
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("minutes  hits   format  clock s  processor s  peak MiB  file MB")
        for minutes in args.minutes:
            result, hits = make_result(folder, minutes)
            for picture in (Picture.PNG, Picture.SVG):
                out = folder / f"picture.{picture}"
                runs = [plot(result, out) for _ in range(args.runs)]
                clock_s, processor_s = (median(run.clock_s for run in runs), median(run.processor_s for run in runs))
                peak_mib, size_mb = max(run.peak_mib for run in runs), out.stat().st_size / 1e6
                row = (
                    f"{minutes:7g}  {hits:5d}  {picture:6}  {clock_s:7.1f}  {processor_s:11.1f}  {peak_mib:8.0f}  {size_mb:7.1f}"
                )
                print(row)
        result, _ = make_result(folder, 0.2)
        first = plot(result, folder / "first.png", environ={"MPLCONFIGDIR": str(folder / "matplotlib")})
        print(f"first picture ever, 12 s of sound: {first.clock_s:.1f} s, {first.processor_s:.1f} s of processor time")


def make_result(folder: Path, minutes: float) -> tuple[Path, int]:
    """A recording of that length and its result; also how many hits it has."""
    samples, rate_hz = demo_audio()
    loop = samples[: round(LOOP_S * rate_hz)]
    length_s = 60.0 * minutes
    recording, result = folder / f"loop_{minutes:g}.wav", folder / f"loop_{minutes:g}.drums.json"
    with soundfile.SoundFile(recording, "w", rate_hz, 1, "PCM_16") as file:
        for _ in range(int(length_s / LOOP_S)):
            file.write(loop)
        file.write(loop[: round(length_s % LOOP_S * rate_hz)])
    times_s = [(n * LOOP_S, stroke) for n in range(int(length_s / LOOP_S) + 1) for stroke in demo_strokes()]
    rng = np.random.default_rng(0)
    hits = [
        {
            "time": start_s + stroke.time_s,
            "instrument": stroke.instrument,
            "midi_velocity": max(1, round(127 * stroke.velocity)),
            "confidence": round(float(rng.uniform(0.3, 1.0)), 4),
        }
        for start_s, stroke in times_s
        if start_s + stroke.time_s < length_s
    ]
    beats_s = [LEAD_IN_S + n * BEAT_S for n in range(int((length_s - LEAD_IN_S) / BEAT_S))]
    document = {
        "schema_version": 1,
        "source": str(recording),
        "fingerprint": fingerprint(recording, Unwatched()),
        "engine": "demo",
        "meter": "4/4",
        "detected_bpm": TEMPO_BPM,
        "bpm_unreliable": False,
        "duration_seconds": length_s,
        "confidence_score": 0.65,
        "low_confidence": False,
        "beats": [{"time": time_s, "beat": n % 4 + 1} for n, time_s in enumerate(beats_s)],
        "bars": [{"bar": n + 1, "time": time_s, "meter": "4/4"} for n, time_s in enumerate(beats_s[::4])],
        "hits": hits,
    }
    result.write_text(json.dumps(document), "utf-8")
    return result, len(hits)


def plot(result: Path, out: Path, environ: dict[str, str] | None = None) -> Run:
    """Draw it in another process."""
    command = [sys.executable, "-m", "backbeat", "plot", str(result), "--out", str(out)]
    started_s = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(REPOSITORY / "daemon")} | (environ or {})
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    clock_s = time.perf_counter() - started_s
    return Run(clock_s=clock_s, processor_s=used.ru_utime + used.ru_stime, peak_mib=used.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
